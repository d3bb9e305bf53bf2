"""The tuner shows fusions of its crop, and applies what it says."""

import ast
import asyncio
import html
import logging
import sys
from dataclasses import replace

import numpy as np
import pytest
from hyperspy.signals import BaseSignal
from slow_repeats import slow

pytest.importorskip("ipympl", reason="needs the gui extra: ipympl")

from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.interactive import session as session_module

from .tuning import GIVEN

pytestmark = pytest.mark.usefixtures("sketched")


def test_it_starts_from_what_is_given(tuner):
    assert tuner.parameters == {
        "gamma": 1.0,
        "lambdas": (0.01, 0.02),
        "regulariser": "directional",
        "haadf_blur": 0.0,
    }
    w = tuner.widgets
    assert (w["gamma"].value, w["uses_brightness"].value) == (1, True)
    for name, value in (("lambda_1", 0.01), ("lambda_2", 0.02)):
        assert w[name].value == pytest.approx(value)
        assert (w[name].min + w[name].max) / 2 == pytest.approx(np.log10(value))
    assert "gamma=1.0, lambdas=(0.01, 0.02)" in w["code"].value


@pytest.mark.parametrize(
    ("name", "value", "argument"),
    [
        ("gamma", 1.5, {"gamma": 1.5}),
        slow("lambda_1", 0.05, {"lambdas": (0.05, 0.02)}),
        ("lambda_2", 0.05, {"lambdas": (0.01, 0.05)}),
        slow("regulariser", "isotropic", {"regulariser": "isotropic"}),
        ("regulariser", "sieve", {"regulariser": "sieve"}),
        ("uses_brightness", False, {"weights": [0, 0, 0]}),
    ],
)
def test_each_widget_changes_the_picture_and_its_argument(tuner, name, value, argument):
    picture, before = tuner.widgets["picture"].value, tuner.parameters
    tuner.widgets[name].value = value
    assert tuner.widgets["picture"].value != picture
    assert tuner.parameters == {**before, **argument}


def keywords(tuner):
    """Return the arguments of the line of code, parsed, but for names."""
    line = html.unescape(tuner.widgets["code"].value.removeprefix("<code>").removesuffix("</code>"))
    given = ast.parse(line).body[0].value.keywords
    return {
        each.arg: each.value.id
        if isinstance(each.value, ast.Name)
        else ast.literal_eval(each.value)
        for each in given
    }


def test_the_line_of_code_can_be_run(specimen):
    mask = np.zeros((40, 48), bool)
    mask[:10] = True
    arguments = {
        "navigation_mask": mask,
        "xray_lines": ["Co_Ka", "S_Ka"],
        "weights": "Z",
        "haadf_blur": 0.5,
    }
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN, **arguments)
    expected = {**arguments, **tuner.parameters, "navigation_mask": "navigation_mask"}
    assert keywords(tuner) == expected
    assert expected["weights"] == "Z"
    tuner.widgets["uses_brightness"].value = False
    assert keywords(tuner) == {**expected, "weights": [0, 0]}
    tuner.widgets["apply"].click()
    assert "Applied to all" in tuner.widgets["status"].value
    assert not tuner.output["uses_brightness"]


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
    assert tuner.widgets["uses_brightness"].value == output["uses_brightness"]
    ratios = np.array(output["lambda_2"]) / np.array(output["lambda_1"])
    lambda_1, lambda_2 = (np.broadcast_to(each, 3) for each in found["lambdas"])
    np.testing.assert_allclose(lambda_2 / lambda_1, ratios, rtol=2e-3)
    if output["uses_brightness"]:
        np.testing.assert_allclose(lambda_1, output["lambda_1"], rtol=2e-3)
    kinds = np.broadcast_to(found["regulariser"], 3)
    np.testing.assert_array_equal(kinds, output["regularisers"])


def test_gamma_is_chosen_for_given_lambdas_too(specimen):
    lambdas = GIVEN["lambdas"]
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, lambdas=lambdas)
    _, output = specimen.signal.multimodal_fusion(
        specimen.haadf, gamma="auto", lambdas=lambdas, tolerance=1e-2, full_output=True
    )
    assert tuner.parameters["gamma"] == output["gamma"]


def test_other_weights_that_were_chosen_are_kept_until_gamma_moves(tuner, monkeypatch):
    choice = session_module.fuse_reading

    def with_other_weights(*arguments):
        fused = choice(*arguments)
        numbers = {**fused.numbers, "uses_brightness": True, "weights": [0.1, 0.2, 0.3]}
        return replace(fused, numbers=numbers)

    monkeypatch.setattr(session_module, "fuse_reading", with_other_weights)
    picture = tuner.widgets["picture"].value
    tuner.widgets["auto"].click()
    assert tuner.parameters["weights"] == [0.1, 0.2, 0.3]
    values = tuner._values
    model = tuner._session.model(values.gamma, values.blur, values.weights)
    np.testing.assert_array_equal(model.weights, [0.1, 0.2, 0.3])
    assert tuner.widgets["picture"].value != picture
    tuner.widgets["lambda_1"].value *= 2
    assert tuner.parameters["weights"] == [0.1, 0.2, 0.3]
    tuner.widgets["gamma"].value += 0.2
    assert "weights" not in tuner.parameters


