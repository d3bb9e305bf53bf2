"""Options of fusion: exponent, regulariser, weights, blur and totals."""

import numpy as np
import pytest
from exspy.signals import EELSSpectrum
from slow_repeats import alternating, slow

from hyperspy_multimodal.physics.scattering import xray_scattering
from hyperspy_multimodal.selection import GAMMAS

from .fusing import LAMBDAS, LINES, stacked

# gamma


@pytest.mark.parametrize(
    ("exponent", "chosen"),
    [(1.0, {1.0}), slow(1.4, {1.4}), (1.8, {1.4, 1.8})],
)
def test_the_exponent_that_explains_the_haadf_is_chosen(specimen, fuse, usual, exponent, chosen):
    """Of a HAADF of powers of the maps; smoothing makes a high one look lower."""
    truth = stacked(specimen.counts) / np.array(usual[2]["scales"])[:, None, None]
    windows = specimen.signal.estimate_integration_windows(2.0, LINES)
    weights = xray_scattering(specimen.signal, LINES, windows)
    haadf = np.tensordot(weights, truth**exponent, axes=1)
    _, record, output = fuse(haadf, gamma="auto")
    assert record.gamma == output["gamma"]
    assert record.gamma in chosen
    assert record.gamma_chosen
    # r_squared is of the model, before there is any iteration
    explained = [fuse(haadf, gamma=each, max_iterations=1)[2]["r_squared"] for each in GAMMAS]
    assert output["r_squared"] == max(explained)


def test_given_exponent_is_recorded_as_given(usual):
    assert usual[1].gamma == 1.0
    assert not usual[1].gamma_chosen


def test_chosen_exponent_repeats_the_result(fuse):
    maps, record, _ = fuse(gamma="auto")
    again, *_ = fuse(gamma=record.gamma)
    np.testing.assert_array_equal(stacked(again), stacked(maps))


# total variation


@pytest.mark.parametrize(
    ("regulariser", "name"),
    [
        slow("isotropic", "isotropic"),
        slow("directional", "directional"),
        ("sieve", "sieve"),
        slow("smooth", "smooth"),
        ("tgv", "tgv"),
        ("tv", "directional"),
        ("auto", "directional"),
    ],
)
def test_given_regularisers_are_recorded(fuse, regulariser, name):
    _, record, output = fuse(regulariser=regulariser)
    assert record.regulariser == regulariser
    assert record.regularisers == output["regularisers"] == [name] * 3
    assert record.directional == output["directional"] == [name == "directional"] * 3


def test_directional_variation_lets_edges_be_sharper(fuse):
    """The same lambdas take less off the maps where the HAADF has edges."""
    isotropic, directional = (
        stacked(fuse(regulariser=name, lambdas=(0.05, 0.2), keep_significant=False)[0])
        for name in ("isotropic", "directional")
    )
    variation = [
        np.hypot(np.diff(maps, axis=1)[..., 1:], np.diff(maps, axis=2)[:, 1:]).sum()
        for maps in (isotropic, directional)
    ]
    assert variation[1] > 1.02 * variation[0]


@pytest.mark.parametrize(
    "name",
    [
        *("directional", "sieve"),
        *(slow(each) for each in ("directional tgv", "isotropic", "smooth")),
    ],
)
def test_automatic_lambdas_keep_to_the_regulariser_that_was_asked_for(fuse, name):
    _, record, output = fuse(regulariser=name, lambdas="auto")
    kinds = {kind for row in output["selection"] for kind in row["regularisers"]}
    assert kinds == {name} == set(record.regularisers)


def test_generalised_variation_is_not_tried_unless_asked_for(fuse):
    _, _, output = fuse(lambdas="auto")
    kinds = {kind for row in output["selection"] for kind in row["regularisers"]}
    assert not any("tgv" in kind for kind in kinds)


