"""Which elements of an EELS signal are mapped, wherever they were changed."""

import numpy as np
import pytest

from hyperspy_multimodal.eels.select_edges import onsets_on_axis

from .edge_spectra import flat, measure

HAADF = np.arange(42.0).reshape(6, 7)
DIFFERENT = "The signal contains two different lists of elements"


def fused(signal, **options):
    maps, output = signal.multimodal_fusion(
        HAADF, gamma=1, lambdas=(1, 1), map_method="windows", gain=1, full_output=True, **options
    )
    edges = [each.metadata.Sample.edges[0] for each in maps]
    return edges, [each for each in output["messages"] if DIFFERENT in each]


def with_titanium_and_oxygen():
    signal = flat(("Ti", "O"))
    signal.data = np.random.default_rng(0).poisson(signal.data)
    return signal


def test_elements_that_agree_are_not_mentioned():
    assert fused(with_titanium_and_oxygen()) == (["Ti_L3", "O_K"], [])


@pytest.mark.parametrize("elements", [["Ti"], ("Ti",), np.array(["Ti"]), "Ti", ["TI"]], ids=repr)
def test_elements_removed_from_the_metadata_are_not_mapped(elements):
    signal = with_titanium_and_oxygen()
    signal.metadata.Sample.elements = elements
    edges, [said] = fused(signal)
    assert edges == ["Ti_L3"]
    assert "s.metadata.Sample.elements = ['Ti']" in said


def test_elements_added_to_the_metadata_are_mapped():
    signal = flat(("Ti",))
    signal.data = np.random.default_rng(0).poisson(signal.data)
    signal.metadata.Sample.elements.append("O")
    edges, said = fused(signal)
    assert edges == ["Ti_L3", "O_K"] and len(said) == 1


def test_the_metadata_decide_if_only_the_elements_of_exspy_are_changed():
    signal = with_titanium_and_oxygen()
    signal.elements.remove("O")
    edges, said = fused(signal)
    assert edges == ["Ti_L3", "O_K"] and len(said) == 1


def test_elements_of_exspy_are_used_where_the_metadata_list_none():
    signal = with_titanium_and_oxygen()
    signal.metadata.Sample.elements = []
    edges, said = fused(signal)
    assert edges == ["Ti_L3", "O_K"] and len(said) == 1


def test_a_removed_element_has_no_edges_beside_those_that_are_mapped():
    signal = with_titanium_and_oxygen()
    assert "O_K" in onsets_on_axis(signal, ["Ti_L3"])
    signal.metadata.Sample.elements = ["Ti"]
    assert "O_K" not in onsets_on_axis(signal, ["Ti_L3"])


def test_edges_may_be_chosen_among_all_elements():
    signal = with_titanium_and_oxygen()
    signal.subshells.discard("O_K")
    assert measure(signal, ["O_K"]).maps.names == ["O_K"]
    assert fused(signal, edges=["O_K"]) == (["O_K"], [])
