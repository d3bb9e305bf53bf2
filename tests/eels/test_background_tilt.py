"""Regions whose background has another exponent than that of the scan."""

import numpy as np
import pytest
from exspy.signals import EELSSpectrum

from hyperspy_multimodal.eels.background_tilt import background_tilt
from hyperspy_multimodal.eels.edge_fit import plan_edge_fit
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.physics.hydrogenic import hydrogenic_edges
from hyperspy_multimodal.quantification import region_sums
from hyperspy_multimodal.signals.native import element_maps

ENERGY = np.arange(760.0, 1400.0, 2.0)
TITLES = ["Cu", "Zn"]


def scan(exponents, noise=True):
    """Return a scan with one exponent in its left half and one in its right, and true counts."""
    shapes = hydrogenic_edges(
        ["Cu_L3", "Zn_L3"],
        {"beam_energy": 200.0, "convergence_angle": 20.0, "collection_angle": 40.0},
    )
    edges = np.array([shape(ENERGY) for shape in shapes])
    edges *= 150 / edges.max()
    laws = [800 * (ENERGY / 931) ** -exponent for exponent in exponents]
    expected = np.repeat([law + edges.sum(axis=0) for law in laws], 6, axis=0)
    expected = np.broadcast_to(expected, (12, 12, len(ENERGY)))
    counts = np.random.default_rng(0).poisson(expected) if noise else expected
    signal = EELSSpectrum(np.array(counts))
    axis = signal.axes_manager[-1]
    axis.offset, axis.scale, axis.units = ENERGY[0], 2.0, "eV"
    signal.add_elements(("Cu", "Zn"))
    signal.set_microscope_parameters(200, 20, 40)
    plan = plan_edge_fit(signal, None, None, 1.0)
    inside = plan.windows_plan.inside
    truth = [edge[a:b].sum() for edge, (a, b) in zip(edges, inside, strict=True)]
    return signal, plan, 72 * np.array(truth)


def sums_of(signal, plan):
    """Return the `RegionSums` of both halves, and the reading."""
    reading = read_now(signal, plan)
    maps = element_maps(signal, reading.raw, plan.names, "edges", TITLES, "", {})
    halves = np.zeros((12, 12), int)
    halves[:, :6], halves[:, 6:] = 1, 2
    return region_sums(maps, {"raw_noise": reading.noise, "raw_maps": maps}, halves), reading


def test_region_errors_cover_another_slope_of_the_background():
    signal, plan, truth = scan((2.9, 3.0))
    found, reading = sums_of(signal, plan)
    off = np.abs(found.counts - truth)
    assert np.all(off[:, 1] > 5 * found.errors["counts"][:, 1])
    assert np.all(off < 1.5 * found.errors["total"])
    # as the slope is known to be another, so is what it adds: both edges have too many or too few
    correlation = found.covariances[:, 0, 1] / np.prod(found.errors["total"], axis=1)
    assert np.all(correlation > 0.5)
    # it is not an error of the whole scan
    tilt = reading.noise["background_tilt"]
    assert abs(tilt["amounts"].sum()) < 0.1 * abs(tilt["amounts"][:, :6].sum())


def test_one_slope_widens_no_errors():
    signal, plan, _ = scan((2.95, 2.95))
    found, reading = sums_of(signal, plan)
    common = np.sqrt(np.diag(reading.noise["common_covariance"]))
    shares = found.counts / found.counts.sum(axis=0)
    assert np.all(found.errors["fit"] < 1.1 * shares * common + 2 * found.errors["counts"])


@pytest.mark.parametrize("change", [-0.02, 0.02])
def test_the_effect_is_that_of_the_exponent(change):
    signal, plan, _ = scan((3.0, 3.0), noise=False)
    templates = read_now(signal, plan).templates
    tilt = background_tilt(templates, ENERGY, 2)
    one, other = (scan((each, each), noise=False)[0].data[0, 0] for each in (3.0, 3.0 + change))
    added = (templates.projection @ (other - one))[:2]
    amount = tilt.row @ (other - one)
    np.testing.assert_allclose(amount * tilt.effects, added, rtol=0.05)
    assert amount * change > 0