def test_total_variation_alone_tries_both_of_it(fuse):
    _, record, output = fuse(regulariser="tv", lambdas="auto")
    kinds = {kind for row in output["selection"] for kind in row["regularisers"]}
    assert kinds == {"directional", "isotropic"} >= set(record.regularisers)


def test_the_former_name_of_the_regulariser_is_taken_with_a_warning(specimen, fuse):
    with pytest.warns(FutureWarning, match="regulariser='tv'") as said:
        maps, record, _ = fuse(tv="auto")
    assert len(said) == 1
    assert record.regulariser == "tv"
    np.testing.assert_array_equal(stacked(maps), stacked(fuse(regulariser="tv")[0]))
    with pytest.raises(TypeError, match="Pass 'regulariser' alone"):
        specimen.signal.multimodal_fusion(specimen.haadf, tv="isotropic", regulariser="sieve")


@pytest.mark.parametrize("lambdas", [LAMBDAS, "auto"])
def test_total_variation_may_differ_by_element(fuse, lambdas):
    names = ["directional", "isotropic", "directional"]
    _, record, output = fuse(regulariser=names, lambdas=lambdas)
    assert record.regulariser == names
    assert record.directional == [True, False, True]
    assert all(row["directional"] == record.directional for row in output["selection"])


@alternating(
    names=[["sieve", "isotropic", "smooth"], ["sieve", "tgv", "directional tgv"]],
    lambdas=["auto", LAMBDAS],
)
def test_some_elements_may_have_sieves(fuse, names, lambdas):
    _, record, output = fuse(regulariser=names, lambdas=lambdas)
    assert record.regularisers == names
    guided = [row["regularisers"] for row in output["selection"] if row["uses_brightness"]]
    assert all(each == names for each in guided)


# weights


def test_weights_of_scattering(specimen, fuse):
    _, record, output = fuse(weights="Z", map_method="windows")
    windows = specimen.signal.estimate_integration_windows(2.0, LINES)
    scattering = xray_scattering(specimen.signal, LINES, windows)
    ratios = np.array(record.weights) / (np.array(output["scales"]) * scattering)
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-6)
    assert record.weights_fitted
    assert record.r_squared > 0.9


def test_weights_of_scattering_are_those_of_counts_however_they_are_read(fuse):
    fitted, windows = (fuse(weights="Z", map_method=method)[2] for method in ("fit", "windows"))
    per_count = [np.array(output["weights"]) / output["scales"] for output in (fitted, windows)]
    np.testing.assert_allclose(
        per_count[0] / per_count[0][0], per_count[1] / per_count[1][0], rtol=0.05
    )


def test_weights_of_edges_do_not_depend_on_the_unit_of_the_axis():
    rng = np.random.default_rng(0)
    disc = np.hypot(*np.mgrid[-8:8, -8:8]) < 6
    energy = 380 + 4.0 * np.arange(90)
    steps = 20.0 * (energy >= 456) + 10.0 * (energy >= 640)
    counts = rng.poisson(30 * (energy / 450) ** -3 + disc[..., None] * steps)
    weights = []
    for unit, name in ((1.0, "eV"), (1e-3, "keV")):
        signal = EELSSpectrum(counts)
        axis = signal.axes_manager.signal_axes[0]
        axis.offset, axis.scale, axis.units = 380 * unit, 4 * unit, name
        signal.set_microscope_parameters(
            beam_energy=200.0, convergence_angle=20.0, collection_angle=30.0
        )
        signal.add_elements(("Ti", "Mn"))
        [fused, _] = signal.multimodal_fusion(1.0 + disc, 1, LAMBDAS, weights="Z")
        weights.append(fused.metadata.Multimodal_fusion.weights)
    np.testing.assert_allclose(weights[1], weights[0], rtol=1e-3)


# blur


