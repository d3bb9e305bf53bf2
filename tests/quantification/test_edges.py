"""`composition` of EELS maps: areal densities by cross-sections, with errors."""

import numpy as np
import pytest

from hyperspy_multimodal import composition
from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.written_numbers import with_error

SHAPE = 24, 24
WHOLE = np.ones(SHAPE, bool)


def fusion(method, counts=50, seed=0, **settings):
    specimen = core_loss(SHAPE, counts=counts, seed=seed, **settings)
    maps, output = specimen.signal.multimodal_fusion(
        *(specimen.haadf, 1, (0.01, 0.02)), map_method=method, full_output=True
    )
    return specimen, maps, output


@pytest.fixture(scope="module")
def by_fit():
    return fusion("fit")


def quarters():
    rows, columns = np.indices(SHAPE)
    return 1 + 2 * (rows >= 12) + (columns >= 12)


def true_percent(specimen, found):
    atoms = np.array(
        [[specimen.areal_densities[e][m].sum() for e in found.elements] for m in found.masks]
    )
    return 100 * atoms / atoms.sum(axis=1, keepdims=True)


def test_the_truth_lies_within_the_errors_of_counts_and_fit():
    """The simulation has the cross-sections that are computed."""
    pulls = []
    for seed in range(4):
        specimen, maps, output = fusion("fit", seed=seed)
        found = composition(maps, output, regions=quarters())
        error = np.hypot(found.errors["counts"], found.errors["fit"])
        pulls.append((found.atomic_percent - true_percent(specimen, found)) / error)
    assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.4


@pytest.mark.parametrize("lines", [0.0, 0.5])
def test_many_counts_give_the_truth_with_white_lines_or_without(lines):
    specimen, maps, output = fusion("fit", counts=5000, white_lines=lines)
    found = composition(maps, output, regions=WHOLE)
    np.testing.assert_allclose(found.atomic_percent, true_percent(specimen, found), atol=2.5)


def test_windows_of_edges_that_follow_each_other_have_large_errors(by_fit):
    specimen, maps, output = fusion("windows")
    found = composition(maps, output, regions=WHOLE)
    fit = composition(*by_fit[1:], regions=WHOLE)
    assert np.all(found.errors["fit"] > 2 * fit.errors["fit"])
    off = np.abs(found.atomic_percent - true_percent(specimen, found))
    assert np.all(off < 3 * np.hypot(found.errors["counts"], found.errors["fit"]))


def test_cross_sections_that_are_given_are_relative(by_fit):
    _, maps, output = by_fit
    found = composition(maps, output, regions=WHOLE)
    record = maps[0].metadata.Multimodal_fusion
    sections = dict(zip(record.edges, record.cross_sections, strict=True))
    given = composition(maps, output, {k: (3 * v, 0.3 * v) for k, v in sections.items()}, WHOLE)
    np.testing.assert_allclose(given.atomic_percent, found.atomic_percent)
    np.testing.assert_allclose(given.weight_percent, found.weight_percent)
    np.testing.assert_allclose(given.errors["counts"], found.errors["counts"])
    larger = composition(maps, output, {**sections, "O_K": 2 * sections["O_K"]}, WHOLE)
    o = found.elements.index("O")
    assert larger.atomic_percent[0, o] < found.atomic_percent[0, o]


def test_the_order_of_maps_and_sections_does_not_matter(by_fit):
    _, maps, output = by_fit
    one = composition(maps, output, regions=quarters())
    other = composition(maps[::-1], output, regions=quarters())
    np.testing.assert_allclose(other.atomic_percent[:, ::-1], one.atomic_percent)
    np.testing.assert_allclose(other.errors["total"][:, ::-1], one.errors["total"])


def test_a_gain_changes_counts_but_not_the_composition(by_fit):
    one = composition(*by_fit[1:], regions=quarters())
    other = composition(*fusion("fit", gain=7.0)[1:], regions=quarters())
    np.testing.assert_allclose(other.counts, 7 * one.counts, rtol=1e-3)
    np.testing.assert_allclose(other.counts_errors, 7 * one.counts_errors, rtol=1e-3)
    np.testing.assert_allclose(other.atomic_percent, one.atomic_percent, rtol=1e-3)
    np.testing.assert_allclose(other.errors["total"], one.errors["total"], rtol=0.02)


def test_an_estimated_gain_is_said_once(by_fit):
    specimen = core_loss(SHAPE, counts=50, gain=7.3)
    del specimen.signal.metadata.Signal.Noise_properties
    settings = {"gamma": 1, "lambdas": (0.01, 0.02), "full_output": True}
    maps, output = specimen.signal.multimodal_fusion(specimen.haadf, **settings)
    record = maps[0].metadata.Multimodal_fusion
    assert abs(record.gain - 7.3) < 3 * record.gain_error < 7.3
    table = composition(maps, output, regions=WHOLE).table()
    said = f"the gain was estimated, {with_error(record.gain, record.gain_error)} counts"
    assert table.count(said) == 1
    assert "gain" not in composition(*by_fit[1:], regions=WHOLE).table()


def test_regions_are_found_in_maps_of_edges(by_fit):
    found = composition(*by_fit[1:])
    assert len(found.regions) >= 1 and np.isfinite(found.atomic_percent).all()


def test_wrong_calls(by_fit):
    _, maps, output = by_fit
    with pytest.raises(ValueError, match="absorption of X-rays"):
        composition(maps, output, regions=WHOLE, thickness=50)
    with pytest.raises(ValueError, match=r"each edge of the maps.*has none for \['Mn_L3'\]"):
        composition(maps, output, {"O_K": 1.0, "Co_L3": 2.0}, WHOLE)
    unknown = [m.deepcopy() for m in maps]
    unknown[0].metadata.Multimodal_fusion.cross_sections = None
    with pytest.raises(ValueError, match="must be given as cross-sections by edge"):
        composition(unknown, output, regions=WHOLE)


def test_ratios_of_areal_densities_have_the_errors_of_what_they_are_made_of(by_fit):
    """To first order, the relative error of a ratio is that of the drawn compositions."""
    _, maps, output = by_fit
    found = composition(maps, output, regions=quarters())
    ratio, error = found.ratios("Co", "O")
    co, o = (found.elements.index(each) for each in ("Co", "O"))
    np.testing.assert_allclose(ratio, found.atomic_percent[:, co] / found.atomic_percent[:, o])
    rng = np.random.default_rng(0)
    for r in range(4):
        drawn = rng.multivariate_normal(
            found.atomic_percent[r], 1e-4 * found.covariances[r], 20000, check_valid="ignore"
        )
        spread = 100 * np.std(drawn[:, co] / drawn[:, o])
        np.testing.assert_allclose(error[r], spread, rtol=0.03)
    by_weight = composition(maps, output, regions=quarters(), composition_units="weight")
    np.testing.assert_allclose(by_weight.ratios("Co", "O"), (ratio, error))
    with pytest.raises(ValueError, match="`to` must be one of"):
        found.ratios("Co", "Fe")
