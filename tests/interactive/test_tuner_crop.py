"""The tuner shows a crop of the scan, which its rectangle moves."""

import numpy as np
import pytest
from matplotlib.backend_bases import MouseEvent

pytest.importorskip("ipympl", reason="needs the gui extra: ipympl")

from .tuning import GIVEN


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


def drag(tuner, start, end):
    """Press the mouse at a place (x, y) of the HAADF, move it to another and let go."""
    axis = tuner._selector.ax
    canvas = axis.figure.canvas
    for name, place in (
        ("motion_notify_event", start),
        ("button_press_event", start),
        ("motion_notify_event", end),
        ("button_release_event", end),
    ):
        x, y = axis.transData.transform(place)
        canvas.callbacks.process(name, MouseEvent(name, canvas, x, y, 1))


def test_the_crop_is_dragged_and_a_click_leaves_it(tuner):
    session = tuner._session
    before, (x, y) = (session.rows, session.cols), (session.cols.stop + 4, session.rows.stop + 1)
    drag(tuner, (x, y), (x, y))
    assert (session.rows, session.cols) == before
    assert tuner._selector.get_visible()
    assert tuner._selector.extents == tuner._extents()
    middle = (session.cols.start + session.cols.stop - 1) / 2, 20
    drag(tuner, middle, (middle[0] + 5, 20))
    assert session.cols == slice(before[1].start + 5, before[1].stop + 5)
    assert session.rows == before[0]


def test_masked_positions_have_no_raw_counts_even_where_a_crop_has_no_others(specimen):
    mask = np.zeros((40, 48), bool)
    mask[:14] = True
    tuner = specimen.signal.multimodal_fusion_interactive(
        specimen.haadf, **GIVEN, navigation_mask=mask
    )
    session = tuner._session
    for rows in (slice(0, 10), slice(8, 30)):
        session.crop(rows, slice(0, 20))
        tuner._update()
        assert np.isnan(session.raw()[:, mask[rows, :20]]).all()
        assert np.isfinite(session.raw()[:, ~mask[rows, :20]]).all()
        assert np.isfinite(session.fuse(tuner._values)[0]).all()
