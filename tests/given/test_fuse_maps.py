"""`fuse_maps`: maps in every form that users have them in."""

import logging

import hyperspy.api as hs
import numpy as np
import pytest
from hyperspy.signal import BaseSignal
from hyperspy.signals import Signal2D

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.plot.panels import map_name, map_unit

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}
LINES = ["Co_Ka", "O_Ka", "S_Ka"]


@pytest.fixture(scope="module")
def specimen():
    return core_shell((32, 40), counts=20)


@pytest.fixture(scope="module")
def counts(specimen):
    """Gross counts in windows: native maps, with navigation axes."""
    return specimen.signal.get_lines_intensity()


@pytest.fixture(scope="module")
def fused(specimen, counts):
    return fuse_maps(counts, specimen.haadf, **GIVEN)


def stack(maps):
    return np.stack([m.data for m in maps])


def images(counts, title="{} map"):
    result = []
    for each, line in zip(counts, LINES, strict=True):
        image = Signal2D(each.data.copy())
        for axis, name in zip(image.axes_manager.signal_axes, "xy", strict=True):
            axis.scale, axis.units, axis.name = 1.0, "nm", name
        image.metadata.General.title = title.format(line.split("_")[0])
        result.append(image)
    return result


def test_maps_come_back_as_they_were(counts, fused):
    for given, found in zip(counts, fused, strict=True):
        assert type(found) is type(given)
        assert found.axes_manager.navigation_shape == (40, 32)
        assert found.axes_manager[0].units == "nm"
        assert found.metadata.Sample.as_dictionary() == given.metadata.Sample.as_dictionary()
        assert found.metadata.General.title == given.metadata.General.title + ", fused"
        assert found.data.sum() == pytest.approx(given.data.sum(), rel=1e-5)
        assert found.data.min() >= 0


def test_all_maps_of_an_element_have_one_name_whatever_its_title(specimen, counts):
    given = images(counts, "{} map")
    given[0].metadata.set_item("Sample.elements", ["Co", "O", "S"])  # those of the specimen
    maps, output = fuse_maps(given, specimen.haadf, uncertainty=True, full_output=True, **GIVEN)
    for each in (maps, output["raw_maps"], output["standard_deviations"], output["draws"][0]):
        assert [map_name(m) for m in each] == ["Co", "O", "S"]
    assert output["raw_maps"][0].metadata.General.title == "Co map, raw"
    assert "Sample" not in given[1].metadata


def test_fused_maps_are_nearer_to_the_truth(specimen, counts, fused):
    background = stack(specimen.background)
    truth = stack(specimen.counts) + background
    error = np.square(stack(fused) - truth).sum(axis=(1, 2))
    assert (error < 0.5 * np.square(stack(counts) - truth).sum(axis=(1, 2))).all()


def test_every_form_gives_the_same_maps(specimen, counts):
    arrays = stack(counts)
    haadf = specimen.haadf.data
    given = {**GIVEN, "weights": [0.6, 0.2, 0.2]}  # or lines would weigh more than elements know
    expected = fuse_maps(counts, specimen.haadf, **given)
    forms = {
        "dictionary of arrays": dict(zip(LINES, arrays, strict=True)),
        "dictionary of signals": dict(zip(LINES, counts, strict=True)),
        "images named by their titles": images(counts),
        "model fits named by their titles": images(
            counts, "intensity parameter of {}_L3 component"
        ),
        "array": arrays,
        "stack": hs.stack(images(counts)),
        "lazy maps": [each.as_lazy() for each in counts],
    }
    for form, maps in forms.items():
        named = form in ("array", "stack")
        found = fuse_maps(maps, haadf, elements=LINES if named else None, **given)
        np.testing.assert_allclose(
            stack(found), stack(expected), rtol=1e-4, atol=1e-4, err_msg=form
        )
        assert not any(each._lazy for each in found)


def test_images_stay_images(specimen, counts):
    for found in fuse_maps(images(counts), specimen.haadf, **GIVEN):
        assert type(found) is Signal2D
        assert found.axes_manager.signal_shape == (40, 32)
        assert found.axes_manager[0].units == "nm"
    found = fuse_maps(stack(counts), specimen.haadf, elements=LINES, **GIVEN)[0]
    assert type(found) is Signal2D
    assert found.metadata.Sample.elements == ["Co"]


