"""Widgets of one element, undo, and those that would change nothing."""

import logging

import numpy as np
import pytest
from slow_repeats import slow

pytest.importorskip("ipympl", reason="needs the gui extra: ipympl")

from hyperspy_multimodal.interactive import history
from hyperspy_multimodal.interactive.shown_warnings import package_warnings

from .tuning import GIVEN

pytestmark = pytest.mark.usefixtures("sketched")

SLIDERS = ("gamma", "lambda_1", "lambda_2")


def test_an_element_has_parameters_of_its_own(tuner):
    w = tuner.widgets
    assert [name for name, _ in w["element"].options] == ["all elements", "Co Kα", "O Kα", "S Kα"]
    picture = w["picture"].value
    w["element"].value = 1
    w["lambda_1"].value = 0.05
    w["lambda_2"].value = 0.004
    w["regulariser"].value = "isotropic"
    assert tuner.parameters["lambdas"] == ([0.01, 0.05, 0.01], [0.02, 0.004, 0.02])
    assert tuner.parameters["regulariser"] == ["directional", "isotropic", "directional"]
    assert w["picture"].value != picture
    w["element"].value = 0
    assert (w["lambda_1"].value, w["regulariser"].value) == (pytest.approx(0.01), "directional")
    w["element"].value = None
    w["lambda_2"].value = 0.04  # they keep their proportions
    assert tuner.parameters["lambdas"][1] == [0.04, 0.008, 0.04]
    w["regulariser"].value = "huber"
    assert tuner.parameters["regulariser"] == "huber"


def test_looking_at_an_element_changes_nothing(tuner):
    before, picture = tuner.parameters, tuner.widgets["picture"].value
    for element in (0, 2, None):
        tuner.widgets["element"].value = element
    assert tuner.parameters == before
    assert tuner.widgets["picture"].value == picture
    assert tuner.widgets["undo"].disabled


def test_total_variation_of_one_element_can_be_turned_up_from_0(specimen):
    given = {**GIVEN, "lambdas": (0.01, [0, 0.02, 0.02])}
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **given)
    tuner.widgets["element"].value = 0
    tuner.widgets["lambda_2"].value = 0.05
    assert tuner.parameters["lambdas"] == (0.01, [0.05, 0.02, 0.02])


@pytest.mark.parametrize("kind", ["sieve", slow("smooth"), "tgv"])
def test_one_element_can_have_another_kind(tuner, kind):
    w, session = tuner.widgets, tuner._session
    before = session.fuse(tuner._values)[0]
    w["element"].value = 1
    w["regulariser"].value = kind
    assert tuner.parameters["regulariser"] == ["directional", kind, "directional"]
    after = session.fuse(tuner._values)[0]
    changes = np.linalg.norm(after - before, axis=(1, 2)) / np.linalg.norm(before, axis=(1, 2))
    assert np.argmax(changes) == 1 and changes[1] > 0.1
    for element, expected in ((0, "directional"), (1, kind)):
        w["element"].value = element
        assert (w["regulariser"].value, w["regulariser"].disabled) == (expected, False)
    w["regulariser"].value = "directional"
    assert tuner.parameters["regulariser"] == "directional"


def test_one_element_can_have_none_where_all_have_a_sieve(tuner):
    w = tuner.widgets
    w["regulariser"].value = "sieve"
    w["element"].value = 2
    w["regulariser"].value = "isotropic"
    assert tuner.parameters["regulariser"] == ["sieve", "sieve", "isotropic"]


def test_undo_goes_back_step_by_step(tuner, monkeypatch):
    w = tuner.widgets
    seen = [tuner.parameters]
    for name, value in (("gamma", 1.5), ("lambda_2", 0.05), ("uses_brightness", False)):
        w[name].value = value
        seen.append(tuner.parameters)
    picture = w["picture"].value
    for expected in reversed(seen[:-1]):
        assert not w["undo"].disabled
        w["undo"].click()
        assert tuner.parameters == expected
    assert w["gamma"].value == 1
    assert w["picture"].value != picture
    assert w["undo"].disabled
    w["undo"].click()
    assert tuner.parameters == seen[0]


def test_a_drag_is_one_step_and_so_is_auto(tuner, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(history.time, "monotonic", lambda: now[0])
    for value in (0.03, 0.04, 0.05):
        tuner.widgets["lambda_2"].value = value
        now[0] += 0.2
    now[0] += 5
    tuner.widgets["lambda_2"].value = 0.1
    tuner.widgets["undo"].click()
    assert tuner.parameters["lambdas"] == (0.01, 0.05)
    monkeypatch.setattr(tuner._session, "choose", lambda: tuner._values.changed("gamma", 1.8))
    tuner.widgets["auto"].click()
    assert tuner.parameters["gamma"] == 1.8
    for gamma, lambda_2 in ((1.0, 0.05), (1.0, 0.02)):
        tuner.widgets["undo"].click()
        assert (tuner.parameters["gamma"], tuner.parameters["lambdas"][1]) == (gamma, lambda_2)


@pytest.mark.parametrize("uses_brightness", [True, False])
def test_a_slider_changes_the_picture_or_is_disabled(tuner, uses_brightness):
    w = tuner.widgets
    w["uses_brightness"].value = uses_brightness
    for name in SLIDERS:
        if w[name].disabled:
            assert not uses_brightness and name != "lambda_2"
            continue
        before = tuner._session.fuse(tuner._values)[0]
        w[name].value *= 2
        after = tuner._session.fuse(tuner._values)[0]
        assert np.linalg.norm(after - before) > 0.01 * np.linalg.norm(before)


def test_the_haadf_can_be_turned_on_where_weights_of_0_were_given(specimen):
    given = {**GIVEN, "weights": [0, 0, 0]}
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **given)
    w, before = tuner.widgets, tuner._session.fuse(tuner._values)[0]
    w["uses_brightness"].value = True
    assert tuner.parameters["weights"] == "auto"
    assert "weights='auto'" in w["code"].value.replace("&#x27;", "'")
    after = tuner._session.fuse(tuner._values)[0]
    assert np.linalg.norm(after - before) > 0.02 * np.linalg.norm(before)
    w["gamma"].value = 1.4
    assert tuner.parameters["weights"] == "auto"
    w["uses_brightness"].value = False
    assert tuner.parameters["weights"] == [0, 0, 0]


def test_a_gamma_beyond_the_slider_is_shown(specimen):
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **{**GIVEN, "gamma": 4})
    assert tuner.widgets["gamma"].value == 4


def test_verdicts_and_messages_stand_in_the_widget_and_not_in_the_log(specimen, caplog):
    tuner = specimen.signal.multimodal_fusion_interactive(
        specimen.haadf.data[::-1], **GIVEN, show_progressbar=False
    )
    tuner.widgets["apply"].click()
    status = tuner.widgets["status"].value
    for row in tuner.output["verdicts"]:
        assert f"{row['map'][:-3]} Kα</b>" in status
        assert row["verdict"] in status
    assert "HAADF" in status
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


def test_warnings_before_an_error_are_logged(caplog):
    logger = logging.getLogger("hyperspy_multimodal.signals")
    with pytest.raises(ValueError), package_warnings() as messages:
        logger.warning("Look.")
        raise ValueError
    assert messages == ["Look."]
    assert caplog.messages == ["Look."]
    with package_warnings():
        logger.warning("Kept.")
    assert caplog.messages == ["Look."]
