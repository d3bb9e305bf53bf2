"""Whether given maps are gross or net counts: what is said, and how their values are called."""

import logging

import pytest

from hyperspy_multimodal import composition, fuse_maps, region_sums
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.plot.panels import map_unit

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False, "full_output": True}
LINES = ["Co_Ka", "O_Ka", "S_Ka"]


@pytest.fixture(scope="module")
def specimen():
    return core_shell((24, 24), counts=20)


@pytest.fixture(scope="module")
def counts(specimen):
    """Gross counts in windows."""
    found = specimen.signal.get_lines_intensity()
    return {line: each.data for line, each in zip(LINES, found, strict=True)}


@pytest.mark.parametrize(
    ("given", "name", "may_be_gross"),
    [
        ({}, "counts", True),
        ({"gain": 1}, "counts", True),
        ({"background": 0}, "counts", True),
        ({"gain": 2}, "units of the map", True),
        ({"pedestal": 0.1}, "net counts", False),
        ({"gain": 1, "background": 0.1}, "net counts", False),
    ],
)
def test_counts_are_net_only_if_a_background_is_known_to_be_subtracted(
    specimen, counts, caplog, given, name, may_be_gross
):
    caplog.set_level(logging.INFO)
    maps, output = fuse_maps(counts, specimen.haadf, **given, **GIVEN)
    assert {map_unit(each) for each in (*maps, *output["raw_maps"])} == {output["quantity"]}
    assert output["quantity"] == name
    # once, in the first line of the summary, and in the remarks of tables
    firsts = [each.getMessage().splitlines()[0] for each in caplog.records]
    told = [each for each in firsts if "may include background" in each]
    assert [each.startswith("Maps: ") for each in told] == [True] * may_be_gross
    factors = dict.fromkeys(LINES, 1.0)
    for table in (
        region_sums(maps, output, specimen.haadf.data > 0),
        composition(maps, output, factors, specimen.haadf.data > 0),
    ):
        assert ("may include background" in str(table)) == may_be_gross


@pytest.mark.parametrize("change", [-1.0, 0.5])
def test_maps_with_negative_values_or_fractions_may_be_net(specimen, counts, caplog, change):
    caplog.set_level(logging.INFO)
    maps = {line: each + change for line, each in counts.items()}
    fuse_maps(maps, specimen.haadf, gain=1, **GIVEN)
    assert "may include background" not in caplog.text


def test_maps_of_spectra_are_net_unless_no_background_is_subtracted(specimen):
    for given, name in (
        ({}, "net counts"),
        ({"map_method": "windows"}, "net counts"),
        ({"map_method": "windows", "background_windows": None}, "counts"),
    ):
        maps, output = specimen.signal.multimodal_fusion(
            specimen.haadf, uncertainty=True, **given, **GIVEN
        )
        every = (*maps, *output["raw_maps"], *output["standard_deviations"], *output["draws"][0])
        assert {map_unit(each) for each in every} == {name}
    lazy, output = specimen.signal.as_lazy().multimodal_fusion(specimen.haadf, **given, **GIVEN)
    assert {map_unit(each) for each in (*lazy, *output["raw_maps"])} == {"counts"}


def test_of_maps_that_nothing_is_known_of_no_background_is_claimed(specimen):
    """HyperSpy sums gross counts in windows."""
    assert {map_unit(each) for each in specimen.signal.get_lines_intensity()} == {"counts"}
