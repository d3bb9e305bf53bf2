"""Standard deviations of fused maps, and draws of maps as they might be."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.signals import scan

from .fusing import LINES, stacked


@pytest.fixture(scope="module")
def with_errors(fuse):
    return fuse(uncertainty=True)


def test_standard_deviations_come_with_the_maps(with_errors, usual):
    maps, _, output = with_errors
    np.testing.assert_array_equal(stacked(maps), stacked(usual[0]))
    assert "standard_deviations" not in usual[2]
    for fused, error, line in zip(maps, output["standard_deviations"], LINES, strict=True):
        kept = fused.metadata.Multimodal_fusion.standard_deviation
        np.testing.assert_array_equal(kept, error.data)
        assert error.data.shape == (32, 32)
        assert error.data.min() >= 0 and 0 < error.data.mean() < fused.data.mean()
        assert error.metadata.Sample.xray_lines == [line]
        assert error.metadata.General.title.endswith(", standard deviation")
        assert type(error) is type(fused)


def test_draws_spread_about_the_maps_by_the_standard_deviations(with_errors, usual):
    maps, _, output = with_errors
    draws = np.array([stacked(draw) for draw in output["draws"]])
    assert "draws" not in usual[2]
    assert len(draws) == output["error_draws"] == 30
    np.testing.assert_allclose(draws.mean(axis=0), stacked(maps), atol=1e-4)
    variances = np.square(draws - stacked(maps)).mean(axis=(0, 2, 3))
    stated = np.square(stacked(output["standard_deviations"])).mean(axis=(1, 2))
    np.testing.assert_allclose(variances, stated, rtol=0.02)
    first = output["draws"][0]
    assert [each.metadata.Sample.xray_lines for each in first] == [[line] for line in LINES]
    assert first[0].metadata.General.title.endswith(", draw 1")
    assert first[0].axes_manager[0].scale == maps[0].axes_manager[0].scale


def test_totals_of_draws_vary_by_calibration_and_line_weights(with_errors):
    """Totals are kept in each draw but for the noise of counts, and what all pixels share."""
    output = with_errors[2]
    totals = np.array([stacked(draw).sum(axis=(1, 2)) for draw in output["draws"]])
    shares = totals.std(axis=0) / totals.mean(axis=0)
    assert np.all(shares > 0.9 * np.array(output["common_errors"]))
    assert np.all(np.array(output["common_errors"]) > 0)


def test_the_record_holds_how_errors_were_scaled(with_errors):
    record = with_errors[0][0].metadata.Multimodal_fusion
    assert record.error_draws == 30
    assert len(record.error_ratios) == len(record.common_errors) == 3
    assert all(0.2 < ratio < 20 for ratio in record.error_ratios)


def test_standard_deviations_are_of_the_order_of_the_errors(specimen, with_errors):
    maps, _, output = with_errors
    errors = np.square(stacked(maps) - stacked(specimen.counts)).mean(axis=(1, 2))
    ratios = errors / np.square(stacked(output["standard_deviations"])).mean(axis=(1, 2))
    assert np.all((0.25 < ratios) & (ratios < 4)), ratios


def test_standard_deviations_are_in_the_counts_of_the_maps(fuse, with_errors):
    """Of a narrower window, counts and errors are less by the same factor."""
    reference = stacked(with_errors[2]["standard_deviations"]) / stacked(with_errors[0]).mean()
    maps, _, output = fuse(uncertainty=True, integration_windows=0.5)
    found = stacked(output["standard_deviations"]) / stacked(maps).mean()
    np.testing.assert_allclose(found.mean(axis=(1, 2)), reference.mean(axis=(1, 2)), rtol=0.1)


def test_standard_deviations_survive_saving(with_errors, tmp_path):
    for number, fused in enumerate(with_errors[0]):
        path = tmp_path / f"map_{number}.hspy"
        fused.save(path)
        loaded = hs.load(path)
        np.testing.assert_array_equal(loaded.data, fused.data)
        np.testing.assert_array_equal(
            loaded.metadata.Multimodal_fusion.standard_deviation,
            fused.metadata.Multimodal_fusion.standard_deviation,
        )


@pytest.mark.filterwarnings(
    "ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning"
)
def test_maps_with_standard_deviations_can_be_quantified(specimen, with_errors):
    composition = specimen.signal.quantification(
        with_errors[0], "CL", factors=specimen.kfactors, navigation_mask=None
    )
    assert len(composition) == 3
    assert hs.stack(with_errors[0]).data.shape == (3, 32, 32)


def test_seed_sets_the_standard_deviations(fuse, with_errors, monkeypatch):
    monkeypatch.setattr(scan, "drawn_maps", lambda *_: [])  # 30 signals for each map
    again, other = (fuse(uncertainty=True, seed=seed)[2] for seed in (0, 1))
    reference = stacked(with_errors[2]["standard_deviations"])
    np.testing.assert_array_equal(stacked(again["standard_deviations"]), reference)
    assert np.any(stacked(other["standard_deviations"]) != reference)