def test_units_do_not_change_the_maps(specimen, counts, fused):
    """Maps in another unit, with the gain that undoes it."""
    maps = {line: 0.01 * each.data for line, each in zip(LINES, counts, strict=True)}
    found = fuse_maps(maps, specimen.haadf, gain=0.01, **GIVEN)
    np.testing.assert_allclose(stack(found), 0.01 * stack(fused), rtol=1e-3, atol=1e-5)
    assert found[0].metadata.Multimodal_fusion.gain_source == "given"


def test_order_of_maps_is_that_of_the_input(specimen, counts, fused):
    found = fuse_maps(counts[::-1], specimen.haadf, **GIVEN)
    np.testing.assert_allclose(stack(found[::-1]), stack(fused), rtol=1e-3, atol=1e-3)


def test_automatic_choice_of_counts_and_of_fractions(specimen, counts, caplog):
    caplog.set_level(logging.INFO, logger="hyperspy_multimodal")
    maps, output = fuse_maps(
        counts, specimen.haadf, gamma="auto", full_output=True, show_progressbar=False
    )
    assert (output["gain_source"], output["gamma_chosen"]) == ("counts", True)
    assert output["selection"]
    assert "The maps are not counts" not in caplog.text
    fractions = {line: 0.01 * each.data for line, each in zip(LINES, counts, strict=True)}
    other, output = fuse_maps(
        fractions, specimen.haadf, gamma="auto", full_output=True, show_progressbar=False
    )
    assert output["gain_source"] == "estimated"
    assert "The maps are not counts" in caplog.text
    *_, summary = [each for each in caplog.records if each.getMessage().startswith("Maps: ")]
    assert "Noise estimated from the maps: 1 count = " in summary.getMessage().split("\n")[0]
    assert summary.levelno == logging.WARNING
    np.testing.assert_allclose(
        stack(other).sum(axis=(1, 2)), 0.01 * stack(maps).sum(axis=(1, 2)), rtol=1e-3
    )


def test_uncertainty_goes_along(specimen, counts, tmp_path):
    maps, output = fuse_maps(
        images(counts), specimen.haadf, uncertainty=True, full_output=True, **GIVEN
    )
    error = maps[0].metadata.Multimodal_fusion.standard_deviation
    np.testing.assert_array_equal(error, output["standard_deviations"][0].data)
    maps[0].save(tmp_path / "map.hspy")
    loaded = hs.load(tmp_path / "map.hspy")
    np.testing.assert_array_equal(loaded.metadata.Multimodal_fusion.standard_deviation, error)
    assert hs.stack(maps).data.shape == (3, 32, 40)
    assert len(output["draws"]) == 30
    assert [type(each) for each in output["draws"][0]] == [type(each) for each in maps]
    assert len(output["error_ratios"]) == 3 and output["common_errors"] == [0.0] * 3


def test_raw_maps_and_errors_have_the_unit_of_the_fused_maps(specimen, counts):
    unit = [0.01 * each.data for each in counts]
    for maps, name in ((counts, "counts"), (unit, "units of the map")):
        found, output = fuse_maps(
            maps, specimen.haadf, elements=LINES, uncertainty=True, full_output=True, **GIVEN
        )
        for each in (*found, *output["raw_maps"], *output["standard_deviations"]):
            assert map_unit(each) == name
        assert map_unit(output["draws"][0][0]) == name


def test_a_record_reproduces_its_maps(specimen, counts):
    """With gain and background of the record, also where they were estimated."""
    maps = {line: 0.01 * each.data for line, each in zip(LINES, counts, strict=True)}
    given = {"gamma": "auto", "regulariser": "tv", "show_progressbar": False}
    first = fuse_maps(maps, specimen.haadf, **given)
    node = first[0].metadata.Multimodal_fusion
    again = fuse_maps(
        maps,
        specimen.haadf,
        node.gamma,
        (node.lambda_1, node.lambda_2),
        gain=node.gain,
        background=node.background,
        weights=node.weights,
        haadf_blur=node.haadf_blur,
        regulariser=list(node.regularisers),
        share_structure=node.share_structure,
        show_progressbar=False,
    )
    scale = stack(first).max()
    np.testing.assert_allclose(stack(again), stack(first), atol=0.01 * scale)


