"""Compositions of measured scans: what a tenth of the counts says, and what others found."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal import composition, fit_maps


def ratio(found):
    """O/Si in counts of each region, and its standard error by counts."""
    o, si = (found.lines.index(line) for line in ("O_Ka", "Si_Ka"))
    counts, errors = found.counts, found.counts_errors
    value = counts[:, o] / counts[:, si]
    relative = np.hypot(errors[:, o] / counts[:, o], errors[:, si] / counts[:, si])
    return value, np.abs(value) * relative


@pytest.mark.slow
def test_particles_of_silica_are_the_same_at_a_tenth_of_the_dose(shared_data):
    loaded = hs.load(shared_data / "SiO2_EDS.hspy")
    # without the metadata of the maker, which take longer to copy than spectra to fit
    axes = [axis.get_axis_dictionary() for axis in loaded.axes_manager._axes]
    own = {"axes": axes, "metadata": loaded.metadata.as_dictionary()}
    spectra = type(loaded)(loaded.data, **own).inav[40:72, 40:72].isig[:10.0]
    bright = hs.load(shared_data / "SiO2_HAADF.hspy").isig[40:72, 40:72].data
    spectra.set_elements(["C", "Cu", "O", "Si"])
    regions = {"particles": bright > np.percentile(bright, 60)}
    counts = np.asarray(spectra.data).astype(np.int64)
    thinned = np.random.default_rng(0).binomial(counts, 0.1).astype(spectra.data.dtype)
    few = spectra._deepcopy_with_new_data(thinned)
    (tenth, its_error), (whole, error) = (
        ratio(composition(*fit_maps(each, full_output=True), [1.0] * 4, regions))
        for each in (few, spectra)
    )
    assert 0.6 < whole < 0.9 and its_error > 2 * error
    # the tenth is part of the whole, so that their errors are correlated
    assert np.abs(tenth - whole) < 2.5 * np.sqrt(its_error**2 - error**2)


@pytest.mark.filterwarnings("ignore")
def test_copper_and_zinc_are_as_a_full_model_of_the_edges_has_them(shared_data):
    signal, haadf = (hs.load(shared_data / f"CuZn_{name}.hspy") for name in ("EELS", "HAADF"))
    model = [hs.load(shared_data / f"CuZn_{name}_modelfit.hspy").data for name in ("Cu", "Zn")]
    bright = haadf.data > np.percentile(haadf.data, 60)
    maps, output = signal.multimodal_fusion(
        *(haadf, 1, (0.01, 0.02)), edges=["Cu_L3", "Zn_L3"], map_method="fit", full_output=True
    )
    found = composition(maps, output, regions={"bright": bright})
    copper, zinc = (each[bright].sum() for each in model)
    off = found.atomic_percent[0] - 100 * np.array([copper, zinc]) / (copper + zinc)
    assert np.all(np.abs(off) < 2 * found.errors["total"][0])
    assert np.all(found.errors["total"][0] < 12)
