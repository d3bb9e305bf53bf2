"""Counts of a measured scan of silica spheres, against those in the peaks of its spectrum."""

import numpy as np
import pytest
from slow_repeats import alternating, slow

from hyperspy_multimodal import fit_maps

NAMED = ["C", "O", "Si", "Cu"]
#: Counts within 1.5 FWHM of a peak's own maximum, less a straight line through what is beside it.
PEAKS = {"C_Ka": 243_600, "O_Ka": 226_500, "Si_Ka": 301_200, "Cu_Ka": 15_270}
#: Where these are on the axis of the file, in keV.
RANGES = {"C_Ka": (0.22, 0.40), "O_Ka": (0.46, 0.65), "Si_Ka": (1.65, 1.90), "Cu_Ka": (7.9, 8.3)}
#: Offsets in keV and gains.
AXES = [(0.0, 0.0), (-0.03, 0.0), (0.06, 0.01)]
#: These lie between.
MORE_AXES = [(0.02, 0.0), (0.0, 0.003), (0.01, -0.003)]
#: Each axis and each dose once.
CASES = [(AXES[0], 10), (AXES[1], 3), (AXES[2], 1)]
CASES += [slow(AXES[1], 10), slow(AXES[2], 10), slow(AXES[0], 1)]
CASES += [slow(axis, 10) for axis in MORE_AXES]


@pytest.fixture(scope="module")
def silica(shared_data):
    import hyperspy.api as hs

    path = shared_data / "SiO2_EDS.hspy"
    if not path.is_file():
        pytest.skip(f"{path.name} is not on this machine")
    loaded = hs.load(path)
    # without the metadata of the maker, which take longer to copy than spectra to fit
    axes = [axis.get_axis_dictionary() for axis in loaded.axes_manager._axes]
    return type(loaded)(loaded.data, axes=axes, metadata=loaded.metadata.as_dictionary())


@pytest.fixture(scope="module")
def summed(silica):
    """The same counts in four spectra, at each dose: totals depend on the sum alone."""
    spectra = np.asarray(silica.data)
    whole = spectra.reshape(2, 2, -1, spectra.shape[-1]).sum(axis=2, dtype=np.int64)
    rng = np.random.default_rng(0)
    doses = {1: whole, 3: rng.binomial(whole, 1 / 3), 10: rng.binomial(whole, 0.1)}
    return {dose: counts.astype(np.uint32) for dose, counts in doses.items()}


def peaks(silica, counts):
    """Counts in the peaks of a thinned scan: those of the whole, as their channels were thinned."""
    energy = silica.axes_manager[-1].axis
    whole = np.asarray(silica.data).sum(axis=(0, 1))
    thinned = counts.sum(axis=(0, 1))
    found = {}
    for name, (low, high) in RANGES.items():
        inside = (energy > low) & (energy < high)
        found[name] = PEAKS[name] * thinned[inside].sum() / whole[inside].sum()
    return found


def fitted(silica, counts, elements, axis=(0.0, 0.0)):
    signal = silica.inav[:2, :2].deepcopy()
    signal.data = counts
    energy = signal.axes_manager[-1]
    energy.offset = energy.offset * (1 + axis[1]) + axis[0]
    energy.scale *= 1 + axis[1]
    signal.set_elements(elements)
    signal.set_lines([f"{element}_Ka" for element in elements])
    return fit_maps(signal, full_output=True)[1]


@pytest.mark.parametrize(("axis", "dose"), CASES, ids=str)
def test_totals_are_those_of_the_peaks_wherever_the_axis_is(silica, summed, axis, dose):
    output = fitted(silica, summed[dose], NAMED, axis)
    for name, peak in peaks(silica, summed[dose]).items():
        assert output["totals"][name] == pytest.approx(peak, rel=0.05), name
    assert output["unassigned_peaks"] == [] and output["other_elements"] == {}


@alternating(elements=[["O", "Si"], ["C", "O", "Si"]], dose=[1, 10])
def test_totals_are_the_same_whoever_else_is_named(silica, summed, elements, dose):
    output = fitted(silica, summed[dose], elements)
    there = peaks(silica, summed[dose])
    for element in elements:
        name = f"{element}_Ka"
        assert output["totals"][name] == pytest.approx(there[name], rel=0.05), name
    missing = set(NAMED) - set(elements)
    assert missing <= set(output["instrument_elements"])
    assert output["unassigned_peaks"] == [] and output["other_elements"] == {}
