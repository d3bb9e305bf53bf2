"""Which lines electrons of an energy can make."""

import pytest

from hyperspy_multimodal.physics.lines import edge_energy, element_lines, is_excited


@pytest.mark.parametrize(
    ("element", "family", "edge"),
    [("O", "K", 0.543), ("Ti", "K", 4.966), ("Mo", "L", 2.520), ("Ir", "L", 11.215),
     ("Au", "M", 2.206), ("Mo", "K", 20.0)],
)  # fmt: skip
def test_edges_follow_from_the_lines_of_the_shells_beneath(element, family, edge):
    assert edge_energy(element, family) == pytest.approx(edge, rel=0.1)


def test_a_line_below_the_beam_energy_may_need_more_than_that():
    """Iridium La has 9.17 keV, and needs electrons of 11.2 keV."""
    lines = {line.name: line for line in element_lines("Ir", 0.0, 20.0)}
    assert not is_excited(lines["Ir_La"], 10.0) and is_excited(lines["Ir_Ma"], 10.0)
    assert is_excited(lines["Ir_La"], 20.0)
    assert edge_energy("O", "M") == 0.0
