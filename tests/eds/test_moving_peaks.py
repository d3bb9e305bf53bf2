"""Peaks that lie elsewhere in bright pixels than in dark ones are found, and limit the verdict."""

from dataclasses import replace

import hyperspy.api as hs
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.counts.templates import Templates
from hyperspy_multimodal.eds.moving_peaks import movement, position_rows
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.notes import gathered

from .spectrum.synthetic import BEAM, NOMINAL, expected

CHANNEL = 0.01
ENERGY = CHANNEL * np.arange(300)


def peak(energy, sigma=0.06):
    shape = np.exp(-0.5 * ((ENERGY - energy) / sigma) ** 2)
    return shape / shape.sum()


@pytest.fixture
def templates():
    shapes = np.array([peak(1.0), peak(1.1), np.full(300, 1 / 300)])
    return Templates(["A", "B"], ["continuum"], shapes, 1 / shapes.sum(axis=0))


def test_rows_read_counts_times_shift_off_a_spectrum(templates):
    rows = position_rows(templates, CHANNEL)
    moved = 500 * peak(1.0 + 0.004) + 300 * peak(1.1 - 0.003) + 2.0
    assert_allclose(rows @ moved, [500 * 0.004, -300 * 0.003], rtol=0.1)
    # and nothing off one whose peaks lie where they should
    assert_allclose(rows @ templates.shapes.T, 0, atol=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.01])
def test_shifts_and_what_they_do_to_totals(templates, shift):
    """A fit that has one position gives what moves towards a neighbour to that."""
    rng = np.random.default_rng(0)
    bright = np.arange(1600).reshape(40, 40) % 40 >= 26
    dark_spectrum = 20 * peak(1.0) + 0.02
    bright_spectrum = 20 * peak(1.0) + 60 * peak(1.1 - shift) + 0.05
    expected = np.where(bright[..., None], bright_spectrum, dark_spectrum)
    spectra = rng.poisson(expected)
    net, moved = (
        np.moveaxis(spectra @ rows[:2].T, -1, 0)
        for rows in (templates.projection, position_rows(templates, CHANNEL))
    )
    found = movement(templates, CHANNEL, net, moved, spectra.sum(axis=-1))
    assert abs(found.shifts[0]) < 4 * found.errors[0]
    assert found.is_certain == bool(shift)
    # peaks that do not move, such as A's, hold the mean back
    assert -shift - 4 * found.errors[-1] <= found.shifts[-1] <= -0.5 * shift + 4 * found.errors[-1]
    excess = net.sum(axis=(1, 2)) - [20 * 1600, 60 * bright.sum()]
    if shift:
        assert_allclose(found.bias, np.abs(excess), rtol=0.5)


def read(signal):
    with gathered() as notes:
        reading = read_now(signal, plan_fit(signal, None, 2.0, None))
    return reading, [note for note in notes if note.kind == "moving peaks"]


def scan(shift):
    """Barium in a film, titanium in bright pixels, whose peaks lie lower by ``shift`` keV."""
    low = replace(NOMINAL, offset=-shift)
    dark = expected({"Ba": 200.0, "O": 100.0}, smooth=300.0)
    bright = expected({"Ba": 200.0, "O": 100.0, "Ti": 150.0}, low, smooth=600.0)
    is_bright = np.arange(900).reshape(30, 30) % 30 >= 18
    mean = np.where(is_bright[..., None], bright, dark)
    signal = hs.signals.Signal1D(np.random.default_rng(0).poisson(mean).astype(np.uint16))
    signal.set_signal_type("EDS_TEM")
    axis = signal.axes_manager[-1]
    axis.scale, axis.offset, axis.units = NOMINAL.channel, NOMINAL.centres[0], "keV"
    signal.set_microscope_parameters(beam_energy=BEAM, energy_resolution_MnKa=130.0)
    signal.set_elements(["Ba", "O", "Ti"])
    signal.set_lines(["Ba_La", "O_Ka", "Ti_Ka"])
    return signal


def test_a_scan_whose_bright_pixels_lie_lower_is_told():
    still, silent = read(scan(0.0))
    moved, (note,) = read(scan(0.02))
    assert silent == []
    assert "Peaks shift" in note.text
    assert set(note.about) <= {"Ba_La", "Ti_Ka"} and "Ti_Ka" in note.about
    k = moved.names.index("Ti_Ka")
    wrong = abs(moved.totals[k] - still.totals[k])
    assert 0.1 * still.totals[k] < wrong < 2 * moved.total_errors[k]
    assert np.linalg.eigvalsh(moved.common_covariance).min() > -1e-9 * moved.totals.max() ** 2


def test_few_positions_say_nothing(templates):
    small = np.ones((2, 5, 5))
    assert movement(templates, CHANNEL, small, small, small[0]) is None
