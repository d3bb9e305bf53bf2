"""Absorption edges in the continuum of simulated specimens."""

import numpy as np
import pytest

from hyperspy_multimodal.data import Scan
from hyperspy_multimodal.data._absorption_edges import absorption_edges_of, edge_transmission
from hyperspy_multimodal.data._measured_detector import detected_spectra
from hyperspy_multimodal.data._peak_shape import PeakShape, recorded_energy
from hyperspy_multimodal.data._xray import full_width_half_maximum, line_energy, line_families

EDGES = np.arange(-0.0005, 20, 0.001)
CENTRES = (EDGES[1:] + EDGES[:-1]) / 2

# onsets in keV, X-ray Data Booklet (LBNL, 2009), table 1-1
KNOWN = {
    "K": {"C": 0.284, "O": 0.543, "Si": 1.839, "S": 2.472, "Ca": 4.038, "Ti": 4.966, "Fe": 7.112}
    | {"Co": 7.709, "Ni": 8.333, "Cu": 8.979, "Zn": 9.659},
    "L": {"Cu": 0.933, "Mo": 2.520, "Ag": 3.351, "Ba": 5.247, "La": 5.483},
    "M": {"La": 0.836, "Au": 2.206, "Pb": 2.484},
}


@pytest.mark.parametrize(
    ("family", "element"), [(family, each) for family, known in KNOWN.items() for each in known]
)
def test_edges_are_near_where_they_are_known_to_be(family, element):
    known = KNOWN[family][element]
    edges = np.array(absorption_edges_of([element]))
    nearest = edges[np.abs(edges - known).argmin()]
    assert nearest == pytest.approx(known, rel=0.025)
    main = {"K": "Ka", "L": "La", "M": "Ma"}[family]
    assert nearest > line_energy(f"{element}_{main}")


def test_detector_and_window_have_edges_and_each_edge_counts_once():
    own = absorption_edges_of([])
    assert own == [0.284, 0.532, 1.839]
    assert absorption_edges_of(["O", "Si", "O"]) == own
    assert absorption_edges_of(["Li", "Am"]) == own  # without lines
    assert sorted(line_families("Co")) == ["K", "L"]
    assert len(absorption_edges_of(["Co", "O"])) == len(own) + 2


@pytest.mark.parametrize("edge", [0.532, 1.839, 7.649])
@pytest.mark.parametrize("drop", [0.05, 0.4])
def test_an_edge_takes_its_share_and_recovers(edge, drop):
    left = edge_transmission(EDGES, [edge], drop, 130.0, PeakShape())
    width = full_width_half_maximum(edge, 130.0)
    above, below = CENTRES > edge + 2 * width, CENTRES < edge - 2 * width
    expected = 1 - drop * (edge / CENTRES[above]) ** 3
    np.testing.assert_allclose(left[above], expected, atol=2e-6)
    np.testing.assert_allclose(left[below], 1, atol=2e-6)
    assert np.all((left > 0) & (left <= 1))
    assert left.min() > 1 - drop


def test_an_edge_is_as_wide_as_a_line():
    edge = 7.649
    left = 1 - edge_transmission(EDGES, [edge], 0.3, 130.0, PeakShape())
    low, high = np.interp([0.159, 0.841], left[: CENTRES.searchsorted(7.75)] / 0.3, CENTRES[:7750])
    sigma = full_width_half_maximum(edge, 130.0) / np.sqrt(8 * np.log(2))
    assert high - low == pytest.approx(2 * sigma, rel=0.15)


def test_edges_multiply_and_bend_with_lines():
    shape = PeakShape(energy_bend=0.05)
    both, *single = (
        edge_transmission(EDGES, edges, 0.2, 130.0, shape) for edges in ([0.5, 2.0], [0.5], [2.0])
    )
    np.testing.assert_allclose(both, single[0] * single[1], rtol=1e-12)
    moved = edge_transmission(EDGES, [0.5], 0.2, 130.0, PeakShape())
    step = round((0.5 - recorded_energy(0.5, 0.05)) * 1000)
    half = [np.flatnonzero(each < 0.92)[0] for each in (moved, single[0])]
    assert half[0] - half[1] == pytest.approx(step, abs=3)


def test_the_continuum_of_a_detector_has_the_edges_and_nothing_else():
    plain, dropped = (
        detected_spectra(["Co", "Li"], Scan(absorption_edges=drop)).templates for drop in (0.0, 0.2)
    )
    np.testing.assert_array_equal(dropped[:2], plain[:2])
    ratio = dropped[2][20:] / plain[2][20:]
    energy = np.arange(20, 1024) * 0.01
    sure = np.all([np.abs(energy - e) > 0.16 for e in absorption_edges_of(["Co"])], axis=0)
    expected = np.prod(
        [1 - 0.2 * (energy > e) * (e / energy) ** 3 for e in absorption_edges_of(["Co"])], axis=0
    )
    np.testing.assert_allclose(ratio[sure], expected[sure], rtol=2e-3)
    at, before = np.searchsorted(energy, [7.8, 7.5])
    assert ratio[at] / ratio[before] == pytest.approx(0.81, abs=0.01)


def test_edges_are_recorded_where_the_calibration_puts_them():
    plain, shifted = (
        [
            detected_spectra(["Co"], Scan(absorption_edges=drop, energy_offset=offset)).templates[1]
            for drop in (0.0, 0.2)
        ]
        for offset in (0.0, 0.05)
    )
    left = plain[1][20:1019] / plain[0][20:1019]
    np.testing.assert_allclose(shifted[1][25:], left * shifted[0][25:], rtol=1e-9)
