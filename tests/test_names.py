"""Names of lines and edges."""

from hyperspy_multimodal.names import atomic_numbers


def test_atomic_numbers_are_those_of_the_elements():
    assert atomic_numbers(["Ti_Ka", "O_K", "Ti_L3"]) == [22, 8, 22]
