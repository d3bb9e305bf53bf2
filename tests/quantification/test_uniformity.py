"""Regions whose composition varies are named, and others are not."""

import numpy as np
import pytest

from hyperspy_multimodal import composition
from hyperspy_multimodal.data import core_shell, flat, wedge

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


@pytest.mark.parametrize("counts", [1, 10, 100, 1000])
def test_a_uniform_film_is(counts):
    found = remarks_of(flat(SHAPE, counts=counts), {"all": WHOLE})
    assert not found.remarks["all"]


@pytest.mark.parametrize("seed", range(3))
def test_regions_that_are_found_in_particles_are_uniform(seed):
    found = remarks_of(core_shell(SHAPE, counts=100, seed=seed), None)
    assert len(found.regions) > 1
    assert not any(found.remarks.values())


def test_small_regions_are_not_judged():
    small = np.zeros(SHAPE, bool)
    small[10:14, 10:14] = True
    assert not remarks_of(wedge(SHAPE, counts=300), {"small": small}).remarks["small"]
