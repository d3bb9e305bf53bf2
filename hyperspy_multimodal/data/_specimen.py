"""From areal densities of atoms to an EDS spectrum image, a HAADF image and the truth of both."""

from dataclasses import asdict
from typing import NamedTuple

import exspy.signals
import hyperspy.api as hs
import numpy as np
from exspy.material import elements
from scipy.constants import elementary_charge

from ._expectation import expected_xrays
from ._scan import BEAM_CURRENT, SOLID_ANGLE
from ._spectrum import draw_counts

_HAADF_EXPONENT = 1.7
_HAADF_PEDESTAL = 4000.0  # detector offset
_HAADF_RANGE = 40000.0  # densest pixel above the pedestal; a 16-bit detector ends at 65535


class Specimen(NamedTuple):
    """A simulated specimen: what was measured, and what is true.

    Maps are lists with one signal an X-ray line, in the order of ``metadata.Sample.xray_lines``.

    Attributes
    ----------
    signal : exspy.signals.EDSTEMSpectrum
        Spectrum image of Poisson counts, in the smallest unsigned integer type.
    haadf : hyperspy.api.signals.Signal2D
        HAADF image on the same grid, float32.
    counts : list of hyperspy.api.signals.BaseSignal
        Expected net counts of the line's element in the line's window of +-1 FWHM, as
        ``signal.get_lines_intensity()`` would return them without noise and background.
    background : list of hyperspy.api.signals.BaseSignal
        Expected counts of all else in these windows: the continuum and the tails of other
        elements' lines. ``counts`` + ``background`` is what the windows are expected to hold.
    composition : list of hyperspy.api.signals.BaseSignal
        Atomic per cent of each element, zero in vacuum.
    kfactors : list of float
        Cliff-Lorimer factors, relative to the first line, for weight per cent: the ones with which
        ``signal.quantification(counts, "CL", factors=kfactors, navigation_mask=None)`` returns
        ``composition`` (eXSpy's default mask blanks spectra without two counts in a channel).
    """

    signal: exspy.signals.EDSTEMSpectrum
    haadf: hs.signals.Signal2D
    counts: list
    background: list
    composition: list
    kfactors: list


def simulate_specimen(areal_densities, xray_lines, scan, *, name, **recorded):
    """Simulate the EDS spectrum image and the HAADF image of a thin specimen.

    Parameters
    ----------
    areal_densities : dict of ndarray of shape (ny, nx)
        Atoms per nm^2 of each element.
    xray_lines : list of str
        One line an element, e.g. ``["Co_Ka", "O_Ka"]``; sorted, as eXSpy does.
    scan : Scan
        Settings of the scan.
    name : str
        What the specimen is; goes into the title and the metadata.
    **recorded
        Further parameters for ``metadata.Simulation``.

    Returns
    -------
    Specimen
        The signals and their truth.

    Raises
    ------
    ValueError
        If the window of a line does not fit into the channels, or the beam cannot excite it.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._scan import Scan
    >>> from hyperspy_multimodal.data._specimen import simulate_specimen
    >>> foil = simulate_specimen({"Ni": np.full((8, 8), 900.0)}, ["Ni_Ka"], Scan(), name="foil")
    >>> foil.signal
    <EDSTEMSpectrum, title: Simulated foil, dimensions: (8, 8|1024)>
    """
    xray_lines = sorted(xray_lines)
    symbols = [line.split("_")[0] for line in xray_lines]
    areal = np.stack([areal_densities[symbol] for symbol in symbols])
    expected = expected_xrays(areal, xray_lines, scan)
    seeds = np.random.SeedSequence(scan.seed).spawn(2)
    eds_rng, haadf_rng = (np.random.default_rng(seed) for seed in seeds)

    drawn = draw_counts(expected.maps.reshape(len(areal) + 1, -1), expected.templates, eds_rng)
    signal = scan.eds_signal(drawn.reshape(*areal.shape[1:], scan.channels), xray_lines)
    signal.metadata.General.title = f"Simulated {name}"
    charge = expected.electrons * elementary_charge
    signal.set_microscope_parameters(live_time=charge / (BEAM_CURRENT * 1e-9))
    haadf = scan.haadf_signal(_haadf_image(areal, symbols, scan.haadf_noise, haadf_rng))
    simulation = {
        "specimen": name,
        **asdict(scan),
        **recorded,
        "electrons_per_pixel": expected.electrons,
        "solid_angle": SOLID_ANGLE,
    }
    for result in (signal, haadf):
        result.metadata.add_dictionary({"Simulation": simulation})

    like = signal.get_lines_intensity()
    atoms = areal.sum(axis=0)
    fractions = np.divide(areal, atoms, out=np.zeros_like(areal), where=atoms > 0)
    composition = _maps_like(like, 100 * fractions)
    for percent, symbol in zip(composition, symbols, strict=True):
        percent.metadata.General.title = f"atomic percent of {symbol}"
    return Specimen(
        signal=signal,
        haadf=haadf,
        counts=_maps_like(like, expected.net),
        background=_maps_like(like, expected.background),
        composition=composition,
        kfactors=expected.kfactors.tolist(),
    )


def _haadf_image(areal, symbols, noise, rng):
    z = np.array([elements[symbol].General_properties.Z for symbol in symbols], dtype=float)
    scattering = np.tensordot(z**_HAADF_EXPONENT, areal, axes=1)
    image = _HAADF_PEDESTAL + _HAADF_RANGE * scattering / scattering.max()
    image += noise * _HAADF_RANGE * rng.standard_normal(image.shape)
    return image.astype(np.float32)


def _maps_like(like, data):
    return [s._deepcopy_with_new_data(d) for s, d in zip(like, data, strict=True)]
