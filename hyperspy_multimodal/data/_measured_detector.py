"""What the detector of a scan records of elements: the true one, or the one in the metadata."""

from typing import NamedTuple

import numpy as np
from exspy.material import elements

from ..physics.lines import all_elements
from ._absorption_edges import absorption_edges_of, edge_transmission
from ._spectrum import bremsstrahlung_template, element_template
from ._xray import line_families


class DetectedSpectra(NamedTuple):
    """Spectra of elements on the channels of a detector.

    Attributes
    ----------
    templates : ndarray of shape (n + 1, n_channels)
        Share of the X-rays of each element and, last, of the continuum in each channel; of the
        continuum, less what absorption edges take.
    cross_sections : ndarray of shape (n,)
        Cross-section for making a detected X-ray of each element, in cm^2 per atom.
    """

    templates: np.ndarray
    cross_sections: np.ndarray


def detected_spectra(symbols, scan, mapped_families=None):
    """Spectra of elements on the true detector of a scan, and of the continuum.

    Parameters
    ----------
    symbols : list of str
        The elements; one without X-ray lines in eXSpy's database, e.g. Li, emits none.
    scan : Scan
        Settings of the scan; ``scan.nominal`` gives the detector that the metadata describe.
    mapped_families : dict of str, optional
        Family of each element that ``scan.family_ratio_error`` leaves as it is; the most energetic
        of the elements that are not here.

    Returns
    -------
    DetectedSpectra
        Templates and cross-sections.

    Examples
    --------
    >>> from hyperspy_multimodal.data._measured_detector import detected_spectra
    >>> from hyperspy_multimodal.data._scan_settings import Scan
    >>> scan = Scan(energy_offset=0.05)
    >>> for detector in (scan, scan.nominal):
    ...     print(detected_spectra(["O"], detector).templates[0].argmax())
    57
    52
    """
    edges, resolution, shape = scan.true_channel_edges, scan.true_energy_resolution, scan.peak_shape
    mapped = mapped_families or {}
    spectra = [
        element_template(
            symbol,
            edges,
            resolution,
            scan.beam_energy,
            families=_true_families(symbol, scan, mapped.get(symbol)),
            shape=shape,
        )
        for symbol in symbols
    ]
    continuum = bremsstrahlung_template(edges, scan.beam_energy)
    if scan.absorption_edges > 0:
        continuum *= edge_transmission(
            edges, absorption_edges_of(symbols), scan.absorption_edges, resolution, shape
        )
    return DetectedSpectra(
        templates=np.stack([template for template, _ in spectra] + [continuum]),
        cross_sections=np.array([cross_section for _, cross_section in spectra]),
    )


def vary_line_weights(families, relative_error, rng):
    """Lines whose shares of their families are not those of the tables.

    Parameters
    ----------
    families : dict of dict
        Lines of an element, as `line_families` returns them.
    relative_error : float
        Relative standard deviation of the lognormal factor on each line's share; the shares of a
        family still sum to one, so that a family of one line does not change.
    rng : numpy.random.Generator
        Source of the factors.

    Returns
    -------
    dict of dict
        The same lines with other shares.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._measured_detector import vary_line_weights
    >>> families = {"K": {"Ka": (7.0, 0.9), "Kb": (7.7, 0.1)}}
    >>> varied = vary_line_weights(families, 0.2, np.random.default_rng(0))
    >>> round(float(sum(share for _, share in varied["K"].values())), 12)
    1.0
    """
    spread = np.sqrt(np.log1p(relative_error**2))
    varied = {}
    for family, lines in families.items():
        shares = np.array([share for _, share in lines.values()])
        shares = shares * rng.lognormal(0.0, spread, len(shares))
        shares /= shares.sum()
        varied[family] = {
            name: (energy, share)
            for (name, (energy, _)), share in zip(lines.items(), shares, strict=True)
        }
    return varied


def vary_family_ratios(families, relative_error, rng, mapped=None):
    """Lines whose families do not stand to each other as their cross-sections do.

    Parameters
    ----------
    families : dict of dict
        Lines of an element, as `line_families` returns them.
    relative_error : float
        Relative standard deviation of the lognormal factor on each family but one.
    rng : numpy.random.Generator
        Source of the factors.
    mapped : str, optional
        The family without a factor; by default, the most energetic one.

    Returns
    -------
    dict of dict
        The same lines, the shares of each family times its factor.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._measured_detector import vary_family_ratios
    >>> families = {"K": {"Ka": (7.0, 1.0)}, "L": {"La": (0.8, 1.0)}}
    >>> vary_family_ratios(families, 0.3, np.random.default_rng(0))["K"]
    {'Ka': (7.0, 1.0)}
    """
    spread = np.sqrt(np.log1p(relative_error**2))
    # one draw a family, whichever is kept
    factors = {family: rng.lognormal(0.0, spread) for family in sorted(families)}
    factors[mapped or min(families)] = 1.0
    return {
        family: {name: (energy, factors[family] * share) for name, (energy, share) in lines.items()}
        for family, lines in families.items()
    }


def _true_families(symbol, scan, mapped):
    if symbol in elements and symbol not in all_elements():
        return {}
    families = line_families(symbol)
    # seeded by element as well: what else is in the specimen does not change its lines
    seed = [scan.line_weight_seed, int(elements[symbol].General_properties.Z)]
    if scan.line_weight_error > 0:
        rng = np.random.default_rng(seed)
        families = vary_line_weights(families, scan.line_weight_error, rng)
    if scan.family_ratio_error > 0:
        rng = np.random.default_rng([*seed, 1])  # its own: neither error changes the other
        families = vary_family_ratios(families, scan.family_ratio_error, rng, mapped)
    return families