@pytest.mark.parametrize("blur", [0.0, 1.3])
def test_given_blur_is_recorded_and_takes_the_haadf_to_the_maps(fuse, usual, blur):
    _, record, output = fuse(haadf_blur=blur)
    assert record.haadf_blur == output["haadf_blur"] == blur
    roughness = [
        np.abs(np.diff(each["haadf"].data, n=2, axis=0)).mean()
        for each in (output, fuse(haadf_blur=0)[2])
    ]
    assert roughness[0] == roughness[1] if blur == 0 else roughness[0] < 0.5 * roughness[1]


def test_blur_is_zero_for_a_haadf_as_sharp_as_the_maps(usual):
    assert usual[1].haadf_blur == 0


# totals


@pytest.mark.parametrize(("keep", "kept"), [(True, True), (False, False), ("auto", True)])
def test_totals_are_kept_or_free(fuse, keep, kept):
    maps, record, output = fuse(keep_totals=keep, lambdas=(1e-3, 5e-2))
    assert record.keep_totals == keep
    assert record.totals_kept == output["totals_kept"] == [kept] * 3
    raw = stacked(output["raw_maps"]).sum(axis=(1, 2))
    changed = abs(stacked(maps).sum(axis=(1, 2), dtype=float) / raw - 1)
    assert (changed < 2e-3).all() if kept else (changed > 5e-3).any()


def test_totals_over_a_wrong_background_are_free(specimen, fuse, caplog):
    """X-rays of sulphur from everywhere, in a window of its line that its neighbours do not see."""
    signal = specimen.signal.deepcopy()
    signal.data = signal.data.astype(np.int64)
    axis = signal.axes_manager.signal_axes[0]
    stray = slice(axis.value2index(2.25), axis.value2index(2.37))
    signal.data[..., stray] += np.random.default_rng(0).poisson(0.01, signal.data[..., stray].shape)
    options = {"map_method": "windows", "full_output": True}
    _, output = signal.multimodal_fusion(specimen.haadf, 1, LAMBDAS, **options)
    assert output["totals_kept"] == [True, True, False]
    assert "S_Ka" in caplog.text and "vacuum" in caplog.text
    _, output = signal.multimodal_fusion(specimen.haadf, 1, LAMBDAS, keep_totals=True, **options)
    assert output["totals_kept"] == [True] * 3


# wrong values


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("gamma", "best", ValueError, ["'auto'", "number", "'best'"]),
        ("regulariser", "none", ValueError, ["'auto'", "'directional'", "'isotropic'", "'none'"]),
        ("regulariser", ["isotropic"], ValueError, ["3", "one per element", "['isotropic']"]),
        (
            "regulariser",
            ["isotropic", "auto", "isotropic"],
            ValueError,
            ["'directional'", "'auto'"],
        ),
        ("regulariser", True, ValueError, ["'directional'", "True"]),
        ("regulariser", None, ValueError, ["'directional'", "None"]),
        ("haadf_blur", -1, ValueError, [">= 0", "-1"]),
        ("haadf_blur", np.nan, ValueError, ["finite", "nan"]),
        ("haadf_blur", "none", ValueError, ["'auto'", "number", "'none'"]),
        ("haadf_blur", None, TypeError, ["number", "None"]),
        ("keep_totals", "maybe", TypeError, ["True or False", "'maybe'"]),
        ("keep_totals", None, TypeError, ["True or False", "None"]),
        ("uncertainty", 1, TypeError, ["True or False", "1"]),
        ("uncertainty", "auto", TypeError, ["True or False", "'auto'"]),
        ("weights", "y", ValueError, ["'auto'", "'Z'", "None", "'y'"]),
    ],
)
def test_wrong_values_are_named(specimen, name, value, error, words):
    before = specimen.signal.data.copy()
    with pytest.raises(error) as refused:
        specimen.signal.multimodal_fusion(specimen.haadf, **{"lambdas": LAMBDAS, name: value})
    message = str(refused.value)
    assert [word for word in [name, *words] if word not in message] == []
    np.testing.assert_array_equal(specimen.signal.data, before)
