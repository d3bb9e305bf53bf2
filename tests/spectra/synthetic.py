"""Summed spectra with known lines and continuum."""

import numpy as np

from hyperspy_multimodal.spectra.continuum import continuum_shapes
from hyperspy_multimodal.spectra.detector import Detector
from hyperspy_multimodal.spectra.lines import element_lines

EDGES = (np.arange(1025) - 0.5) * 0.01
NOMINAL = Detector(EDGES, 130.0)
USED = NOMINAL.centres > 0.2
BEAM = 200.0


def lines_of(*elements):
    return [line for element in elements for line in element_lines(element, 0.2, 10.2)]


def expected(lines, counts, detector=NOMINAL, continuum=2e4):
    """Counts by channel: ``counts`` of each element's strongest line by family."""
    shapes = detector.shapes([line.energy for line in lines])
    amplitudes = np.array([counts[line.element] * line.weight for line in lines])
    smooth = continuum_shapes(NOMINAL, BEAM, USED).sum(axis=0)
    return amplitudes @ shapes + continuum * smooth / smooth.sum(), amplitudes
