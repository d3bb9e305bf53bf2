"""Templates and the projection on them."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.eds.spectrum.element_templates import (
    element_templates,
    own_lines,
    window_shares,
)

from .synthetic import (
    NOMINAL,
    amplitudes,
    drawn,
    expected,
    explained,
    explanation_of,
    fitted,
    line_counts,
    lines_of,
)

pytestmark = pytest.mark.filterwarnings("error")

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3, "Cu": 1e3}
NAMES = ["Co_Ka", "O_Ka", "S_Ka"]
CHANNELS = [(676, 711), (47, 59), (222, 240)]


def limits(channels=CHANNELS):
    return [(NOMINAL.edges[start], NOMINAL.edges[stop]) for start, stop in channels]


def templates_of(fit, names=NAMES, channels=CHANNELS):
    return element_templates(explanation_of(fit), NOMINAL, names, limits(channels))


@pytest.fixture(scope="module")
def fit():
    return fitted(expected(COUNTS), COUNTS)


@pytest.fixture(scope="module")
def templates(fit):
    return templates_of(fit)


def test_a_template_holds_one_count_in_its_window(templates):
    for shape, (start, stop) in zip(templates.shapes, CHANNELS, strict=False):
        assert shape[start:stop].sum() == pytest.approx(1, rel=0.01)


def test_all_else_is_named(templates):
    assert templates.names == NAMES
    assert templates.others == ["Cu", "continuum"]
    assert_allclose(templates.shapes[3:].sum(axis=1), 1)


def test_the_projection_of_a_template_is_itself_alone(templates):
    assert_allclose(templates.projection @ templates.shapes.T, np.eye(5), atol=1e-8)


def test_the_projection_of_the_expected_spectrum_is_what_the_windows_hold(templates):
    """Of each element alone: other lines and the continuum beneath are left out."""
    found = (templates.projection @ expected(COUNTS))[:3]
    counts = line_counts(COUNTS)
    own = np.array([counts[line.name] for line in lines_of(*COUNTS)])
    for total, name, limit in zip(found, NAMES, limits(), strict=True):
        mine = np.array([line.element == name[:-3] for line in lines_of(*COUNTS)])
        truth = (own * mine) @ window_shares(lines_of(*COUNTS), NOMINAL, limit)
        assert total == pytest.approx(truth, rel=0.01)


def test_the_projection_has_the_least_variance(templates):
    """No other unbiased linear estimate of the mean spectrum's counts is more precise."""
    projection, rng = templates.projection, np.random.default_rng(0)
    mean = np.where(templates.weights > 0, 1 / np.maximum(templates.weights, 1e-300), 0)
    least = (projection**2 * mean).sum(axis=1)
    for _ in range(5):
        other = rng.normal(size=projection.shape) * templates.weights
        other -= other @ templates.shapes.T @ projection  # changes nothing in the mean
        assert_allclose(other @ templates.shapes.T, 0, atol=1e-6 * np.abs(other).max())
        scale = 0.1 * np.abs(projection).max() / np.abs(other).max()
        assert np.all(((projection + scale * other) ** 2 * mean).sum(axis=1) > least)


def test_one_count_adds_its_own_variance(templates):
    """Drawn from the template, and read by the projection."""
    rng = np.random.default_rng(1)
    sulfur = templates.shapes[2]
    counts = rng.poisson(100 * sulfur, (4000, sulfur.size))
    found = counts @ templates.projection[2]
    assert found.mean() == pytest.approx(100, rel=0.01)
    assert found.var() == pytest.approx(100 * templates.own_variances[2], rel=0.1)


def test_channels_that_are_not_used_have_no_weight(templates, fit):
    assert not templates.weights[~fit.used].any()
    assert (templates.weights[fit.used] > 0).all()
    assert not templates.projection[:, ~fit.used].any()


def test_two_families_of_an_element_make_two_templates(fit):
    both = templates_of(fit, ["Co_Ka", "Co_La"], [(676, 711), (72, 83)])
    k, other = both.shapes[:2]
    assert k[:200].sum() < 1e-6 * k.sum()
    assert other[600:].sum() < 1e-6 * other.sum()


def test_an_element_without_counts_has_its_nominal_template():
    fit = fitted(np.round(expected({"O": 1e4})), ["O", "S"])
    fit.amplitudes[[line.element == "S" for line in fit.lines]] = 0
    templates = templates_of(fit, ["O_Ka", "S_Ka"], [(47, 59), (222, 240)])
    assert templates.shapes[1][222:240].sum() == pytest.approx(1, rel=0.01)
    assert np.isfinite(templates.projection).all()


