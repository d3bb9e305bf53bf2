"""Widgets of the tuner; ``tuner`` defines their actions."""

import ipywidgets
from ipympl.backend_nbagg import Canvas, FigureManager
from matplotlib.figure import Figure

from ..names import written_name
from .values import KINDS

#: Widgets that set parameters.
TUNED = ("gamma", "lambda_1", "lambda_2", "regulariser", "uses_brightness")
#: Option of the widget "element" that selects all elements.
ALL = "all elements"
_GAMMAS = (0.5, 3.0, 0.05)
_WIDE = {"style": {"description_width": "6em"}, "layout": {"width": "26em"}}
_SIDE = 3.4  # inches of the HAADF


def controls_of(names):
    """Return a dictionary of the widgets for maps of these X-ray lines or edges."""
    low, high, step = _GAMMAS
    elements = [(ALL, None), *((written_name(name), i) for i, name in enumerate(names))]

    def button(description, tooltip, **options):
        return ipywidgets.Button(
            description=description, tooltip=tooltip, layout={"width": "8em"}, **options
        )

    controls = {
        "element": ipywidgets.Dropdown(options=elements, description="change", **_WIDE),
        "gamma": ipywidgets.FloatSlider(min=low, max=high, step=step, description="gamma", **_WIDE),
        "lambda_1": ipywidgets.FloatLogSlider(description="lambda_1", step=0.05, **_WIDE),
        "lambda_2": ipywidgets.FloatLogSlider(description="lambda_2", step=0.05, **_WIDE),
        "regulariser": ipywidgets.Dropdown(options=KINDS, description="regulariser", **_WIDE),
        "uses_brightness": ipywidgets.Checkbox(description="use the HAADF", **_WIDE),
        "auto": button("Auto", "Choose what predicts held-out counts best"),
        "undo": button("Undo", "Go back to the former values", disabled=True),
        "apply": button("Apply to all", "Fuse the whole scan", button_style="primary"),
        "status": ipywidgets.HTML(
            layout={"flex": "1 1 20em", "max_height": "26em", "overflow": "auto"}
        ),
        "preview": ipywidgets.HTML(),
        "picture": ipywidgets.Image(
            format="png", layout={"max_width": "100%", "align_self": "flex-start"}
        ),
        "code": ipywidgets.HTML(),
        "haadf": Canvas(Figure(figsize=(_SIDE, _SIDE))),
    }
    FigureManager(controls["haadf"], 0)
    for name in ("header_visible", "footer_visible", "toolbar_visible", "resizable"):
        setattr(controls["haadf"], name, False)
    return controls


def laid_out(controls):
    """Return the widgets of the tuner, arranged in rows."""
    buttons = ipywidgets.HBox([controls[name] for name in ("auto", "undo", "apply")])
    tuned = [controls[name] for name in ("element", *TUNED)]
    top = ipywidgets.HBox(
        [ipywidgets.VBox([*tuned, buttons]), controls["haadf"], controls["status"]],
        layout={"flex_flow": "row wrap"},
    )
    return [top, controls["preview"], controls["picture"], controls["code"]]
