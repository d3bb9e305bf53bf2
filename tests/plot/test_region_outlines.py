"""Outlines and names of regions are all visible, also of regions that overlap."""

from itertools import combinations

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from hyperspy_multimodal.plot.panels import REGION_COLOURS, place, region_colour
from hyperspy_multimodal.plot.region_outlines import draw_outlines, place_names

SHAPE = 48, 64
ROWS, COLUMNS = np.indices(SHAPE)
LEFT, RIGHT = (np.hypot(ROWS - 20, COLUMNS - column) < 11 for column in (16, 46))
BOTH = LEFT | RIGHT
REGIONS = {
    "left": LEFT,
    "right": RIGHT,
    "both": BOTH,
    "film": ~BOTH,
    "core of the left one": np.hypot(ROWS - 20, COLUMNS - 16) < 5,
    "right again": RIGHT,
    "scan": np.ones(SHAPE, bool),
}


def drawn(regions, size=(4.0, 3.0)):
    """Return the axes and names of regions on a dark image."""
    signal = hs.signals.Signal2D(np.zeros(SHAPE))
    masks = np.array(list(regions.values()))
    axis = plt.figure(figsize=size, dpi=200).subplots()
    place(axis, signal.data, signal, cmap="gray", vmin=0, vmax=1)
    names = draw_outlines(axis, list(regions), masks, signal)
    place_names(axis, names, masks, signal)
    return axis, names


def seen(axis, number):
    """Return how many pixels of a picture have the colour of a region."""
    axis.figure.canvas.draw()
    picture = np.asarray(axis.figure.canvas.buffer_rgba())[..., :3] / 255.0
    return int((np.abs(picture - to_rgb(region_colour(number))).max(axis=-1) < 0.06).sum())


def lab(colour):
    """Return a colour in CIELAB, where distances are those that eyes see."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    x, y, z = np.cbrt(to_xyz @ linear / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_twelve_regions_have_colours_that_differ():
    colours = [lab(region_colour(number)) for number in range(12)]
    assert len(REGION_COLOURS) == 12
    assert min(np.linalg.norm(a - b) for a, b in combinations(colours, 2)) > 20


@pytest.mark.parametrize("order", [1, -1])
def test_no_outline_hides_another(order):
    regions = dict(list(REGIONS.items())[::order])
    axis, names = drawn(regions)
    for name in names:
        name.remove()
    for number, mask in enumerate(regions.values()):
        rim = np.abs(np.diff(np.pad(mask, 1).astype(int), axis=0)).sum()
        assert seen(axis, number) > 1.5 * rim, list(regions)[number]


def test_outlines_lie_inside_their_regions():
    axis, names = drawn({"left half": COLUMNS < 32, "right half": COLUMNS >= 32})
    for name in names:
        name.remove()
    axis.figure.canvas.draw()
    picture = np.asarray(axis.figure.canvas.buffer_rgba())[::-1, :, :3] / 255.0
    edge = axis.transData.transform((31.5, 0))[0]
    for number, side in enumerate((np.s_[:, int(edge) + 2 :], np.s_[:, : int(edge) - 1])):
        other = np.abs(picture - to_rgb(region_colour(number))).max(axis=-1) < 0.06
        assert other.any() and not other[side].any()


@pytest.mark.parametrize("size", [(4.0, 3.0), (2.4, 2.0)])
def test_names_do_not_overlap_and_lie_inside_the_image(size):
    axis, names = drawn(REGIONS, size)
    image = axis.get_window_extent()
    boxes = [name.get_window_extent() for name in names]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    for box in boxes:
        assert image.x0 - 2 <= box.x0 and box.x1 <= image.x1 + 2
        assert image.y0 - 2 <= box.y0 and box.y1 <= image.y1 + 2


def test_a_name_lies_in_the_part_that_no_smaller_region_shares():
    _, names = drawn({"all": np.ones(SHAPE, bool), "a": ROWS < 30})
    for name, is_inside in zip(names, (False, True), strict=True):
        assert (name.get_position()[1] < 30) == is_inside
