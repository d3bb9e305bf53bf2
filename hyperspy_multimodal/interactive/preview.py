"""The picture of the crop: raw above fused, HAADF above its residual."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..plot.panels import brightest

_PANEL = 1.75  # inches
_DPI = 90


class Preview:
    """A figure that is drawn once and then only filled with new images.

    Parameters
    ----------
    names : list of str
        Lines or edges of the maps.
    unit : str
        What the values of the maps are.
    image_name : str
        Name of the detector's image, default "HAADF".
    """

    def __init__(self, names, unit, image_name="HAADF"):
        columns = len(names) + 1
        self._figure = Figure(figsize=(_PANEL * columns * 1.15, 2 * (_PANEL + 0.75)), dpi=_DPI)
        self._canvas = FigureCanvasAgg(self._figure)
        self._axes = self._figure.subplots(2, columns, squeeze=False)
        self._figure.subplots_adjust(0.01, 0.09, 0.99, 0.9, 0.08, 0.5)
        self._names, self._unit, self._image_name = names, unit, image_name
        self._images = np.empty((2, columns), object)
        colour_maps = [["gray", *["viridis"] * len(names)], ["RdBu_r", *["viridis"] * len(names)]]
        for place, axis in np.ndenumerate(self._axes):
            axis.set_xticks([])
            axis.set_yticks([])
            name = colour_maps[place[0]][place[1]]
            self._images[place] = axis.imshow(np.zeros((2, 2)), cmap=name, interpolation="nearest")
            axis.title.set_fontsize(9)
            axis.xaxis.label.set_fontsize(8)

    def draw(self, haadf, residual, raw, fused):
        """Return the picture as PNG.

        Parameters
        ----------
        haadf, residual : numpy.ndarray
            HAADF of the crop in unit range, and its residual, shape (rows, columns).
        raw, fused : numpy.ndarray
            Maps of the crop, shape (K, rows, columns).
        """
        low, furthest = float(haadf.min()), brightest(np.abs(residual))
        name = self._image_name
        self._show((0, 0), haadf, name, low, brightest(haadf, low), "unit range")
        self._show((1, 0), residual, f"{name} residual", -furthest, furthest, "unit range")
        for column, (name, before, after) in enumerate(
            zip(self._names, raw, fused, strict=True), 1
        ):
            self._show((0, column), before, f"{name}, raw", 0, brightest(before), self._unit)
            self._show((1, column), after, f"{name}, fused", 0, brightest(after), self._unit)
        picture = io.BytesIO()
        self._canvas.print_png(picture, pil_kwargs={"compress_level": 1})
        return picture.getvalue()

    def _show(self, place, data, title, low, high, unit):
        """Fill a panel; its colours go from ``low`` to ``high``, which is written below it."""
        image, axis = self._images[place], self._axes[place]
        ny, nx = data.shape
        if image.get_array().shape != data.shape:
            image.set_extent((-0.5, nx - 0.5, ny - 0.5, -0.5))
            axis.set(xlim=(-0.5, nx - 0.5), ylim=(ny - 0.5, -0.5))
        image.set_data(data)
        image.set_clim(low, high)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel(f"{_number(low)} to {_number(high)}\n{unit}", fontsize=8)


def _number(value):
    return f"{value:.2g}".replace("-", "\N{MINUS SIGN}")