def test_an_element_with_hardly_a_count_spoils_nothing(specimen, counts):
    maps = dict(zip(LINES, stack(counts), strict=True))
    given = {"gamma": 1, "regulariser": "tv", "full_output": True, "show_progressbar": False}
    expected, _ = fuse_maps(maps, specimen.haadf, **given)
    for stray in (0, 1):
        gold = np.zeros((32, 40))
        gold[5, 5] = stray
        found, output = fuse_maps({**maps, "Au_Ma": gold}, specimen.haadf, **given)
        assert found[3].data.sum() == pytest.approx(stray, abs=1e-3)
        assert output["weights"][3] < 0.05
        error = np.square(stack(found)[:3] - stack(expected)).mean()
        assert error < 0.05 * np.square(stack(expected)).mean()


@pytest.mark.parametrize("title", ["In situ map 3", "Sample B", "At% map", "V 200 kV"])
def test_no_element_is_guessed_from_other_words(specimen, counts, title):
    with pytest.raises(ValueError, match="Pass elements"):
        fuse_maps(images(counts, title), specimen.haadf, **GIVEN)


def test_transposed_maps_are_refused(counts):
    square = core_shell((32, 32), counts=20)
    maps = square.signal.get_lines_intensity()
    turned = [maps[0].as_signal2D((0, 1)), maps[1].as_signal2D((1, 0))]
    with pytest.raises(ValueError, match="transposed"):
        fuse_maps(turned, square.haadf, **GIVEN)
    with pytest.raises(ValueError, match="swapped"):
        fuse_maps([each.as_signal2D((1, 0)) for each in maps], square.haadf, **GIVEN)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda m: "maps.hspy", TypeError, "must be a list of maps"),
        (lambda m: [], ValueError, "none was given"),
        (lambda m: [m[0].data], ValueError, "Pass elements"),
        (lambda m: [m[0], m[0]], ValueError, "repeat"),
        (lambda m: {"Co": m[0].data, "Xx": m[1].data}, ValueError, "chemical symbols"),
        (lambda m: {"Co": m[0].data, "O": m[1].data[:8]}, ValueError, "same shape"),
        (
            lambda m: {"Co": m[0].data, "O": m[0].data * np.nan},
            ValueError,
            r"Map 1 \(O\) must be finite",
        ),
        (lambda m: [m[0], m[1].data[:4]], ValueError, r"Map 0 \(Co.*; \(4, .*Map 1"),
        (lambda m: {"Co": m[0].data + 1j}, TypeError, "real numbers"),
        (lambda m: {"Co": stack(m)}, ValueError, "two dimensions"),
        (lambda m: BaseSignal(np.ones((2, 3, 4, 5))), ValueError, "three dimensions"),
    ],
)
def test_wrong_maps_are_refused(specimen, counts, change, error, words):
    with pytest.raises(error, match=words):
        fuse_maps(change(counts), specimen.haadf, **GIVEN)


def test_wrong_arguments_are_refused(specimen, counts):
    with pytest.raises(ValueError, match="elements must name 3 maps"):
        fuse_maps(counts, specimen.haadf, elements=["Co"], **GIVEN)
    with pytest.raises(ValueError, match="leave `elements` out"):
        fuse_maps({"Co": counts[0]}, specimen.haadf, elements=["Co"], **GIVEN)
    with pytest.raises(TypeError, match="Did you mean 'elements'"):
        fuse_maps(counts, specimen.haadf, element=["Co"])
    with pytest.raises(ValueError, match="shape of the scan"):
        fuse_maps(counts, specimen.haadf.data[:8], **GIVEN)


def test_input_is_not_modified(specimen, counts):
    before = stack(counts).copy(), specimen.haadf.data.copy()
    metadata = counts[0].metadata.as_dictionary()
    fuse_maps(counts, specimen.haadf, uncertainty=True, **GIVEN)
    np.testing.assert_array_equal(stack(counts), before[0])
    np.testing.assert_array_equal(specimen.haadf.data, before[1])
    assert counts[0].metadata.as_dictionary() == metadata


