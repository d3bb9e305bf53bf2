"""Alloy particles, and contrast that only the HAADF has."""

from typing import Any

import numpy as np

from ._arguments import check_integer, check_number, check_shape
from ._particles import alloy_spheres, scatter_particles
from ._scan_settings import Scan
from ._specimen import Specimen, simulate_specimen

_PARTICLES = 10  # per square of the shorter side
_SMALLEST_SHAPE = 16


def haadf_only(
    shape: tuple[int, int] = (128, 128),
    counts: float = 5.0,
    *,
    contrast: float = 0.3,
    layout_seed: int = 0,
    **scan: Any,
) -> Specimen:
    """Simulate EDS and HAADF data, with ground truth and features visible only in the HAADF.

    The specimen consists of isolated iron-nickel spheres in vacuum, each with a different
    composition. The HAADF also shows two bright discs, one in vacuum and one on the largest
    particle, similar to features caused by diffraction contrast or charging. No atoms or X-rays
    correspond to the discs, so any trace of them in a map comes from the HAADF. The same call with
    ``contrast=0`` gives the same image and noise without the discs.

    Parameters
    ----------
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 16. All dimensions scale with the shorter side.
    counts : float, default 5.0
        Expected net counts per pixel at the densest point, in the window of the strongest line.
    contrast : float, default 0.3
        Brightness of the discs, as a fraction of the range of the HAADF.
    layout_seed : int, default 0
        Seed for the positions, sizes and compositions of the particles, which also determine the
        positions and sizes of the discs.
    **scan
        Settings of the microscope, the detectors and the noise, such as ``seed=1``; see `Scan`.

    Returns
    -------
    Specimen
        Signals and ground truth; the lines are Fe_Ka and Ni_Ka.

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
    wedge : Similar particles on a support that the maps do not show.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data import haadf_only
    >>> with_discs, without = (haadf_only((32, 32), contrast=c) for c in (0.3, 0.0))
    >>> discs = with_discs.haadf.data > without.haadf.data + 1
    >>> bool(discs.any()), np.array_equal(with_discs.signal.data, without.signal.data)
    (True, True)
    """
    check_shape(shape, at_least=_SMALLEST_SHAPE)
    check_number("contrast", contrast, at_least=0)
    check_integer("layout_seed", layout_seed, at_least=0)
    scan = Scan.from_settings(counts, scan)
    rng = np.random.default_rng(layout_seed)
    particles = scatter_particles(shape, _PARTICLES, (0.06, 0.12), (1.2, 1.7), rng)
    return simulate_specimen(
        alloy_spheres(shape, particles, ("Fe", "Ni"), scan.pixel_size, rng),
        ["Fe_Ka", "Ni_Ka"],
        scan,
        name="iron-nickel particles with contrast in HAADF only",
        haadf_extra=contrast * _discs(shape, particles),
        shape=tuple(int(n) for n in shape),
        contrast=contrast,
        layout_seed=layout_seed,
    )


def _discs(shape, particles):
    """Return 1 in two discs, one on the largest particle and one far from all, else 0."""
    y, x, radius = particles[0]
    on_particle = y - 0.4 * radius, x, 0.4 * radius
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    # room for a disc: what a circle may measure before it meets a particle or the edge
    room = np.minimum(
        np.minimum(rows, shape[0] - 1 - rows), np.minimum(columns, shape[1] - 1 - columns)
    ).astype(float)
    for y, x, radius in particles:
        room = np.minimum(room, np.hypot(rows - y, columns - x) - radius)
    centre = np.unravel_index(room.argmax(), shape)
    in_vacuum = *centre, min(0.8 * room.max(), 0.1 * min(shape))
    discs = np.zeros(shape)
    for y, x, radius in (on_particle, in_vacuum):
        discs[np.hypot(rows - y, columns - x) <= max(radius, np.sqrt(0.5))] = 1.0
    return discs
