"""Maps that cannot have been counted are not called sound, and the others are not affected."""

import warnings

import numpy as np
from slow_repeats import alternating

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.recovery.disturbed_lines import disturbed_lines
from hyperspy_multimodal.recovery.haadf_use import use_in_words, uses_of_haadf
from hyperspy_multimodal.selection.settings import Setting

SHAPE = (40, 36)
ROW, COLUMN = np.mgrid[: SHAPE[0], : SHAPE[1]]
DISC = 1.0 * (np.hypot(ROW - 20, COLUMN - 18) < 11)


def counts(seed=0):
    return np.random.default_rng(seed).poisson(6 * DISC + 0.2).astype(float)


def haadf():
    return DISC + np.random.default_rng(9).normal(0, 0.03, SHAPE)


def judged(first, image=None, **options):
    options = {"gamma": 1, "show_progressbar": False, "lambdas": (1.0, 0.5), **options}
    maps = {"Ti": first, "O": counts()}
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        _, output = fuse_maps(
            maps, haadf() if image is None else image, full_output=True, **options
        )
    return {each["map"]: each for each in output["verdicts"]}


@alternating(lambdas=["auto", (1.0, 0.5)], gain=[None, 1.0])
def test_an_empty_map_is_not_to_be_trusted(lambdas, gain):
    found = judged(np.zeros(SHAPE), lambdas=lambdas, gain=gain)
    assert found["Ti"]["verdict"] == "not to be trusted"
    assert found["Ti"]["because"] == ["no counts"]
    assert "no counts" not in found["O"]["because"]


def test_two_empty_maps_are_not_shares():
    found = judged(np.zeros(SHAPE))
    assert not any("fractions" in reason for reason in found["Ti"]["because"])
    zeros = {"Ti": np.zeros(SHAPE), "O": np.zeros(SHAPE)}
    _, output = fuse_maps(
        zeros, haadf(), lambdas=(1.0, 0.5), full_output=True, show_progressbar=False
    )
    assert [each["because"] for each in output["verdicts"]] == [["no counts"]] * 2


@alternating(value=[3.0, 3.3], gain=[None, 1.0])
def test_a_constant_map_is_not_sound(value, gain):
    found = judged(np.full(SHAPE, value), gain=gain)
    assert found["Ti"]["verdict"] != "sound"
    assert "noise level is a guess" in found["Ti"]["because"]


def test_a_negative_map_is_not_to_be_trusted():
    for gain in (None, 1.0):
        assert judged(-counts(1) - 1, gain=gain)["Ti"]["verdict"] == "not to be trusted"


@alternating(
    first=[np.zeros(SHAPE), np.full(SHAPE, 3.0), counts(1) - 1.0, counts(1) * 1e-30],
    options=[{}, {"gain": 1.0}],
)
def test_odd_images_cause_no_warnings_of_numpy(first, options):
    dark = np.where(ROW < 20, 0.0, haadf())
    found = judged(first, dark, lambdas="auto", **options)
    assert set(found) == {"Ti", "O"}


def test_rows_beside_which_the_haadf_is_dark_cause_no_overflow():
    image = np.where(ROW < 30, 0.0, 1e3)
    image[10] = 1e3
    with np.errstate(all="raise"):
        lines, _ = disturbed_lines(np.full(SHAPE, 1e5), image, 0)
    assert not lines.size


def test_uses_of_the_haadf_are_named_by_element():
    names = ["C", "Cu", "O"]

    def of(model, apart, regularisers):
        setting = Setting.__new__(Setting)
        for item in {"model": model, "apart": apart, "regularisers": regularisers}.items():
            object.__setattr__(setting, *item)
        return setting

    def use(*given):
        return use_in_words(names, of(*given))

    edges, none = "directional", "isotropic"
    assert use(object(), (False,) * 3, [edges] * 3) == "used"
    assert use(object(), (True, False, False), [none] * 3) == "used for Cu, O"
    assert use(object(), (True, False, False), [edges, none, none]) == (
        "used for Cu, O; edges only for C"
    )
    assert use(None, (False,) * 3, [edges] * 3) == "edges only"
    assert use(None, (False,) * 3, [edges, none, none]) == "edges only for C"
    assert use(None, (False,) * 3, [none] * 3) == "left out"
    record = uses_of_haadf(of(object(), (True, True, False), [edges, none, edges]))
    assert record == ["edges", "none", "brightness and edges"]
    assert uses_of_haadf(of(None, (False,) * 3, [edges, none, none])) == ["edges", "none", "none"]
    assert uses_of_haadf(of(object(), (False,) * 3, [none] * 3)) == ["brightness"] * 3