def test_noise_in_one_line_of_an_absent_element_makes_no_template():
    """K beta alone would stand for 27 times the counts that it has in the window."""
    fit = fitted(np.round(expected({"O": 1e4})), ["O", "S"])
    for line, amplitude in (("S_Ka", 0.0), ("S_Kb", 0.1)):
        fit.amplitudes[[each.name == line for each in fit.lines]] = amplitude
    templates = templates_of(fit, ["O_Ka", "S_Ka"], [(47, 59), (222, 240)])
    shape = templates.shapes[1]
    assert 222 <= shape.argmax() < 240
    assert shape.sum() < 1.5
    # a trace of it is read in its counts
    trace = expected({"S": 100}) - expected({})
    assert (templates.projection @ trace)[1] == pytest.approx(trace[222:240].sum(), rel=0.02)


def test_a_window_beside_the_lines_is_refused(fit):
    with pytest.raises(
        ValueError, match=r"window of S_Ka, 2.995 to 3.195 keV, contains almost none"
    ):
        templates_of(fit, NAMES, [*CHANNELS[:2], (300, 320)])


def test_a_wrong_axis_does_not_change_the_counts():
    """They are those of the windows on the axis that the signal should have."""
    moved = replace(NOMINAL, offset=-0.05)
    here = templates_of(fitted(expected(COUNTS), COUNTS))
    there = templates_of(fitted(expected(COUNTS, moved), COUNTS, start=moved, known=moved))
    found = [
        (each.projection @ expected(COUNTS, detector))[:3]
        for each, detector in ((here, NOMINAL), (there, moved))
    ]
    assert_allclose(found[1], found[0], rtol=0.01)
    # which those windows do not hold any more
    shape = there.shapes[1]
    assert shape[47:59].sum() < 0.8


def test_peaks_of_another_shape_keep_their_counts():
    """A sixth of each peak lies 60 eV too high: model and spectrum differ, counts do not."""
    mean = 0.85 * expected(COUNTS) + 0.15 * np.roll(expected(COUNTS), 6)
    found = templates_of(fitted(mean, COUNTS, refine=False)).projection @ mean
    plain = templates_of(fitted(expected(COUNTS), COUNTS)).projection @ expected(COUNTS)
    assert_allclose(found[[0, 2]], plain[[0, 2]], rtol=0.03)


# other elements


def foreign(carbon):
    """Calcium, whose L lines lie beside that of carbon, which nobody names or looks for."""
    mean = expected({"Ca": 2e4, "O": 1e4}, lines={"C_Ka": carbon} if carbon else {})
    return explained(drawn(mean), ["Ca", "O"], candidates=())


def test_a_family_with_counts_of_others_stays_out_of_the_map():
    names, channels = ["Ca_Ka", "O_Ka"], [(359, 379), (47, 59)]
    for carbon, families, others in ((0, "KL", ["continuum"]), (3e4, "K", ["Ca_L", "continuum"])):
        found = foreign(carbon)
        own = own_lines(found, "Ca_Ka", names)
        lines = zip(found.fit.lines, own, strict=True)
        assert {line.family for line, mine in lines if mine} == set(families)
        templates = element_templates(found, NOMINAL, names, limits(channels))
        assert templates.others == others
        low = templates.shapes[0][NOMINAL.centres < 0.45].sum()
        assert (low > 0.1) == ("L" in families)
        total = (templates.projection @ found.fit.observed)[0]
        ka = amplitudes(found.fit)["Ca_Ka"]
        share = window_shares(lines_of("Ca"), NOMINAL, limits(channels)[0])
        in_window = dict(zip((line.name for line in lines_of("Ca")), share, strict=True))
        assert total == pytest.approx(in_window["Ca_Ka"] * ka, rel=0.03)


def test_elements_that_nobody_named_and_free_peaks_have_templates_of_their_own():
    mean = expected({"Co": 4e4, "O": 1e4, "Cu": 3e3, "Ti": 3e3}) + 4e3 * NOMINAL.shapes([3.03])[0]
    found = explained(drawn(mean), ["Co", "O"])
    names = ["Co_Ka", "O_Ka"]
    templates = element_templates(found, NOMINAL, names, limits(CHANNELS[:2]))
    assert {"Cu", "Ti"} < set(templates.others) and templates.others[-1] == "continuum"
    (free,) = [name for name in templates.others if name.endswith("keV")]
    for name, energy in ((free, 3.03), ("Ti", (4.511 + 0.117 * 4.932) / 1.117)):
        shape = templates.shapes[2 + templates.others.index(name)]
        high = NOMINAL.centres > 1
        centre = shape[high] @ NOMINAL.centres[high] / shape[high].sum()
        assert centre == pytest.approx(energy, abs=0.03)
