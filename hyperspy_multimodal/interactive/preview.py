"""Picture of the region: raw above fused maps on a common scale, HAADF above its residual."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..names import written_name
from ..plot.contrast import shared_limits
from ..plot.figures import rows_and_columns
from ..plot.panels import bar_of_length, brightest, pixel_aspect

_WIDTH = 15.0  # inches of the whole picture, which the window shrinks to its own width
_MOST_COLUMNS = 6
_WIDEST, _HIGHEST = 4.5, 4.5  # inches of a panel
_MARGIN = 0.12  # inches between panels
_TITLE, _LABEL = 0.3, 0.42  # inches above and below a panel
_DPI = 96


class Preview:
    """Figure that is laid out once and then updated with new images.

    Parameters
    ----------
    names : list of str
        X-ray lines or edges of the maps.
    unit : str
        Unit of the maps.
    image_name : str
        Name of the detector image. Default "HAADF".
    axes : tuple of hyperspy.axes.DataAxis, optional
        Axes of the scan, x first. They determine the scale bar and the shape of the pixels.
    """

    def __init__(self, names, unit, image_name="HAADF", axes=None):
        pairs = len(names) + 1
        self._rows, self._columns = rows_and_columns(pairs, _MOST_COLUMNS)
        self._figure = Figure(dpi=_DPI)
        self._canvas = FigureCanvasAgg(self._figure)
        grid = self._figure.subplots(2 * self._rows, self._columns, squeeze=False)
        grid = grid.reshape(self._rows, 2, -1).swapaxes(0, 1).reshape(2, -1)
        for unused in grid[:, pairs:].flat:
            unused.remove()
        self._axes = grid[:, :pairs]
        self._names, self._unit, self._image_name = names, unit, image_name
        self._scan_axes, self._bar = axes, None
        self._images = np.empty((2, pairs), object)
        colour_maps = [["gray", *["viridis"] * len(names)], ["RdBu_r", *["viridis"] * len(names)]]
        pixel = 1.0 if axes is None else pixel_aspect(axes)
        for place, axis in np.ndenumerate(self._axes):
            axis.set_xticks([])
            axis.set_yticks([])
            self._images[place] = axis.imshow(
                np.zeros((2, 2)), cmap=colour_maps[place[0]][place[1]], aspect=pixel,
                interpolation="nearest",
            )  # fmt: skip
            axis.title.set_fontsize(11)
            axis.xaxis.label.set_fontsize(9)
        self._pixel, self._shape = pixel, None

    def draw(self, haadf, residual, raw, fused):
        """Return the picture in PNG format.

        Parameters
        ----------
        haadf, residual : numpy.ndarray
            Normalised HAADF of the region and its residual, with shape (rows, columns).
        raw, fused : numpy.ndarray
            Maps of the region, with shape (K, rows, columns).
        """
        is_new = self._fit(haadf.shape)
        low, furthest = float(haadf.min()), brightest(np.abs(residual))
        name = self._image_name
        self._show((0, 0), haadf, name, low, brightest(haadf, low), "normalised")
        self._show(
            (1, 0), residual, f"{name} residual", -furthest, furthest, "measured minus modelled"
        )
        for pair, (name, before, after) in enumerate(zip(self._names, raw, fused, strict=True), 1):
            limits = shared_limits(before, after)
            for row, (data, stage) in enumerate(((before, "raw"), (after, "fused"))):
                title = f"{written_name(name)}, {stage}"
                self._show((row, pair), data, title, *limits, self._unit)
        if is_new and self._scan_axes is not None:
            if self._bar is not None:
                self._bar.remove()
            # where the image that is shown now is darkest
            self._bar = bar_of_length(self._axes[0, 0], haadf.shape, self._scan_axes[0])
        picture = io.BytesIO()
        self._canvas.print_png(picture, pil_kwargs={"compress_level": 1})
        return picture.getvalue()

    def _fit(self, shape):
        """Make the panels as large as the picture allows, and return whether the shape is new."""
        if shape == self._shape:
            return False
        self._shape = shape
        ny, nx = shape
        width = min(_WIDTH / self._columns - _MARGIN, _WIDEST)
        height = width * ny * self._pixel / nx
        if height > _HIGHEST:
            width, height = max(width * _HIGHEST / height, 0.35 * width), _HIGHEST
        row = height + _TITLE + _LABEL
        size = self._columns * (width + _MARGIN), 2 * self._rows * row
        self._figure.set_size_inches(size)
        self._figure.subplots_adjust(
            left=_MARGIN / 2 / size[0], right=1 - _MARGIN / 2 / size[0],
            bottom=_LABEL / size[1], top=1 - _TITLE / size[1],
            wspace=_MARGIN / width, hspace=(_TITLE + _LABEL) / height,
        )  # fmt: skip
        for image, axis in zip(self._images.flat, self._axes.flat, strict=True):
            image.set_extent((-0.5, nx - 0.5, ny - 0.5, -0.5))
            axis.set(xlim=(-0.5, nx - 0.5), ylim=(ny - 0.5, -0.5))
        return True

    def _show(self, place, data, title, low, high, unit):
        """Fill a panel with colours from ``low`` to ``high``, and write these limits below it."""
        image, axis = self._images[place], self._axes[place]
        image.set_data(data)
        image.set_clim(low, high)
        axis.set_title(title, fontsize=11)
        axis.set_xlabel(f"{_number(low)} to {_number(high)}\n{unit}", fontsize=9)


def _number(value):
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}"
    return text.replace("-", "\N{MINUS SIGN}")
