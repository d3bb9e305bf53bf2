"""A film in which one element replaces another without any contrast in the HAADF."""

from typing import Any

import numpy as np

from ._arguments import check_number, check_shape
from ._haadf_detector import scattering
from ._materials import compound_densities
from ._scan_settings import Scan
from ._specimen import Specimen, simulate_specimen

_THICKNESS = 50.0  # nm
_SMALLEST_SHAPE = 16


def swap(
    shape: tuple[int, int] = (128, 128),
    counts: float = 5.0,
    *,
    radius: float = 9.0,
    share: float = 1.0,
    **scan: Any,
) -> Specimen:
    """Simulate EDS and HAADF data, with ground truth, for discs that the HAADF does not show.

    A film of chromium contains discs of nickel. The discs are thinner than the film, so that the
    HAADF is uniform. If the discs fade in a fused map, the HAADF has overruled the counts.

    Parameters
    ----------
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 16.
    counts : float, default 5.0
        Expected net counts per pixel at the densest point, in the window of the strongest line.
    radius : float, default 9.0
        Radius of the discs in pixels. They lie on a square lattice, four radii apart. Discs that
        would be cut off are omitted. If no disc fits, there is one in the middle.
    share : float, default 1.0
        Fraction of the HAADF in the discs that is due to nickel, from 0 to 1.
    **scan
        Settings of the microscope, the detectors and the noise, such as ``seed=1``; see `Scan`.

    Returns
    -------
    Specimen
        Signals and ground truth; the lines are Cr_Ka and Ni_Ka.

    Raises
    ------
    TypeError
        If an argument has the wrong type or is unknown.
    ValueError
        If an argument is out of range, if the window of a line extends beyond the energy axis, or
        if the beam cannot excite the line.

    See Also
    --------
    core_shell : Same physics, described in its Notes.
    haadf_only : The opposite case: features that no map shows.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data import swap
    >>> specimen = swap((48, 48), haadf_noise=0)
    >>> bool(np.ptp(specimen.haadf.data) < 1e-3 * specimen.haadf.data.max())
    True
    >>> chromium, nickel = (m.data for m in specimen.counts)
    >>> bool(nickel.max() > 0), bool(chromium[nickel > 0].max() == 0)
    (True, True)
    """
    check_shape(shape, at_least=_SMALLEST_SHAPE)
    check_number("radius", radius, above=0)
    check_number("share", share, at_least=0, at_most=1)
    scan = Scan.from_settings(counts, scan)
    replaced = share * _discs(shape, radius)
    film = {"Cr": compound_densities({"Cr": 1}, 7.19)["Cr"] * _THICKNESS}
    nickel = scattering(film) / scattering({"Ni": 1.0})  # atoms per nm^2 as bright as the film
    return simulate_specimen(
        {"Cr": film["Cr"] * (1 - replaced), "Ni": nickel * replaced},
        ["Cr_Ka", "Ni_Ka"],
        scan,
        name="chromium film with nickel discs of the same HAADF",
        shape=tuple(int(n) for n in shape),
        radius=radius,
        share=share,
    )


def _discs(shape, radius):
    """Return 1 in the discs, else 0."""
    centres = [_centres(size, radius) for size in shape]
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    discs = np.zeros(shape)
    for y in centres[0]:
        for x in centres[1]:
            discs[np.hypot(rows - y, columns - x) <= radius] = 1.0
    return discs


def _centres(size, radius):
    """Return centres along one axis, four radii apart, symmetric about the middle."""
    number = max(int(size // (4 * radius)), 1)
    return (size - 1) / 2 + 4 * radius * (np.arange(number) - (number - 1) / 2)
