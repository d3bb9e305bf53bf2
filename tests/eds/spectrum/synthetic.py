"""Summed spectra of known elements, on detectors that are known too."""

from dataclasses import replace
from functools import cache

import exspy.material  # noqa: F401 - its import warns, which tests of warnings must not see
import numpy as np
from scipy.special import ndtr

from hyperspy_multimodal.eds.spectrum.attribution import attribute
from hyperspy_multimodal.eds.spectrum.detector import Detector
from hyperspy_multimodal.eds.spectrum.explain import explain
from hyperspy_multimodal.eds.spectrum.explanation import Explanation
from hyperspy_multimodal.eds.spectrum.sum_fit import fit_sum_spectrum
from hyperspy_multimodal.eds.spectrum.sum_model import Setting
from hyperspy_multimodal.physics.lines import element_lines
from hyperspy_multimodal.physics.yields import xrays_per_atom

BEAM = 200.0
LOWEST = 0.2
NOMINAL = Detector((np.arange(1025) - 0.5) * 0.01, 130.0)
#: As far as the K lines of molybdenum and the L lines of gold.
LONG = Detector((np.arange(2049) - 0.5) * 0.01, 130.0)


def used_by(detector):
    return detector.centres > LOWEST


USED = used_by(NOMINAL)


def lines_of(*elements, detector=NOMINAL):
    high = detector.centres[-1]
    return [line for element in elements for line in element_lines(element, LOWEST, high)]


def limits_of(*names, detector=NOMINAL, half_width=0.12):
    """Windows around lines, shape (K, 2), in keV."""
    elements = dict.fromkeys(name.split("_")[0] for name in names)
    energies = {line.name: line.energy for line in lines_of(*elements, detector=detector)}
    return np.array([(energies[name] - half_width, energies[name] + half_width) for name in names])


def passed(energy):
    """Through an entrance window."""
    return np.exp(-((0.35 / np.asarray(energy)) ** 3))


@cache
def _yield(name, energy):
    return xrays_per_atom(name, BEAM, (energy, energy)) * float(passed(energy))


def line_counts(counts, detector=NOMINAL):
    """Counts of each line, by name.

    ``counts`` has those of the strongest line of an element, or, as "Ca_L", of one of its families;
    the others of an element are as strong as cross-sections say.
    """
    found = {}
    for key, own in counts.items():
        element, _, only = key.partition("_")
        heads = {}
        for line in (lines := lines_of(element, detector=detector)):
            if line.weight > getattr(heads.get(line.family), "weight", 0.0):
                heads[line.family] = line
        if only:
            expected = {only: 1.0}
        else:
            expected = {family: _yield(head.name, head.energy) for family, head in heads.items()}
        main = max(expected, key=lambda family: (heads[family].energy > 1, expected[family]))
        for line in lines:
            if line.family in expected:
                ratio = expected[line.family] / expected[main]
                found[line.name] = own * ratio * line.weight / heads[line.family].weight
    return found


def continuum(detector=NOMINAL, total=2e4, steps=()):
    """Kramers' law behind a window; ``steps`` are pairs of an energy and the share lost above."""
    energy = (np.maximum(detector.centres, 0.05) - detector.offset) / (1 + detector.gain)
    energy = np.maximum(energy, 0.05)
    smooth = (BEAM - energy) / energy * passed(energy)
    smooth *= total / smooth[used_by(detector)].sum()
    for edge, depth in steps:
        blurred = ndtr((energy - edge) / (float(detector.width(edge)) / 2.3548))
        smooth = smooth * (1 - depth * blurred * np.minimum(edge / energy, 1) ** 3)
    return smooth


def expected(counts, detector=NOMINAL, smooth=2e4, steps=(), piled=0.0, lines=None):
    """Expected counts by channel, with a share ``piled`` of them in sum peaks.

    ``lines``: counts of further lines, or other ones, by name.
    """
    by_name = {**line_counts(counts, detector), **(lines or {})}
    energies = {line.name: line.energy for name in by_name for line in
                element_lines(name.split("_")[0], 0.0, 200.0)}  # fmt: skip
    shapes = detector.shapes([energies[name] for name in by_name])
    mean = np.array(list(by_name.values())) @ shapes + continuum(detector, smooth, steps)
    if piled:
        counted = np.where(used_by(detector), mean, 0.0)
        twice = np.convolve(counted, counted)
        places = 2 * detector.centres[0] + 0.01 * np.arange(len(twice)) - detector.offset
        sums = np.interp(detector.centres, places, twice, left=0.0)
        mean = mean + piled * mean.sum() * sums / sums.sum()
    return mean


def drawn(mean, seed=0):
    return np.random.default_rng(seed).poisson(mean).astype(float)


def setting_of(observed, named, detector=NOMINAL, **options):
    lines = lines_of(*named, detector=detector)
    return Setting(observed, used_by(detector), detector, lines, BEAM, **options)


def fitted(observed, named, detector=NOMINAL, start=None, **options):
    return fit_sum_spectrum(setting_of(observed, named, detector, **options), start)


def explained(observed, named, detector=NOMINAL, **options):
    """The explanation of a spectrum by named elements, with the detector as the signal has it."""
    nominal = replace(detector, offset=0.0, gain=0.0, escape=0.0, tail=0.0, shelf=0.0, wide=0.0)
    return explain(observed, used_by(detector), nominal, list(named), BEAM, **options)


def amplitudes(fit):
    """Counts of lines by name."""
    return dict(zip((line.name for line in fit.lines), fit.amplitudes, strict=True))


def errors(fit):
    return dict(zip((line.name for line in fit.lines), fit.errors, strict=True))


def explanation_of(fit):
    """A fit as an explanation that looked for nothing else."""
    return Explanation(fit, attribute(fit), [], [], [], BEAM)
