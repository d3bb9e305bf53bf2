"""Errors of fused maps: those of a bootstrap, and those that the counts have scaled."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.selection import (
    DRAWS,
    FUSIONS,
    GuidedModels,
    HaadfFit,
    HaadfModel,
    Setting,
    error_draws,
    fuse_setting,
    guided_models,
)
from hyperspy_multimodal.selection.bootstrap import _rougher, bootstrap
from hyperspy_multimodal.selection.moves import RATIOS

from .particles import measured, modelled, truth

SHAPE = 40, 44
SOLVE = {"tolerance": 1e-4, "max_iterations": 5000}
COUNTS = np.array([20.0, 4.0, 1.0])
# bright in the HAADF as they are in their maps
WEIGHTS = np.array([0.5, 0.3, 0.2])
ISOTROPIC = ("isotropic",) * 3


class Scan:
    """Particles of known counts, fused with parameters that suit them."""

    def __init__(self, dose=1.0, seed=0, uses_brightness=True, **setting):
        self.dose = dose
        self.truth = dose * COUNTS[:, None, None] * truth(1.0, shape=SHAPE, width=4)
        self.maps = measured(self.truth, 0.2 * dose, seed)
        scales = dose * COUNTS
        image = modelled(self.truth, WEIGHTS / scales, 0.03, seed)
        model = HaadfModel(scales, WEIGHTS, 0.1, 1.0, 0.0, 1.0)
        self.models = GuidedModels(image, [model])
        given = {
            "regularisers": ("directional", "directional", "isotropic"),
            "ratios": (2.0,) * 3,
            "apart": (False,) * 3,
        }
        self.setting = Setting(
            model if uses_brightness else None, 1e-3 if uses_brightness else 1.0, **given | setting
        )
        self.kept = np.array([True, True, False])
        self.fuse()

    def fuse(self):
        totals = np.where(self.kept, self.maps.totals, np.nan)
        self.fused = fuse_setting(self.maps, self.models, self.setting, totals=totals, **SOLVE)

    def refit(self, maps, haadf):
        return HaadfFit(maps, haadf, -1.0, WEIGHTS / (self.dose * COUNTS)).model(1.0, "auto", 0.0)

    def errors(self, **options):
        """Root-mean-square errors of draws of all counts, as the bootstrap has them."""
        return np.sqrt(np.square(self.drawn(bootstrap, **options).errors).mean(axis=0))

    def drawn(self, function=error_draws, seed=0, progress=lambda: None, refit=None):
        return function(
            self.maps,
            self.models,
            self.setting,
            self.fused,
            self.kept,
            refit or self.refit,
            seed,
            progress,
        )


@pytest.fixture(scope="module")
def scan():
    return Scan()


@pytest.fixture(scope="module")
def errors(scan):
    return scan.errors()


def test_they_are_standard_deviations_of_each_pixel(errors):
    assert errors.shape == (3, *SHAPE)
    assert np.isfinite(errors).all()
    assert errors.min() >= 0


def test_same_seed_same_standard_deviations(scan, errors):
    np.testing.assert_array_equal(scan.errors(), errors)
    other = scan.errors(seed=1)
    assert np.all(other != errors)
    ratios = other.mean(axis=(1, 2)) / errors.mean(axis=(1, 2))
    np.testing.assert_allclose(ratios, 1, atol=0.15)


def test_one_step_of_progress_a_fusion():
    steps = []
    Scan().errors(progress=lambda: steps.append(1))
    assert len(steps) == FUSIONS


def test_they_are_larger_where_counts_are(scan, errors):
    strong = scan.truth[0] > 0.5 * scan.truth[0].max()
    vacuum = scan.truth[0] < 0.02 * scan.truth[0].max()
    assert errors[0][strong].mean() > 2 * errors[0][vacuum].mean()
    assert np.corrcoef(errors[0].ravel(), np.sqrt(scan.truth[0]).ravel())[0, 1] > 0.4


def test_they_fall_with_the_dose():
    """Relative to the counts: ten times the counts have a third of the noise."""
    low, high = (Scan(dose).errors() / dose for dose in (1.0, 10.0))
    ratios = high.mean(axis=(1, 2)) / low.mean(axis=(1, 2))
    assert np.all(ratios < 0.8)
    assert np.all(ratios > 0.2)


@pytest.mark.slow
@pytest.mark.parametrize("uses_brightness", [True, False])
def test_their_squares_are_mean_square_errors(uses_brightness):
    """On average over scans; what is flattened and what is noise."""
    squares, stated = [], []
    for seed in range(3):
        scan = Scan(seed=seed, uses_brightness=uses_brightness)
        squares.append(np.square(scan.fused.maps - scan.truth).mean(axis=(1, 2)))
        deviations = scan.drawn().standard_deviations
        stated.append(np.square(deviations).mean(axis=(1, 2)))
    ratios = np.mean(squares, axis=0) / np.mean(stated, axis=0)
    assert np.all((0.25 < ratios) & (ratios < 1.5)), ratios  # rather too large than too small


def test_they_hold_the_noise_of_the_haadf():
    """Where the HAADF rules, and the counts hardly have a say."""
    quiet, noisy = Scan(), Scan()
    for scan, deviation in ((quiet, 0.0), (noisy, 0.3)):
        noise = np.random.default_rng(8).normal(0, deviation, SHAPE)
        exact = modelled(scan.truth, WEIGHTS / COUNTS, 0.0)
        scan.models = GuidedModels(exact + noise, scan.models.models)
        scan.setting = replace(scan.setting, lambda_1=1e-4, regularisers=ISOTROPIC)
    low, high = (scan.errors().mean(axis=(1, 2)) for scan in (quiet, noisy))
    assert high[0] > 2 * low[0]


def test_the_model_is_fitted_to_each_draw(scan, errors):
    seen = []

    def refit(maps, haadf):
        seen.append((maps.counts, haadf))
        return scan.refit(maps, haadf)

    np.testing.assert_array_equal(scan.errors(refit=refit), errors)
    assert len(seen) == DRAWS
    for number, (counts, haadf) in enumerate(seen):
        assert np.corrcoef(counts[0].ravel(), scan.truth[0].ravel())[0, 1] > 0.8
        assert np.corrcoef(haadf.ravel(), scan.models.haadf.ravel())[0, 1] > 0.95
        for other, image in seen[:number]:
            assert np.any(other != counts) and np.any(image != haadf)
    # weights that were wrong would be found in the errors
    wrong = HaadfModel(scan.setting.model.scales, 2 * WEIGHTS, 0.1, 1.0, 0.0, 1.0)
    assert scan.errors(refit=lambda *_: wrong).mean() > 1.3 * errors.mean()


def test_directions_are_those_of_the_measured_haadf(scan, errors, monkeypatch):
    """Found once, in the image as it was measured; drawn ones are blurred already."""
    monkeypatch.setattr(guided_models, "guide_directions", lambda *_: pytest.fail("found again"))
    np.testing.assert_array_equal(scan.errors(), errors)


def test_the_truth_of_draws_lacks_more_of_the_total_variation_the_heavier_it_is():
    names = ("directional", "isotropic", "directional huber", "huber", "sieve", "isotropic")
    ratios = 16.0, 1.0, 16.0, 1.0, 2.0, 0.1
    heavy, light, heavy_huber, light_huber, sieve, lightest = _rougher(
        Setting(None, 1.0, names, ratios, (False,) * len(names))
    ).ratios
    assert RATIOS[0] < light < heavy < heavy_huber < 16
    assert heavy / 16 < light / 1
    assert light < light_huber < 0.9  # rougher than the fused map, also at the lowest ratio tried
    assert heavy_huber / 16 < light_huber / 1
    assert sieve == 1.0
    assert lightest == 0.1  # flattens nothing


def test_no_model_is_fitted_without_haadf():
    errors = Scan(uses_brightness=False).errors(
        refit=lambda *_: pytest.fail("there is none to fit")
    )
    assert (errors > 0).any()


def test_a_blurred_haadf_has_less_noise():
    """The noise of the image is in it before the blur."""
    sharp, blurred = Scan(), Scan()
    for scan, blur in ((sharp, 0.0), (blurred, 2.0)):
        noise = np.random.default_rng(8).normal(0, 0.3, SHAPE)
        model = replace(scan.models.first, blur=blur)
        scan.models = GuidedModels(scan.models.haadf + noise, [model])
        scan.setting = replace(
            scan.setting, model=model, lambda_1=1e-4, regularisers=ISOTROPIC, ratios=(0.1,) * 3
        )
    low, high = (scan.errors().mean(axis=(1, 2)) for scan in (blurred, sharp))
    assert low[0] < 0.7 * high[0]


def test_without_haadf_its_noise_does_not_matter():
    scan = Scan(uses_brightness=False, regularisers=ISOTROPIC)
    reference = scan.errors()
    image = scan.models.haadf + np.random.default_rng(8).normal(0, 0.3, SHAPE)
    scan.models = GuidedModels(image, scan.models.models)
    np.testing.assert_allclose(scan.errors().mean(), reference.mean(), rtol=0.15)


def test_inputs_are_not_modified(scan):
    fused = scan.fused
    arrays = (
        *(scan.maps.segments, scan.maps.counts, scan.maps.background, scan.maps.net),
        *(scan.models.haadf, scan.kept, fused.maps, fused.dual, fused.residual, fused.prices),
    )
    before = [array.copy() for array in arrays]
    image = scan.models.matched(scan.models.first)
    scan.errors()
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert scan.models.matched(scan.models.first) is image
