"""How far the counts of edges depend on the energies that are fitted."""

from dataclasses import replace

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.eels import edge_fit
from hyperspy_multimodal.eels.core_loss_fit import fit_core_loss


def fitted(signal, total=None):
    """Return the fit of a summed spectrum, and the counts of its edges in their windows."""
    plan = edge_fit.plan_edge_fit(signal, None, None, None)
    total = np.asarray(signal.data.sum(axis=(0, 1)) if total is None else total, float)
    elements = [
        edge_fit._element_edges(each, plan.energy, plan.instrument) for each in plan.subshells
    ]
    inside = plan.windows_plan.inside
    fit = fit_core_loss(total, plan.energy, elements, plan.used, inside=inside)
    root = 1 / np.sqrt(np.maximum(fit.fitted[plan.used], 1))
    design = np.array([*fit.edges, fit.power_law])
    amplitudes = np.linalg.lstsq((design[:, plan.used] * root).T, total[plan.used] * root)[0]
    sums = [edge[start:stop].sum() for edge, (start, stop) in zip(fit.edges, inside, strict=False)]
    return fit, amplitudes[: len(sums)] * sums, plan


def test_spectra_that_follow_the_model_do_not_depend_on_the_range():
    scan = core_loss((16, 16), counts=200)
    fit, counts, plan = fitted(scan.signal)
    errors = np.sqrt(np.diag(fit.errors.of_windows(plan.windows_plan.inside)))
    of_ranges = np.sqrt(np.diag(fit.of_ranges))
    assert np.all(of_ranges < np.maximum(errors, 0.05 * counts))


def test_shapes_that_differ_from_the_model_widen_the_errors():
    scan = core_loss((16, 16), counts=200)
    _, counts, plan = fitted(scan.signal)
    total = scan.signal.data.sum(axis=(0, 1)).astype(float)
    # a broad bump above the last edge, such as plural scattering
    last = plan.energy[plan.windows_plan.inside[-1][1] - 1]
    bump = 0.03 * total.max() * np.exp(-np.square((plan.energy - last - 60) / 40) / 2)
    before, after = (fitted(scan.signal, total + each)[0] for each in (0, bump))
    assert np.all(np.linalg.eigvalsh(after.of_ranges) >= -1e-9 * counts.max() ** 2)
    assert np.trace(after.of_ranges) > 4 * np.trace(before.of_ranges)


def test_stated_errors_cover_the_ranges_of_a_measured_scan(shared_data, logged):
    signal = hs.load(shared_data / "CuZn_EELS.hspy")
    signal.add_elements(("Cu", "Zn"))
    fit, counts, plan = fitted(signal)
    inside = plan.windows_plan.inside
    errors = np.sqrt(np.diag(fit.errors.of_windows(inside) + fit.of_ranges))
    for start, end in ((700.0, 1300.0), (700.0, 1500.0), (820.0, 2000.0)):
        other = fitted(signal.isig[start:end])[1]
        assert np.all(np.abs(other - counts) < 2 * errors)
    assert errors[0] > 0.1 * counts[0]


def test_an_uncertain_total_is_said_and_part_of_the_covariance(shared_data, logged):
    signal = hs.load(shared_data / "CuZn_EELS.hspy")
    signal.add_elements(("Cu", "Zn"))
    maps, output = signal.multimodal_fusion(
        hs.load(shared_data / "CuZn_HAADF.hspy"), lambdas=(0.01, 0.02), full_output=True
    )
    noise = output["raw_noise"]
    share = np.sqrt(noise["common_covariance"][0, 0]) / noise["totals"]["Cu_L3"]
    assert 0.1 < share < 0.4
    [error, _] = maps[0].metadata.Multimodal_fusion.total_errors
    assert share < error / noise["totals"]["Cu_L3"] < 1.1 * share
    assert "uncertain total" in output["verdicts"][0]["because"]
    assert maps[0].metadata.Multimodal_fusion.verdict != "sound"


def test_errors_include_a_shift_at_its_limit(shared_data, logged):
    """Edges that rise slowly: repeated fits at the limit would have errors that are too small."""
    signal = hs.load(shared_data / "CuZn_EELS.hspy")
    signal.add_elements(("Cu", "Zn"))
    signal = signal.isig[830.0:1300.0]
    fit, _, plan = fitted(signal)
    assert fit.at_limit
    signal.axes_manager[-1].offset -= 8  # now the same shift is within the limit
    other, _, its_plan = fitted(signal)
    assert not other.at_limit and other.of_limit is None
    errors, its_errors = (
        np.sqrt(np.diag(each.of_windows(its.windows_plan.inside)))
        for each, its in ((fit, plan), (other, its_plan))
    )
    assert np.all(errors > 0.8 * its_errors)
    at_limit = np.sqrt(np.diag(replace(fit, of_limit=None).of_windows(plan.windows_plan.inside)))
    assert np.all(errors > at_limit) and np.any(errors > 1.05 * at_limit)


@pytest.mark.parametrize("inside", [None])
def test_without_windows_no_other_range_is_fitted(inside):
    energy = np.arange(300.0, 700.0, 2)
    fit = fit_core_loss(1e4 * (energy / 300) ** -3, energy, [], energy > 310, inside=inside)
    assert fit.of_ranges is None
