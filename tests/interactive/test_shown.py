"""What the tuner shows is what it says, and what its line of code gives."""

import html

import numpy as np
import pytest
from slow_repeats import slow

pytest.importorskip("ipympl", reason="needs the gui extra: ipympl")

from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_multimodal.interactive.line_of_code import call
from hyperspy_multimodal.interactive.said import said

from .tuning import GIVEN

pytestmark = pytest.mark.usefixtures("sketched")


def panels(tuner):
    """Return what panels show, by their titles."""
    axes = tuner._preview._axes.flat
    return {axis.get_title(): axis.images[0].get_array().filled(np.nan) for axis in axes}


def line_of(tuner):
    return html.unescape(tuner.widgets["code"].value.removeprefix("<code>").removesuffix("</code>"))


def test_panels_show_the_crop_of_the_whole_scan_where_they_say(specimen, tuner):
    session = tuner._session
    session.crop(slice(0, 40), slice(0, 48))
    for _ in range(20):
        tuner._update()
        if session.converged:
            break
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, **tuner.parameters, full_output=True
    )
    shown = panels(tuner)
    np.testing.assert_allclose(shown.pop("HAADF"), output["haadf"].data, atol=1e-6)
    residual = shown.pop("HAADF residual")
    np.testing.assert_allclose(residual, output["haadf_residual"].data, atol=0.05)
    for name, fused, raw in zip(("Co", "O", "S"), maps, output["raw_maps"], strict=True):
        np.testing.assert_allclose(shown.pop(f"{name} Kα, raw"), raw.data, rtol=1e-5, atol=1e-5)
        found = shown.pop(f"{name} Kα, fused")
        assert np.linalg.norm(found - fused.data) < 0.03 * np.linalg.norm(fused.data)
    assert not shown


@pytest.mark.parametrize(
    "arguments",
    [
        slow({}),
        {"navigation_mask": np.arange(40 * 48).reshape(40, 48) < 480},
        {"weights": np.array([0.3, 0.2, np.float64(0.1)]), "haadf_blur": np.float64(0.5)},
        {"keep_totals": False, "xray_lines": ["S_Ka", "Co_Ka"]},
        slow({"map_method": "windows"}),
    ],
)
def test_the_line_of_code_gives_the_maps_that_are_applied(specimen, arguments):
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN, **arguments)
    w = tuner.widgets
    w["gamma"].value = 1.35
    w["lambda_2"].value = 0.0123456789
    w["element"].value = 1
    w["lambda_1"].value = 0.03
    w["regulariser"].value = "huber"
    w["element"].value = 0
    w["regulariser"].value = "sieve"
    w["apply"].click()
    names = {"s": specimen.signal, "haadf": specimen.haadf, **arguments}
    maps = eval(line_of(tuner), names)
    for one, other in zip(tuner.maps, maps, strict=True):
        np.testing.assert_array_equal(one.data, other.data)


def test_the_preview_has_the_parameters_that_are_shown(tuner, monkeypatch):
    from hyperspy_multimodal.interactive import session as module

    settings = []
    fuse = module.fuse_setting
    monkeypatch.setattr(
        module, "fuse_setting", lambda *a, **k: settings.append(a[2]) or fuse(*a, **k)
    )
    tuner.widgets["gamma"].value = 1.23456
    tuner.widgets["lambda_2"].value = 0.0123456789
    tuner.widgets["element"].value = 2
    tuner.widgets["lambda_1"].value = 0.0345678
    given, setting = tuner.parameters, settings[-1]
    assert setting.model.gamma == given["gamma"] == 1.235
    lambda_1, lambda_2 = setting.lambdas
    np.testing.assert_allclose(lambda_1, given["lambdas"][0], rtol=1e-12)
    np.testing.assert_allclose(lambda_2, given["lambdas"][1], rtol=1e-12)
    assert given["lambdas"] == ([0.01, 0.01, 0.03457], 0.01235)


def test_both_images_have_a_scale_bar(tuner):
    for axis in (tuner._selector.ax, tuner._preview._axes[0, 0]):
        (bar,) = (each for each in axis.artists if isinstance(each, AnchoredSizeBar))
        assert bar.txt_label.get_text().endswith(" nm")


def test_code_writes_numbers_out_and_names_what_is_long():
    given = {
        "haadf_blur": np.float64(0.5),
        "weights": np.array([0.0, 1.0]),
        "windows": [(np.int64(1), 2)],
        "navigation_mask": np.zeros((9, 9), bool),
    }
    assert call(given) == (
        "s.multimodal_fusion(haadf, haadf_blur=0.5, weights=[0.0, 1.0], windows=[(1, 2)], "
        "navigation_mask=navigation_mask)"
    )


def test_what_is_said_is_text_with_verdicts_in_colour():
    row = {"map": "Co_Ka", "verdict": "with care", "because": ["few <counts>", "a shift"]}
    text = said("Done & <shown>", [row], ["first\nsecond"])
    assert "Done &amp; &lt;shown&gt;" in text
    assert "<b>Co Kα</b>" in text
    assert "with care: few &lt;counts&gt;, a shift" in text
    assert "first<br>second" in text
