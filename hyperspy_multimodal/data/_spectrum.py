"""EDS spectra of elements on detector channels, and spectrum images drawn from them."""

import numpy as np

from ._peak_shape import PeakShape, line_shares
from ._xray import line_families, production_cross_section, window_transmission

# Expected counts held at once while drawing (1 MiB in float64); at least one pixel's spectrum is.
_BLOCK_VALUES = 2**17


def element_template(
    element,
    edges,
    energy_resolution,
    beam_energy,
    families=None,
    shape=PeakShape(),  # noqa: B008 (immutable)
):
    """Detected X-ray spectrum of an element, as a share of its X-rays in each channel.

    Families stand to each other as `production_cross_section`, the lines of a family as their
    weights in eXSpy's database, all times `window_transmission`. Each line is spread over the
    channels as `line_shares` says, by default a Gaussian of `full_width_half_maximum`. Escape peaks
    are left out, and so are lines whose energy lies outside the channels.

    Parameters
    ----------
    element : str
        Symbol of the element.
    edges : ndarray of shape (n_channels + 1,)
        Boundaries of the channels in keV.
    energy_resolution : float
        Full width at half maximum of Mn Ka in eV.
    beam_energy : float
        Energy of the electrons in keV.
    families : dict of dict, optional
        Lines of the element and their shares, as `line_families` returns them (the default).
    shape : PeakShape, optional
        How the lines differ from Gaussians.

    Returns
    -------
    template : ndarray of shape (n_channels,)
        Share of the element's detected X-rays in each channel; sums to one, less what falls
        outside the channels.
    cross_section : float
        Cross-section for making an X-ray that passes the window, all lines together, in cm^2 per
        atom.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._spectrum import element_template
    >>> template, cross_section = element_template("O", np.linspace(0, 10, 1001), 130.0, 200.0)
    >>> print(template.sum().round(3), template.argmax())
    1.0 52
    """
    template = np.zeros(len(edges) - 1)
    cross_section = 0.0
    families = line_families(element) if families is None else families
    for family, lines in families.items():
        produced = production_cross_section(element, family, beam_energy)
        for energy, share in lines.values():
            detected = produced * share * float(window_transmission(energy))
            cross_section += detected
            if detected > 0 and edges[0] < energy < edges[-1]:
                template += detected * line_shares(energy, edges, energy_resolution, shape)
    return (template / cross_section if cross_section > 0 else template), cross_section


def bremsstrahlung_template(edges, beam_energy):
    """Detected continuum, as a share of its X-rays in each channel.

    Kramers' shape (E0 - E) / E behind the detector's window, the same for every specimen.

    Parameters
    ----------
    edges : ndarray of shape (n_channels + 1,)
        Boundaries of the channels in keV.
    beam_energy : float
        Energy E0 of the electrons in keV.

    Returns
    -------
    ndarray of shape (n_channels,)
        Share of the continuum in each channel; sums to one.

    References
    ----------
    H. A. Kramers, Philos. Mag. 46, 836 (1923), doi:10.1080/14786442308565244.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._spectrum import bremsstrahlung_template
    >>> print(bremsstrahlung_template(np.linspace(0, 10, 1001), 200.0).sum().round(12))
    1.0
    """
    energy = np.maximum((edges[1:] + edges[:-1]) / 2, 1e-3)
    continuum = np.maximum(beam_energy - energy, 0) / energy * window_transmission(energy)
    return continuum / continuum.sum()


def draw_counts(maps, templates, rng):
    """Draw a spectrum image of Poisson counts, expected to be ``maps.T @ templates``.

    The expectation is formed block by block, so that no spectrum image of floats ever exists.
    The draws follow the order of the pixels: the size of the blocks does not change them.

    Parameters
    ----------
    maps : ndarray of shape (n_templates, n_pixels)
        Expected X-rays of each template in each pixel.
    templates : ndarray of shape (n_templates, n_channels)
        Share of these X-rays in each channel.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray of shape (n_pixels, n_channels)
        Counts, in the smallest unsigned integer type that holds them.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._spectrum import draw_counts
    >>> counts = draw_counts(np.full((1, 4), 10.0), np.full((1, 3), 0.2), np.random.default_rng(0))
    >>> counts.shape, str(counts.dtype)
    ((4, 3), 'uint8')
    """
    n_pixels, n_channels = maps.shape[1], templates.shape[1]
    counts = np.empty((n_pixels, n_channels), dtype=np.uint8)
    step = max(1, _BLOCK_VALUES // n_channels)
    for start in range(0, n_pixels, step):
        pixels = slice(start, start + step)
        drawn = rng.poisson(maps[:, pixels].T @ templates)
        if drawn.max() > np.iinfo(counts.dtype).max:
            counts = counts.astype(np.min_scalar_type(drawn.max()))
        counts[pixels] = drawn
    return counts
