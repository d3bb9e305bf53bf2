"""Simulation of an EDS spectrum image, a HAADF image and their truth from areal densities."""

from dataclasses import asdict
from typing import NamedTuple

import exspy.signals
import hyperspy.api as hs
import numpy as np
from exspy.material import elements
from scipy.constants import elementary_charge

from ..eds.xray_windows import line_titles
from ..signals.native import element_maps
from ._expectation import expected_xrays
from ._haadf_detector import haadf_image
from ._scan_settings import BEAM_CURRENT, SOLID_ANGLE
from ._spectrum import draw_counts


class Specimen(NamedTuple):
    """Data of a simulated specimen, with the ground truth.

    Maps are lists with one signal per X-ray line, in the order of ``metadata.Sample.xray_lines``.

    Attributes
    ----------
    signal : exspy.signals.EDSTEMSpectrum
        Spectrum image with Poisson-distributed counts, in the smallest unsigned integer type.
    haadf : hyperspy.api.signals.Signal2D
        HAADF image on the same grid, float32.
    counts : list of hyperspy.api.signals.BaseSignal
        Expected net counts of each element in the window of its line, +-1 FWHM, as
        ``signal.get_lines_intensity()`` would return them without noise and background.
    background : list of hyperspy.api.signals.BaseSignal
        Expected counts of everything else in these windows: continuum, stray X-rays, sum peaks and
        tails of the lines of other elements. The sum of ``counts`` and ``background`` is the
        expected number of counts in the windows.
    composition : list of hyperspy.api.signals.BaseSignal
        Atomic percent of each element among those with a line; 0 where none of them is present.
    kfactors : list of float
        Cliff-Lorimer factors for weight percent, relative to the first line. With these factors,
        ``signal.quantification(xrays, "CL", factors=kfactors, navigation_mask=None)`` returns
        ``composition``. (The default mask of eXSpy excludes spectra in which no channel contains
        two or more counts.)
    xrays : list of hyperspy.api.signals.BaseSignal
        The same as ``counts``, but for a detector that agrees with the metadata and the tables of
        eXSpy. The two differ only if settings in `Scan` make the true detector differ: ``counts``
        is then the ground truth for integration windows, and ``xrays`` that for fits. Neither
        includes the counts lost to sum peaks (``pile_up``). ``xrays`` includes all other parts of a
        line, such as its tail, its shelf and its wide part.
    """

    signal: exspy.signals.EDSTEMSpectrum
    haadf: hs.signals.Signal2D
    counts: list[hs.signals.BaseSignal]
    background: list[hs.signals.BaseSignal]
    composition: list[hs.signals.BaseSignal]
    kfactors: list[float]
    xrays: list[hs.signals.BaseSignal]


def simulate_specimen(
    areal_densities,
    xray_lines,
    scan,
    *,
    name,
    unlisted=None,
    haadf_areal=None,
    haadf_extra=None,
    **recorded,
):
    """Simulate the EDS spectrum image and the HAADF image of a thin specimen.

    Parameters
    ----------
    areal_densities : dict of ndarray of shape (ny, nx)
        Atoms per nm^2 of each element.
    xray_lines : list of str
        One line per element, such as ``["Co_Ka", "O_Ka"]``, sorted as in eXSpy.
    scan : Scan
        Settings of the scan.
    name : str
        Name of the specimen, used in the title and the metadata.
    unlisted : dict of ndarray of shape (ny, nx), optional
        Atoms per nm^2 of elements without a line in `xray_lines`, such as those of a support or a
        grid. They emit X-rays and continuum and contribute to the HAADF, but have no map.
    haadf_areal : dict of ndarray of shape (ny, nx), optional
        Atoms per nm^2 for the HAADF, of elements whose distribution differs between HAADF and
        X-rays.
    haadf_extra : ndarray of shape (ny, nx), optional
        Image added only to the HAADF, as a fraction of its range.
    **recorded
        Further parameters for ``metadata.Simulation``.

    Returns
    -------
    Specimen
        The signals and their truth.

    Raises
    ------
    ValueError
        If the elements do not match the lines, if an unlisted element is unknown, if the window of
        a line does not fit into the channels, or if the beam cannot excite the line.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._scan_settings import Scan
    >>> from hyperspy_multimodal.data._specimen import simulate_specimen
    >>> foil = simulate_specimen({"Ni": np.full((8, 8), 900.0)}, ["Ni_Ka"], Scan(), name="foil")
    >>> foil.signal
    <EDSTEMSpectrum, title: Simulated foil, dimensions: (8, 8|1024)>
    """
    xray_lines = sorted(xray_lines)
    symbols = [line.split("_")[0] for line in xray_lines]
    unlisted = dict(unlisted or {})
    _check_elements(areal_densities, symbols, unlisted)
    areal = np.stack([areal_densities[symbol] for symbol in symbols])
    expected = expected_xrays(areal, xray_lines, scan, unlisted)
    seeds = np.random.SeedSequence(scan.seed).spawn(2)
    eds_rng, haadf_rng = (np.random.default_rng(seed) for seed in seeds)

    drawn = draw_counts(expected.maps.reshape(len(expected.maps), -1), expected.templates, eds_rng)
    signal = scan.eds_signal(drawn.reshape(*areal.shape[1:], scan.channels), xray_lines)
    signal.metadata.General.title = f"Simulated {name}"
    charge = expected.electrons * elementary_charge
    signal.set_microscope_parameters(live_time=charge / (BEAM_CURRENT * 1e-9))
    seen = {**areal_densities, **unlisted, **(haadf_areal or {})}
    haadf = scan.haadf_signal(haadf_image(seen, scan.haadf_noise, haadf_rng, haadf_extra))
    simulation = {
        "specimen": name,
        **asdict(scan),
        **recorded,
        "electrons_per_pixel": expected.electrons,
        "solid_angle": SOLID_ANGLE,
    }
    for result in (signal, haadf):
        result.metadata.add_dictionary({"Simulation": simulation})

    atoms = areal.sum(axis=0)
    fractions = np.divide(areal, atoms, out=np.zeros_like(areal), where=atoms > 0)
    of_lines = line_titles(signal, xray_lines)
    percentages = [f"atomic percent of {symbol}" for symbol in symbols]
    return Specimen(
        signal=signal,
        haadf=haadf,
        counts=_maps(signal, expected.net, of_lines),
        background=_maps(signal, expected.background, of_lines),
        composition=_maps(signal, 100 * fractions, percentages),
        kfactors=expected.kfactors.tolist(),
        xrays=_maps(signal, expected.xrays, of_lines),
    )


def _check_elements(areal_densities, symbols, unlisted):
    if set(areal_densities) != set(symbols) or len(set(symbols)) < len(symbols):
        raise ValueError(
            f"areal_densities must name the elements of the X-ray lines once each, {symbols}, but "
            f"{sorted(areal_densities)} were given. Pass elements without a line as unlisted."
        )
    for symbol in unlisted:
        if symbol in symbols or symbol not in elements:
            raise ValueError(
                f"unlisted must name chemical elements without an X-ray line, but {symbol!r} was "
                "given. Add its atoms to areal_densities, or correct the symbol."
            )


def _maps(signal, data, titles):
    """Return maps as eXSpy would measure them, which takes far longer than to make them."""
    lines = signal.metadata.Sample.xray_lines
    return element_maps(signal, data, lines, "xray_lines", titles, "")
