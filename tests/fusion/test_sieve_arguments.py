"""Regularisers by name: what they mean, and what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hyperspy_multimodal.fusion import compilation, minimise, solve_fusion

from .problems import CONVEX
from .sieves import PROBLEMS, sieved

KNOWN = CONVEX["not square"] | {"max_iterations": 20}
GUIDE = KNOWN["haadf"]


@pytest.mark.parametrize(
    ("by_name", "before"),
    [
        ({"regularisers": "isotropic"}, {}),
        ({"regularisers": "isotropic", "guide": GUIDE}, {}),
        ({"regularisers": "directional", "guide": GUIDE}, {"guide": GUIDE}),
        (
            {"regularisers": ["directional", "isotropic"], "guide": GUIDE},
            {"guide": GUIDE, "directional": [True, False]},
        ),
    ],
)
def test_names_stand_for_guide_and_directional(by_name, before):
    assert_array_equal(solve_fusion(**KNOWN, **by_name).maps, solve_fusion(**KNOWN, **before).maps)


def test_a_list_of_sieves_is_sieves():
    known = PROBLEMS["not square"] | {"max_iterations": 20}
    by_list = solve_fusion(**known, regularisers=["sieve", "sieve"])
    assert_array_equal(by_list.maps, sieved(known).maps)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"regularisers": "wavelet"}, ValueError, ["'directional'", "'sieve'", "'wavelet'"]),
        ({"regularisers": 3}, ValueError, ["2 of them", "3"]),
        ({"regularisers": ["sieve"]}, ValueError, ["2 of them", "['sieve']"]),
        ({"regularisers": "directional"}, ValueError, ["guide is None", "Pass guide"]),
        (
            {"regularisers": "isotropic", "directional": [True, False], "guide": GUIDE},
            TypeError,
            ["regularisers and directional say", "Pass only one"],
        ),
    ],
)
def test_wrong_names_are_refused(given, error, words):
    with pytest.raises(error) as refused:
        solve_fusion(**KNOWN, **given)
    assert [word for word in words if word not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("regularisers", "used"),
    [
        ("sieve", {"run_sieve"}),
        ("isotropic", {"_run_variation"}),
        (["smooth", "isotropic"], {"run_sieve", "_run_variation"}),
    ],
)
def test_only_the_kernels_of_the_regulariser_are_compiled(monkeypatch, regularisers, used):
    runs = []
    monkeypatch.setattr(compilation, "_done", set())
    for name in ("run_sieve", "_run_variation"):
        monkeypatch.setattr(minimise, name, lambda name=name: runs.append(name))
    for _ in range(2):
        solve_fusion(**KNOWN, regularisers=regularisers)
    assert set(runs) == used and len(runs) == len(used)


def test_callbacks_see_maps_and_stop():
    seen = []

    def callback(iteration, maps, gap):
        seen.append((iteration, maps.shape, np.isfinite(gap)))
        return iteration >= 20

    known = PROBLEMS["not square"]
    assert sieved(known, tolerance=1e-12, callback=callback).iterations == 20
    assert seen == [(n, known["counts"].shape, True) for n in (10, 20)]
