"""Sliders, a crop on the HAADF and a live picture around a `TuningSession`."""

import html
import logging
import time

import ipywidgets
import numpy as np
from ipympl.backend_nbagg import Canvas, FigureManager
from matplotlib.figure import Figure
from matplotlib.widgets import RectangleSelector

from ..fusion.regularisers import are_directional
from .preview import Preview
from .session import KINDS
from .shown_warnings import package_warnings
from .throttle import Latest

_logger = logging.getLogger(__name__)

_GAMMAS = (0.5, 3.0, 0.05)
_DECADES = 2  # of the sliders of lambdas, to both sides
_FOLLOW_UPS = 20  # fusions that go on, while nothing is changed, until the preview has converged
_WIDE = {"style": {"description_width": "5em"}, "layout": {"width": "24em"}}


class Tuner(ipywidgets.VBox):
    """Widgets that tune a fusion on a crop and apply it to the whole scan.

    What `multimodal_fusion_interactive` returns; as the last line of a cell it shows itself.

    Parameters
    ----------
    session : TuningSession
        Counts and HAADF.
    apply : callable
        Called with the arguments of `multimodal_fusion`; returns (maps, output) of the whole scan.
    line : callable
        Called with the same arguments; returns the line of code that has them.
    unit : str
        What the values of the maps are.

    Attributes
    ----------
    widgets : dict
        The widgets by name: ``gamma``, ``lambda_1``, ``lambda_2``, ``regulariser``,
        ``uses_haadf``, ``auto``, ``apply``, ``status`` (of what the buttons did, and errors),
        ``haadf``, ``preview`` (what is shown), ``picture``, ``code``.
    seconds : float
        What the last picture took, fusion included.
    """

    def __init__(self, session, apply, line, unit="net counts"):
        self._session, self._apply, self._line = session, apply, line
        self._values = session.start()
        self._result = None
        self._setting_widgets = False
        self._follow_ups = 0
        self._preview = Preview(session.names, unit, session.image_name)
        self._changes = Latest(self._guarded(self._update))
        self.seconds = float("nan")
        self.widgets = self._controls()
        self._selector = self._crop_selector()
        w = self.widgets
        super().__init__(
            [
                ipywidgets.HBox(
                    [
                        ipywidgets.VBox(
                            [w[name] for name in ("gamma", "lambda_1", "lambda_2", "regulariser")]
                            + [w["uses_haadf"], ipywidgets.HBox([w["auto"], w["apply"]])]
                            + [w["status"]]
                        ),
                        w["haadf"],
                    ]
                ),
                w["preview"],
                w["picture"],
                w["code"],
            ]
        )
        self.add_class("multimodal-fusion-tuner")
        self._show_values()
        self._update()
        if not self._values.uses_haadf:
            self._say(self._without_brightness(session.chooses))

    @property
    def maps(self):
        """Fused maps of the whole scan: what `multimodal_fusion` returned when it was applied."""
        return self._applied[0]

    @property
    def output(self):
        """The ``full_output`` of that fusion."""
        return self._applied[1]

    @property
    def parameters(self):
        """Arguments of `multimodal_fusion` as the widgets stand now."""
        return self._values.arguments()

    @property
    def _applied(self):
        if self._result is None:
            raise RuntimeError(
                "No maps of the whole scan: nothing was applied yet, or the last application "
                "failed. Press 'Apply to all', wait until it says so, and run this cell again."
            )
        return self._result

    def _controls(self):
        low, high, step = _GAMMAS
        gamma = ipywidgets.FloatSlider(min=low, max=high, step=step, description="gamma", **_WIDE)
        controls = {
            "gamma": gamma,
            "lambda_1": ipywidgets.FloatLogSlider(description="lambda_1", step=0.05, **_WIDE),
            "lambda_2": ipywidgets.FloatLogSlider(description="lambda_2", step=0.05, **_WIDE),
            "regulariser": ipywidgets.Dropdown(options=KINDS, description="regulariser", **_WIDE),
            "uses_haadf": ipywidgets.Checkbox(description="use the HAADF", **_WIDE),
            "auto": ipywidgets.Button(
                description="Auto", tooltip="Choose what predicts held-out counts best"
            ),
            "apply": ipywidgets.Button(
                description="Apply to all", button_style="primary", tooltip="Fuse the whole scan"
            ),
            "status": ipywidgets.HTML(layout={"width": "24em"}),
            "preview": ipywidgets.HTML(),
            "picture": ipywidgets.Image(
                format="png",
                layout={"max_width": "100%", "align_self": "flex-start"},  # never enlarged
            ),
            "code": ipywidgets.HTML(),
        }
        for name in ("gamma", "lambda_1", "lambda_2", "regulariser", "uses_haadf"):
            controls[name].observe(self._on_change, "value")
        controls["auto"].on_click(self._guarded(self._on_auto))
        controls["apply"].on_click(self._guarded(self._on_apply))
        figure = Figure(figsize=(3.4, 3.4))
        controls["haadf"] = Canvas(figure)
        FigureManager(controls["haadf"], 0)
        controls["haadf"].header_visible = controls["haadf"].footer_visible = False
        controls["haadf"].toolbar_visible = controls["haadf"].resizable = False
        return controls

    def _crop_selector(self):
        figure = self.widgets["haadf"].figure
        axis = figure.add_axes((0.01, 0.01, 0.98, 0.9))
        axis.imshow(self._session.haadf, cmap="gray")
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
        """Show the rectangle again: a click without a drag has hidden it."""
        if not self._selector.get_visible():
            self._selector.extents = self._extents()
            self._selector.set_visible(True)
            self._selector.update()

    def _request(self):
        self._follow_ups = 0
        self._say("")
        self._changes.request()

    def _on_change(self, change):
        """Take over what one widget says; others may stand beyond what their sliders can show."""
        if self._setting_widgets:
            return
        (name,) = (name for name, each in self.widgets.items() if each is change["owner"])
        self._values = self._values.changed(
            "kind" if name == "regulariser" else name, change["new"]
        )
        self._request()

    def _on_auto(self, _):
        self._say("Choosing what predicts held-out counts best ...")
        with package_warnings() as warnings:
            self._values = self._session.choose()
        self._show_values()
        self._follow_ups = 0
        self._update()
        uses = "Chosen, with the HAADF."
        if not self._values.uses_haadf:
            uses = f"Chosen. {self._without_brightness(chosen=True)}"
        self._say(uses, warnings=warnings)

    def _without_brightness(self, chosen):
        """Say why the HAADF term is not in the cost, and what is left of the HAADF."""
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
        said = (
            f"Applied to all: {output['iterations']} iterations, {reached}. The maps are in .maps"
        )
        self._say(said, warnings=warnings)

    def _show_values(self):
        """Put the sliders where the values are, in the middle of their ranges."""
        self._setting_widgets = True
        try:
            w, values = self.widgets, self._values
            w["gamma"].value = values.gamma
            for name in ("lambda_1", "lambda_2"):
                value = getattr(values, name)
                slider, middle = w[name], np.log10(value)
                slider.min, slider.max = -100, 100  # so that neither order of the next two fails
                slider.max, slider.min = middle + _DECADES, middle - _DECADES
                slider.value = value
            w["regulariser"].value, w["uses_haadf"].value = values.kind, values.uses_haadf
        finally:
            self._setting_widgets = False

    def _update(self):
        """Fuse the crop and show it."""
        began = time.perf_counter()
        session, w = self._session, self.widgets
        fused, residual = session.fuse(self._values)
        haadf = session.haadf[session.rows, session.cols]
        w["picture"].value = self._preview.draw(haadf, residual, session.raw(), fused)
        w["code"].value = f"<code>{html.escape(self._line(self.parameters))}</code>"
        self.seconds = time.perf_counter() - began
        ny, nx = haadf.shape
        said = f"Preview of {nx} x {ny} pixels: {1000 * self.seconds:.0f} ms"
        if not session.converged:
            said = f"{said}, relative gap {session.gap:.0e}"
        w["preview"].value = said
        if not session.converged and self._follow_ups < _FOLLOW_UPS:
            self._follow_ups += 1
            self._changes.follow_up()

    def _guarded(self, function):
        """Show an error of ``function`` where the user looks, and log it with its traceback."""

        def run(*args):
            try:
                function(*args)
            except Exception as error:
                _logger.exception("The fusion that was asked for failed.")
                self._say(f"{type(error).__name__}: {error}", colour="#B00020")

        return run

    def _say(self, message, colour="inherit", warnings=()):
        text = "<br>".join(map(html.escape, "\n".join([message, *warnings]).split("\n")))
        self.widgets["status"].value = f'<span style="color: {colour}">{text}</span>'