def test_it_says_what_is_left_of_the_haadf_and_why(specimen, tuner, monkeypatch):
    given = {**GIVEN, "weights": [0] * 3}
    without = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **given)
    assert not without.widgets["uses_brightness"].value
    assert "has no weight: only its edges are used" in without.widgets["status"].value
    mixed, isotropic = ("isotropic", "directional", "isotropic"), ("isotropic",) * 3
    for regularisers, left in ((mixed, "only its edges"), (isotropic, "left out")):
        chosen = replace(tuner._values, uses_brightness=False, regularisers=regularisers)
        monkeypatch.setattr(tuner._session, "choose", lambda chosen=chosen: chosen)
        tuner.widgets["auto"].click()
        assert "does not help to predict" in tuner.widgets["status"].value
        assert left in tuner.widgets["status"].value


def test_warnings_of_the_whole_are_shown(tuner):
    apply = tuner._apply

    def warned(arguments):
        logging.getLogger("hyperspy_multimodal.signals").warning("Look at <%s>.", "this")
        return apply(arguments)

    tuner._apply = warned
    tuner.widgets["apply"].click()
    assert "Look at &lt;this&gt;." in tuner.widgets["status"].value
    tuner.widgets["lambda_1"].value *= 2
    assert "Look" not in tuner.widgets["status"].value


def test_a_preview_goes_on_until_it_has_converged(specimen):
    async def moved():
        tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN)
        tuner.widgets["lambda_2"].value = 0.1
        shown = []
        tuner.widgets["preview"].observe(lambda change: shown.append(change["new"]), "value")
        while not shown or "gap" in shown[-1]:
            await asyncio.sleep(0.01)
        return tuner, shown

    tuner, shown = asyncio.run(asyncio.wait_for(moved(), 60))
    assert len(shown) > 1
    assert tuner._session.converged


def test_an_error_is_shown_and_logged(specimen, caplog):
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN)
    tuner._apply = lambda arguments: 1 / 0
    tuner.widgets["apply"].click()
    assert "ZeroDivisionError: division by zero" in tuner.widgets["status"].value
    assert "failed" in caplog.text
    with pytest.raises(RuntimeError, match="nothing was applied"):
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


def test_core_losses_are_tuned():
    specimen = core_loss((32, 32), counts=10)
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN)
    tuner.widgets["lambda_2"].value = 0.04
    tuner.widgets["apply"].click()
    expected = specimen.signal.multimodal_fusion(specimen.haadf, **tuner.parameters)
    for one, other in zip(tuner.maps, expected, strict=True):
        np.testing.assert_array_equal(one.data, other.data)


@pytest.mark.parametrize("name", ["ipywidgets", "ipympl"])
def test_without_widgets_it_says_what_to_install(specimen, monkeypatch, name):
    for module in [each for each in sys.modules if each.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    for module in ("tuner", "controls"):
        monkeypatch.delitem(sys.modules, f"hyperspy_multimodal.interactive.{module}", raising=False)
    with pytest.raises(ImportError, match=rf"{name}.* not installed.*pip install .*\[gui\]"):
        specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN)


def test_of_a_stack_one_slice_is_tuned(specimen):
    stack = specimen.signal.__class__(np.stack([specimen.signal.data] * 2))
    with pytest.raises(ValueError, match="3 navigation axes cannot be tuned"):
        stack.multimodal_fusion_interactive(BaseSignal(np.zeros((2, 40, 48))), **GIVEN)


def test_what_cannot_be_tuned_is_refused(specimen):
    for name in ("align", "edges", "tolerance"):
        with pytest.raises(TypeError, match=f"xray_lines, map_method.*'{name}' was given"):
            specimen.signal.multimodal_fusion_interactive(specimen.haadf, **{name: True})


def test_a_gamma_beyond_the_slider_stays_while_others_move(specimen):
    given = {**GIVEN, "gamma": 4}
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **given)
    tuner.widgets["lambda_1"].value = 0.02
    assert tuner.parameters["gamma"] == 4
    assert tuner.parameters["lambdas"] == (0.02, 0.02)


@pytest.mark.parametrize("lambda_2", [0, [0, 0.02, 0.02]])
def test_total_variation_of_weight_0_can_be_turned_up(specimen, lambda_2):
    given = {**GIVEN, "lambdas": (0.01, lambda_2)}
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **given)
    found = tuner.parameters["lambdas"][1]
    assert found == lambda_2
    slider = tuner.widgets["lambda_2"]
    assert slider.value == pytest.approx(0.02)
    slider.value = 0.04
    assert tuner.parameters["lambdas"][1] == (0.04 if lambda_2 == 0 else [0, 0.04, 0.04])


def test_what_could_not_be_applied_is_told(tuner):
    tuner.widgets["apply"].click()
    assert len(tuner.maps) == 3
    tuner._apply = lambda arguments: 1 / 0
    tuner.widgets["apply"].click()
    with pytest.raises(RuntimeError, match="or the last application failed"):
        _ = tuner.maps
