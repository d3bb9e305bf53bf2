"""The tuner shows fusions of its crop, and applies what it says."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("ipympl", reason="needs the gui extra: ipympl")

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.interactive.session import values_of
from hyperspy_multimodal.interactive.throttle import Latest

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02)}


@pytest.fixture(scope="module")
def specimen():
    return core_shell((40, 48), counts=10)


@pytest.fixture
def tuner(specimen):
    return specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN)


def test_it_starts_from_what_is_given(tuner):
    assert tuner.parameters == {
        "gamma": 1.0,
        "lambdas": (0.01, 0.02),
        "tv": "directional",
        "haadf_blur": 0.0,
    }
    w = tuner.widgets
    assert (w["gamma"].value, w["uses_haadf"].value) == (1, True)
    for name, value in (("lambda_1", 0.01), ("lambda_2", 0.02)):
        assert w[name].value == pytest.approx(value)
        assert (w[name].min + w[name].max) / 2 == pytest.approx(np.log10(value))
    assert "gamma=1.0, lambdas=(0.01, 0.02)" in w["code"].value


@pytest.mark.parametrize(
    ("name", "value", "argument"),
    [
        ("gamma", 1.5, {"gamma": 1.5}),
        ("lambda_1", 0.05, {"lambdas": (0.05, 0.02)}),
        ("lambda_2", 0.05, {"lambdas": (0.01, 0.05)}),
        ("tv", "isotropic", {"tv": "isotropic"}),
        ("uses_haadf", False, {"weights": [0, 0, 0]}),
    ],
)
def test_each_widget_changes_the_picture_and_its_argument(tuner, name, value, argument):
    picture, before = tuner.widgets["picture"].value, tuner.parameters
    tuner.widgets[name].value = value
    assert tuner.widgets["picture"].value != picture
    assert tuner.parameters == {**before, **argument}


def test_a_crop_of_all_is_the_fusion_of_the_whole(specimen, tuner):
    session = tuner._session
    session.crop(slice(0, 40), slice(0, 48))
    for _ in range(5):  # each goes on from the one before
        fused, residual = session.fuse(tuner._values)
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, **GIVEN, tv="directional", full_output=True
    )
    for found, expected in zip(fused, maps, strict=True):
        norm = np.linalg.norm(expected.data)
        assert np.linalg.norm(found - expected.data) < 0.02 * norm
    np.testing.assert_allclose(residual, output["haadf_residual"].data, atol=0.05)
    for found, raw in zip(session.raw(), output["raw_maps"], strict=True):
        np.testing.assert_allclose(found, raw.data, rtol=1e-5, atol=1e-5)


def test_crops_stay_within_the_scan_and_have_eight_pixels(tuner):
    session = tuner._session
    for rows, cols, found in [
        ((-5, 10), (40, 99), (slice(0, 10), slice(40, 48))),
        ((39, 40), (3, 4), (slice(32, 40), slice(3, 11))),
        ((0, 40), (0, 48), (slice(0, 40), slice(0, 48))),
    ]:
        session.crop(slice(*rows), slice(*cols))
        assert (session.rows, session.cols) == found
        assert session.raw().shape[1:] == (
            found[0].stop - found[0].start,
            found[1].stop - found[1].start,
        )


def test_the_rectangle_moves_the_crop(tuner):
    picture = tuner.widgets["picture"].value
    tuner._selector.extents = (10, 29.6, 4.4, 20)
    tuner._on_crop()
    assert (tuner._session.rows, tuner._session.cols) == (slice(5, 20), slice(10, 30))
    assert tuner.widgets["picture"].value != picture


def test_apply_is_multimodal_fusion_with_these_arguments(specimen, tuner):
    with pytest.raises(RuntimeError, match="Apply to all"):
        _ = tuner.maps
    tuner.widgets["lambda_2"].value = 0.04
    tuner.widgets["apply"].click()
    expected = specimen.signal.multimodal_fusion(specimen.haadf, **tuner.parameters)
    for one, other in zip(tuner.maps, expected, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
        assert one.metadata.Multimodal_fusion.lambda_2 == [0.04] * 3
    assert "Applied to all" in tuner.widgets["status"].value
    assert tuner.output["gamma"] == 1


def test_auto_is_what_multimodal_fusion_chooses(specimen, tuner):
    tuner.widgets["auto"].click()
    _, output = specimen.signal.multimodal_fusion(
        specimen.haadf, gamma="auto", tolerance=1e-2, full_output=True
    )
    found = tuner.parameters
    assert found["gamma"] == output["gamma"]
    assert tuner.widgets["gamma"].value == output["gamma"]
    assert tuner.widgets["uses_haadf"].value == output["uses_haadf"]
    ratios = np.array(output["lambda_2"]) / np.array(output["lambda_1"])
    lambda_1, lambda_2 = (np.broadcast_to(each, 3) for each in found["lambdas"])
    np.testing.assert_allclose(lambda_2 / lambda_1, ratios, rtol=2e-3)
    if output["uses_haadf"]:
        np.testing.assert_allclose(lambda_1, output["lambda_1"], rtol=2e-3)
    kinds = np.broadcast_to(found["tv"], 3)
    np.testing.assert_array_equal(kinds == "directional", output["directional"])


def test_an_error_is_shown_and_logged(specimen, caplog):
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN)
    tuner._apply = lambda arguments: 1 / 0
    tuner.widgets["apply"].click()
    assert "ZeroDivisionError: division by zero" in tuner.widgets["status"].value
    assert "failed" in caplog.text
    with pytest.raises(RuntimeError, match="Nothing was applied"):
        _ = tuner.output


def test_lazy_signals_and_other_arguments(specimen):
    lazy = specimen.signal.as_lazy()
    tuner = lazy.multimodal_fusion_interactive(
        specimen.haadf, **GIVEN, xray_lines=["Co_Ka", "S_Ka"], weights="Z"
    )
    assert len(tuner.widgets["code"].value.split("xray_lines=")) == 2
    tuner.widgets["apply"].click()
    assert [m.metadata.Sample.xray_lines for m in tuner.maps] == [["Co_Ka"], ["S_Ka"]]
    assert not tuner.maps[0]._lazy


def test_what_cannot_be_tuned_is_refused(specimen):
    for name in ("align", "edges", "tolerance"):
        with pytest.raises(TypeError, match=f"xray_lines, map_method.*'{name}' was given"):
            specimen.signal.multimodal_fusion_interactive(specimen.haadf, **{name: True})


def test_values_come_from_outputs_with_and_without_haadf():
    output = {
        "gamma": 1.4,
        "lambda_1": [0.1, 1.0],
        "lambda_2": [0.2, 8.0],
        "directional": [True, False],
        "uses_haadf": True,
        "haadf_blur": 0.5,
    }
    given = values_of(output).arguments()
    assert given == {
        "gamma": 1.4,
        "lambdas": ([0.1, 1.0], [0.2, 8.0]),
        "tv": ["directional", "isotropic"],
        "haadf_blur": 0.5,
    }
    twice = replace(values_of(output), lambda_2=2 * values_of(output).lambda_2)
    assert twice.arguments()["lambdas"] == ([0.1, 1.0], [0.4, 16.0])
    without = values_of({**output, "uses_haadf": False}).arguments()
    lambda_1, lambda_2 = without["lambdas"]
    np.testing.assert_allclose(np.array(lambda_2) / lambda_1, [2, 8], rtol=1e-3)
    assert without["weights"] == [0, 0]


def test_only_the_latest_of_fast_changes_is_shown():
    async def fast():
        seen = []
        latest = Latest(lambda: seen.append("update"), delay=0.01)
        for _ in range(20):
            latest.request()
        assert seen == []
        await asyncio.sleep(0.1)
        latest.request()
        await asyncio.sleep(0.1)
        return seen

    assert asyncio.run(fast()) == ["update", "update"]
