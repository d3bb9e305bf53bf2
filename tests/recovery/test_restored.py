"""Other regularisers for elements whose maps contradict sums of their counts."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.recovery.restored import restored
from hyperspy_multimodal.recovery.setting import Chosen
from hyperspy_multimodal.selection import (
    GuidedModels,
    HaadfFit,
    HeldOut,
    Setting,
    normalise_haadf,
    variance_beyond,
)

SHAPE = 64, 64
WIDE, SHARP = ("smooth", 32.0), ("huber", 1.0)


@pytest.fixture(scope="module")
def prepared():
    """A film with a slanted line and one without, beside a HAADF that shows neither."""
    rng = np.random.default_rng(3)
    rows, cols = np.indices(SHAPE)
    truth = np.full((2, *SHAPE), 2.0)
    truth[0][np.abs(cols - 10 - 0.6 * rows) < 1.5] = 9.0
    counts = rng.poisson(truth).astype(float)
    maps = ElementMaps(["a", "b"], counts, np.eye(2), np.zeros((2, 2)), np.zeros((2, 1, 1)))
    haadf, lowest = normalise_haadf(rng.normal(5.0, 0.1, SHAPE) + (rows > 50))
    fit = HaadfFit(maps, haadf, lowest, [1.0, 1.0])
    return SimpleNamespace(
        maps=maps,
        models=GuidedModels(haadf, [fit.model(1.0, "auto", 0.0)]),
        beyond=variance_beyond(maps),
        totals_of=lambda maps: maps.totals,
    )


def chosen(*alternatives):
    setting = Setting(None, 1.0, (WIDE[0],) * 2, (WIDE[1],) * 2, (False,) * 2)
    return Chosen(setting, [], None, list(alternatives))


def found(prepared, choice, keep=True):
    options = {"max_iterations": 500, "callback": None, "can_go_on": True}
    return restored(prepared, choice, keep, tolerance=1e-4, **options)


def places(setting):
    return list(zip(setting.regularisers, setting.ratios, strict=True))


def test_a_line_that_a_smooth_map_lacks_leads_to_a_sharper_map_of_its_element(prepared):
    first = found(prepared, chosen([], []))
    assert places(first.setting) == [WIDE, WIDE] and first.wrong(0) > 36 and not first.wrong(1)
    other = found(prepared, chosen([(*SHARP, 0.5)], [(*SHARP, 0.5)]))
    assert places(other.setting) == [SHARP, WIDE]
    assert other.wrong(0) < first.wrong(0) - 36
    np.testing.assert_allclose(other.result.maps[1], first.result.maps[1], atol=0.01)
    assert np.abs(other.result.maps[0] - first.result.maps[0]).max() > 0.5
    assert other.result.maps[0].sum() == pytest.approx(prepared.maps.totals[0])
    # What was fused is what the setting says.
    assert other.as_fused.converged
    again = found(prepared, replace(chosen([], []), setting=other.setting), keep=False)
    off = other.as_fused.maps - again.result.maps
    assert np.all(off.std(axis=(1, 2)) < 0.03 * again.result.maps.std(axis=(1, 2)))


def test_others_that_predict_much_worse_or_are_no_better_are_not_taken(prepared):
    for place in ((*SHARP, 40.0), ("smooth", 64.0, 0.1)):
        assert places(found(prepared, chosen([place], [])).setting) == [WIDE, WIDE]


def test_the_least_wrong_of_several_is_taken(prepared):
    several = [("smooth", 16.0, 0.1), (*SHARP, 0.5), ("huber", 4.0, 0.6)]
    best = found(prepared, chosen(several, []))
    wrong = [found(prepared, chosen([each], [])).wrong(0, each[2]) for each in several]
    assert places(best.setting)[0] == several[int(np.argmin(wrong))][:2]


def test_one_that_predicts_nearly_three_standard_errors_worse_does_not_end_the_search(prepared):
    several = [(*SHARP, 2.9), ("huber", 1.1, 0.2)]
    assert places(found(prepared, chosen(several[:1], [])).setting)[0] == SHARP
    assert places(found(prepared, chosen(several, [])).setting)[0] == several[1][:2]


def test_nothing_is_tried_where_nothing_is_restored(prepared):
    plain = found(prepared, chosen([(*SHARP, 0.5)], []), keep=False)
    assert places(plain.setting) == [WIDE, WIDE] and not plain.lost and not plain.left
    assert plain.result.maps is plain.as_fused.maps


def test_alternatives_are_what_was_tried_and_predicts_hardly_worse(prepared):
    maps, models = prepared.maps, prepared.models
    held_out = HeldOut(maps, models, 0, np.ones(2, bool), lambda: None)
    base = chosen([], []).setting
    tried = [
        replace(base, regularisers=(name,) * 2, ratios=(ratio,) * 2)
        for name, ratio in (WIDE, SHARP, ("huber", 0.25), ("huber", 16.0))
    ]
    held_out.try_out(tried)
    best = min(tried, key=lambda each: held_out.errors(each)[1])
    alike = held_out.alternatives(best, 1)
    assert places(best)[1] not in [each[:2] for each in alike]
    for each in tried:
        lost = held_out.standard_errors_lost(each, best)[1]
        expected = each is not best and lost < 3
        assert (places(each)[1] in [other[:2] for other in alike]) == expected
        for other in alike:
            if other[:2] == places(each)[1]:
                assert other[2] == pytest.approx(lost)
    errors = [
        held_out.errors(each)[1]
        for *place, _ in alike
        for each in tried
        if places(each)[1] == tuple(place)
    ]
    assert errors == sorted(errors)