def test_shares_are_told(specimen, counts, caplog):
    arrays = np.stack([each.data for each in counts]).astype(float) + 1
    names = [each.metadata.Sample.elements[0] for each in counts]
    shares = dict(zip(names, arrays / arrays.sum(axis=0), strict=True))
    fuse_maps(shares, specimen.haadf, gamma=1, lambdas=(0.01, 0.02), show_progressbar=False)
    assert "they are fractions, not counts" in caplog.text


def test_shares_do_not_follow_each_other(specimen, counts):
    """Their noise adds up to 0, so that each would be predicted by the noise of the others."""
    arrays = np.stack([each.data for each in counts]).astype(float) + 1
    shares = dict(zip(LINES, arrays / arrays.sum(axis=0), strict=True))
    _, output = fuse_maps(shares, specimen.haadf, full_output=True, show_progressbar=False)
    assert output["shared_weights"] is None


def test_counts_per_pixel_are_counts_in_any_unit_and_with_a_mask(specimen, counts):
    mask = np.zeros((32, 40), bool)
    mask[:, 30:] = True
    masked = {**GIVEN, "navigation_mask": mask, "full_output": True}
    for unit in (1.0, 0.02):
        maps = [each * unit for each in counts]
        _, output = fuse_maps(maps, specimen.haadf, gain=unit, **masked)
        found = [each["counts_per_pixel"] for each in output["verdicts"]]
        np.testing.assert_allclose(found, stack(counts)[:, ~mask].mean(axis=1), rtol=1e-5)


def test_counts_per_pixel_of_maps_whose_gain_is_a_guess_are_unknown(specimen):
    """The difference of two maps has noise, but its counts tell nothing."""
    rng = np.random.default_rng(0)
    maps = [rng.normal(1.0, 0.05, (32, 40)), 0.1 * rng.poisson(specimen.counts[0].data)]
    _, output = fuse_maps(maps, specimen.haadf, elements=["O", "Co"], full_output=True, **GIVEN)
    guess, known = (each["counts_per_pixel"] for each in output["verdicts"])
    assert np.isnan(guess) and known > 0
    assert any("adds a variance of O 0.00" in each for each in output["messages"])


def test_gain_and_backgrounds_may_be_given_by_name(specimen, counts):
    maps = dict(zip(LINES, (each.data * 0.5 for each in counts), strict=True))
    ordered = {"gain": [0.5, 0.5, 0.25], "background": [0, 1, 0], "pedestal": [0, 0, 0.1]}
    named = {
        "gain": {"S": 0.25, "O_Ka": 0.5, "Co": 0.5},
        "background": dict(zip(LINES, ordered["background"], strict=True)),
        "pedestal": dict(zip(LINES, ordered["pedestal"], strict=True)),
    }
    found, expected = (fuse_maps(maps, specimen.haadf, **x, **GIVEN) for x in (named, ordered))
    np.testing.assert_array_equal(stack(found), stack(expected))


@pytest.mark.parametrize(("wrong", "match"), [
    ({"gain": -1}, "gain must be a finite number > 0"),
    ({"gain": {"O": 0.5, "S": 1}}, r"but it lacks \['Co_Ka'\]"),
    ({"pedestal": {"Sc": 0.5}}, r"contains \['Sc'\] and lacks \['Co_Ka', 'O_Ka', 'S_Ka'\]"),
    ({"background": {"Co": 0, "O": -1, "S": 0}}, r"background\[1\] must be a finite number >= 0"),
])  # fmt: skip
def test_wrong_units_are_refused_before_anything_is_said(specimen, counts, caplog, wrong, match):
    arrays = np.stack([each.data for each in counts]).astype(float) + 1
    shares = dict(zip(LINES, arrays / arrays.sum(axis=0), strict=True))
    with pytest.raises(ValueError, match=match):
        fuse_maps(shares, specimen.haadf, **wrong, **GIVEN)
    assert not caplog.records
