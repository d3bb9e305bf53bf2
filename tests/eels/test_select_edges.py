"""EELS edges: their choice, and what is wrong with names."""

import pytest

from .edge_spectra import flat, measure


def test_major_edges_of_the_elements_in_the_order_of_their_onsets():
    assert measure(flat(("O", "Ti", "C"))).maps.names == ["Ti_L3", "O_K"]


def test_an_edge_without_room_before_it_gives_way_to_a_higher_one():
    # Si L3 at 99 eV has no room, Si K at 1839 eV has
    signal = flat(("Si",), offset=98, scale=10, size=200)
    assert measure(signal).maps.names == ["Si_K"]
    assert measure(signal, sides=None).maps.names == ["Si_L3"]


def test_last_subshell_of_those_with_one_onset():
    assert measure(flat(("Zr",), offset=100, scale=1)).maps.names == ["Zr_M5"]


def test_order_of_given_edges_is_kept():
    assert measure(flat(None), ["O_K", "Ti_L3"]).maps.names == ["O_K", "Ti_L3"]


@pytest.mark.parametrize(
    ("edges", "error", "message"),
    [
        (["Ti_L7"], ValueError, "Ti_L2"),
        (["Tx_L3"], ValueError, "not a chemical element"),
        (["Cu_L3"], ValueError, "931"),
        (["C_K"], ValueError, "no room"),
        (["Ti_L3", "O_K", "Ti_L3"], ValueError, "repeats.*Ti_L3"),
        ([], ValueError, "at least one edge"),
        ({"Ti": "L3"}, TypeError, "list"),
        ([3], TypeError, "string"),
    ],
)
def test_bad_edges(edges, error, message):
    with pytest.raises(error, match=message):
        measure(flat(), edges)


def test_no_elements():
    with pytest.raises(ValueError, match="add_elements"):
        measure(flat(None))


def test_elements_without_an_edge_on_the_axis(logged):
    with pytest.raises(ValueError, match="None of the elements"):
        measure(flat(("Cu",)))
    assert measure(flat(("Cu", "Ti"))).maps.names == ["Ti_L3"]
    assert "Cu is left out" in logged.text
