"""Regions whose composition varies are named, and others are not."""

import re

import numpy as np
import pytest

from hyperspy_multimodal import composition
from hyperspy_multimodal.data import core_shell, flat, wedge
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen

SHAPE = 40, 48
GIVEN = {"gamma": 1, "lambdas": (0.1, 0.05), "full_output": True, "show_progressbar": False}
WHOLE = np.ones(SHAPE, bool)


def remarks_of(specimen, regions):
    maps, output = specimen.signal.multimodal_fusion(specimen.haadf, **GIVEN)
    lines = [each.metadata.Sample.xray_lines[0] for each in maps]
    kfactors = dict(zip(lines, specimen.kfactors, strict=True))
    return composition(maps, output, kfactors, regions)


@pytest.mark.parametrize("counts", [30, 300])
def test_a_wedge_is_not_uniform(counts, tmp_path):
    found = remarks_of(wedge(SHAPE, counts=counts), {"all": WHOLE})
    assert "not uniform" in found.remarks["all"]
    assert "all: not uniform" in found.table()
    assert np.isfinite(found.atomic_percent).all()
    found.to_csv(tmp_path / "composition.csv")
    assert "not uniform" in (tmp_path / "composition.csv").read_text()


def test_limits_are_percentages_and_the_region_has_that_of_the_table():
    """Half of the region has hardly any titanium, and few counts."""
    oxygen, titanium = np.full(SHAPE, 600.0), np.zeros(SHAPE)
    oxygen[:, 30:], titanium[:, 30:] = 3000.0, 1500.0
    areal = {"Ti": titanium, "O": oxygen}
    scan = simulate_specimen(areal, ["Ti_Ka", "O_Ka"], Scan(counts=30), name="film")
    found = remarks_of(scan, {"all": WHOLE})
    said = re.search(r"(\w+) varies from (\d+) to (\d+) at%.* has (\d+) at%", found.remarks["all"])
    low, high, of_region = map(int, said.groups()[1:])
    assert 0 <= low < of_region < high <= 100
    in_table = found.atomic_percent[0, found.elements.index(said[1])]
    assert of_region == round(float(in_table))


@pytest.mark.parametrize("counts", [1, 10, 100, 1000])
def test_a_uniform_film_is(counts):
    found = remarks_of(flat(SHAPE, counts=counts), {"all": WHOLE})
    assert not found.remarks["all"]


@pytest.mark.parametrize("seed", range(3))
def test_regions_that_are_found_in_particles_are_uniform(seed):
    found = remarks_of(core_shell(SHAPE, counts=100, seed=seed), None)
    assert len(found.regions) > 1
    assert not any(found.remarks.values())


def test_a_scarce_element_in_one_place_is_named_and_a_spread_one_is_not():
    particle = np.zeros(SHAPE)
    particle[16:25, 20:29] = 1.0
    said = []
    for palladium in (particle, np.full(SHAPE, particle.mean())):
        areal = {"Ti": np.full(SHAPE, 300.0), "O": np.full(SHAPE, 600.0), "Pd": 150 * palladium}
        scan = simulate_specimen(areal, ["Ti_Ka", "O_Ka", "Pd_La"], Scan(counts=5), name="film")
        said.append(remarks_of(scan, {"all": WHOLE}).remarks["all"])
    assert said[0].startswith("not uniform: Pd has ") and said[1] == ""
    row, column = re.search(r"row (\d+), column (\d+)", said[0]).groups()
    assert abs(int(row) - 20) < 4 and abs(int(column) - 24) < 4


def test_what_neighbours_add_at_the_edge_of_a_region_is_not_named():
    areal = {name: np.full(SHAPE, each) for name, each in (("Ti", 300.0), ("O", 600.0))}
    areal["Pd"] = np.zeros(SHAPE)
    areal["Pd"][:, 20:] = 100.0
    scan = simulate_specimen(areal, ["Ti_Ka", "O_Ka", "Pd_La"], Scan(counts=50), name="halves")
    left = WHOLE.copy()
    left[:, 21:] = False
    assert remarks_of(scan, {"left": left}).remarks["left"] == ""


def test_small_regions_are_not_judged():
    small = np.zeros(SHAPE, bool)
    small[10:14, 10:14] = True
    assert not remarks_of(wedge(SHAPE, counts=300), {"small": small}).remarks["small"]
