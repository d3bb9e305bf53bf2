"""Widgets for a `TuningSession`: sliders, a region on the HAADF, and a live preview."""

import html
import logging
import time

import ipywidgets
import numpy as np
from matplotlib.widgets import RectangleSelector

from ..fusion.regularisers import are_directional
from ..plot.panels import bar_of_length, pixel_aspect
from .controls import TUNED, controls_of, laid_out
from .history import History
from .preview import Preview
from .said import ERROR, said
from .shown_warnings import package_warnings
from .throttle import Latest
from .values import KINDS

_logger = logging.getLogger(__name__)

_DECADES = 2  # of the sliders of lambdas, to both sides
_FOLLOW_UPS = 20  # fusions that go on, while nothing is changed, until the preview has converged


class Tuner(ipywidgets.VBox):
    """Tune the fusion of a region with widgets, and apply the parameters to the whole scan.

    `multimodal_fusion_interactive` returns an instance, which Jupyter displays.

    Parameters
    ----------
    session : TuningSession
        Session that contains the counts and the HAADF.
    apply : callable
        Function that takes arguments of `multimodal_fusion` as a dictionary, fuses the whole scan
        and returns (maps, output).
    line : callable
        Function that takes the same dictionary and returns the equivalent line of code.
    unit : str
        Unit of the maps.
    warnings : sequence of str
        Messages logged while the counts were read, which the widgets display.

    Attributes
    ----------
    widgets : dict
        Widgets by name: ``element`` (the element whose ``lambda_1``, ``lambda_2`` and
        ``regulariser`` are changed), ``gamma``, ``lambda_1``, ``lambda_2``, ``regulariser``,
        ``uses_brightness``, ``auto``, ``undo``, ``apply``, ``status`` (results of the buttons,
        verdicts, messages and errors), ``haadf``, ``preview`` (state of the preview), ``picture``,
        ``code``.
    seconds : float
        Duration of the latest update of the picture, including the fusion, in seconds.
    """

    def __init__(self, session, apply, line, unit, warnings=()):
        self._session, self._apply, self._line = session, apply, line
        with package_warnings() as more:
            self._values = session.start()
        self._history = History()
        self._result = None
        self._setting_widgets = False
        self._follow_ups = 0
        self._preview = Preview(session.names, unit, session.image_name, session.axes)
        self._changes = Latest(self._guarded(self._update))
        self.seconds = float("nan")
        self.widgets = controls_of(session.names)
        self._connect()
        self._selector = self._crop_selector()
        super().__init__(laid_out(self.widgets))
        self.add_class("multimodal-fusion-tuner")
        self._show_values()
        self._update()
        why = "" if self._values.uses_brightness else self._without_brightness(session.chooses)
        self._say(why, verdicts=session.verdicts, warnings=[*warnings, *more])

    @property
    def maps(self):
        """Fused maps of the whole scan, as returned by `multimodal_fusion` after "Apply to all"."""
        return self._applied[0]

    @property
    def output(self):
        """Dictionary ``output`` of the same fusion, as with ``full_output=True``."""
        return self._applied[1]

    @property
    def parameters(self):
        """Arguments of `multimodal_fusion` that correspond to the current widgets."""
        return self._values.arguments()

    @property
    def _applied(self):
        if self._result is None:
            raise RuntimeError(
                "No maps of the whole scan: nothing was applied yet, or the last application "
                "failed. Press 'Apply to all', wait until it says so, and run this cell again."
            )
        return self._result

    def _connect(self):
        """Connect the widgets to their actions."""
        w = self.widgets
        for name in TUNED:
            w[name].observe(self._on_change, "value")
        w["element"].observe(lambda _: self._show_values(), "value")
        for name in ("auto", "undo", "apply"):
            w[name].on_click(self._guarded(getattr(self, f"_on_{name}")))

    def _crop_selector(self):
        figure = self.widgets["haadf"].figure
        axis = figure.add_axes((0.01, 0.01, 0.98, 0.9))
        axes = self._session.axes
        axis.imshow(self._session.haadf, cmap="gray", aspect=pixel_aspect(axes))
        bar_of_length(axis, self._session.shape, axes[0])
        axis.set(xticks=[], yticks=[])
        axis.set_title(f"{self._session.image_name}: drag the crop or its handles", fontsize=9)
        selector = RectangleSelector(
            axis,
            self._on_crop,
            interactive=True,
            drag_from_anywhere=True,
            props={"edgecolor": "#FFE62F", "fill": False, "linewidth": 1.5},
            handle_props={"markeredgecolor": "#FFE62F", "markerfacecolor": "#FFE62F"},
        )
        selector.extents = self._extents()
        figure.canvas.mpl_connect("button_release_event", self._on_release)
        return selector

    def _extents(self):
        rows, cols = self._session.rows, self._session.cols
        return cols.start - 0.5, cols.stop - 0.5, rows.start - 0.5, rows.stop - 0.5

    def _on_crop(self, *_):
        left, right, top, bottom = np.rint(np.array(self._selector.extents) + 0.5).astype(int)
        if right > left and bottom > top:  # no click
            self._session.crop(slice(top, bottom), slice(left, right))
            self._request()
        self._selector.extents = self._extents()

    def _on_release(self, _):
        """Show the rectangle again after a click without a drag, which hides it."""
        if not self._selector.get_visible():
            self._selector.extents = self._extents()
            self._selector.set_visible(True)
            self._selector.update()

    def _request(self):
        self._follow_ups = 0
        self._say("")
        self._changes.request()

    def _on_change(self, change):
        """Apply the new value of one widget; others may lie outside the range of their slider."""
        if self._setting_widgets:
            return
        (name,) = (name for name in TUNED if self.widgets[name] is change["owner"])
        element = self.widgets["element"].value
        self._history.keep(self._values, (name, element))
        field = "kind" if name == "regulariser" else name
        self._values = self._values.changed(field, change["new"], element)
        if name == "uses_brightness" and self._session.has_no_weights:
            self._values = self._values.changed("weights", "auto" if change["new"] else None)
        self._enable()
        self._request()

    def _on_auto(self, _):
        self._say("Choosing what predicts held-out counts best ...")
        with package_warnings() as warnings:
            chosen = self._session.choose()
        self._history.keep(self._values, None)
        self._values = chosen
        self._show_values()
        self._follow_ups = 0
        self._update()
        uses = "Chosen, with the HAADF."
        if not self._values.uses_brightness:
            uses = f"Chosen. {self._without_brightness(chosen=True)}"
        self._say(uses, verdicts=self._session.verdicts, warnings=warnings)

    def _on_undo(self, _):
        if len(self._history):
            self._values = self._history.back()
            self._show_values()
            self._request()

    def _without_brightness(self, chosen):
        """Explain why the HAADF term is not in the cost, and how the HAADF is still used."""
        why = "does not help to predict held-out counts, or is not like the maps"
        guides = any(are_directional(self._values.kinds()))
        left = "only its edges are used" if guides else "it is left out"
        return f"The brightness of the HAADF {why if chosen else 'has no weight'}: {left}."

    def _on_apply(self, _):
        self._say("Fusing the whole scan ...")
        self._result = None  # of other values
        with package_warnings() as warnings:
            maps, output = self._apply(self.parameters)
        self._result = maps, output
        reached = "converged" if output["converged"] else "not converged"
        done = (
            f"Applied to all: {output['iterations']} iterations, {reached}. The maps are in .maps"
        )
        self._say(done, verdicts=output["verdicts"], warnings=warnings)

    def _show_values(self):
        """Set the widgets to the current values, with the sliders centred in their ranges."""
        self._setting_widgets = True
        try:
            w, values, element = self.widgets, self._values, self.widgets["element"].value
            w["gamma"].max = max(w["gamma"].max, values.gamma)
            w["gamma"].value = values.gamma
            for name in ("lambda_1", "lambda_2"):
                value = values.shown(name, element)
                slider, middle = w[name], np.log10(value)
                slider.min, slider.max = -100, 100  # so that neither order of the next two fails
                slider.max, slider.min = middle + _DECADES, middle - _DECADES
                slider.value = value
            kinds = values.kinds()
            w["regulariser"].options = KINDS if element is None else KINDS[1:]
            w["regulariser"].value = values.kind if element is None else kinds[element]
            w["uses_brightness"].value = values.uses_brightness
            self._enable()
        finally:
            self._setting_widgets = False

    def _enable(self):
        """Disable widgets that have no effect.

        Without the HAADF, gamma has no effect, and only the ratio of the lambdas matters.
        """
        w, values = self.widgets, self._values
        w["gamma"].disabled = w["lambda_1"].disabled = not values.uses_brightness
        w["undo"].disabled = not len(self._history)

    def _update(self):
        """Fuse the region and show the result."""
        began = time.perf_counter()
        session, w = self._session, self.widgets
        fused, residual = session.fuse(self._values)
        haadf = session.haadf[session.rows, session.cols]
        w["picture"].value = self._preview.draw(haadf, residual, session.raw(), fused)
        w["code"].value = f"<code>{html.escape(self._line(self.parameters))}</code>"
        self.seconds = time.perf_counter() - began
        ny, nx = haadf.shape
        shown = f"Preview of {nx} x {ny} pixels: {1000 * self.seconds:.0f} ms"
        if not session.converged:
            shown = f"{shown}, relative gap {session.gap:.0e}"
        if self._values.uses_brightness and not session.model_of(self._values).has_weights:
            shown = f"{shown}. The fitted weights of the HAADF are 0: it has no effect"
        w["preview"].value = shown
        if not session.converged and self._follow_ups < _FOLLOW_UPS:
            self._follow_ups += 1
            self._changes.follow_up()

    def _guarded(self, function):
        """Return ``function``, changed to show errors in the widgets and log their traceback."""

        def run(*args):
            try:
                function(*args)
            except Exception as error:
                _logger.exception("The requested fusion failed.")
                self._say(f"{type(error).__name__}: {error}", colour=ERROR)

        return run

    def _say(self, message, verdicts=(), warnings=(), colour="inherit"):
        self.widgets["status"].value = said(message, verdicts, warnings, colour)
