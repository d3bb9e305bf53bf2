"""Alloy particles on a support of increasing thickness: a slope in the HAADF, but in no map."""

from typing import Any

import numpy as np

from ._arguments import check_integer, check_number, check_shape
from ._haadf_detector import scattering
from ._particles import alloy_spheres, scatter_particles
from ._scan_settings import Scan
from ._specimen import Specimen, simulate_specimen

_PARTICLES = 14  # per square of the shorter side
_SMALLEST_SHAPE = 16


def wedge(
    shape: tuple[int, int] = (128, 128),
    counts: float = 5.0,
    *,
    slope: float = 0.4,
    layout_seed: int = 0,
    **scan: Any,
) -> Specimen:
    """Simulate EDS and HAADF data, with ground truth, for particles on a carbon wedge.

    Separate iron-nickel spheres, each with a different composition, lie on carbon whose thickness
    increases linearly from zero at the left edge of the field. Carbon is present in the specimen
    but not in the list of elements. It adds X-rays and continuum to the spectra and a slope to the
    HAADF, but must not be visible in the maps of Fe and Ni.

    Parameters
    ----------
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 16. All dimensions scale with the shorter side.
    counts : float, default 5.0
        Expected net counts per pixel at the densest point, in the window of the strongest line.
    slope : float, default 0.4
        HAADF of the carbon at the right edge, relative to that of the densest particle.
    layout_seed : int, default 0
        Seed for the positions, sizes and compositions of the particles.
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
    haadf_only : Similar particles in vacuum, with HAADF contrast of a different origin.

    Examples
    --------
    >>> from hyperspy_multimodal.data import wedge
    >>> specimen = wedge((32, 32), counts=20, haadf_noise=0)
    >>> bool(specimen.haadf.data[0, -1] > specimen.haadf.data[0, 0])
    True
    >>> [float(m.data[0, -1]) for m in specimen.counts]
    [0.0, 0.0]
    """
    check_shape(shape, at_least=_SMALLEST_SHAPE)
    check_number("slope", slope, at_least=0)
    check_integer("layout_seed", layout_seed, at_least=0)
    scan = Scan.from_settings(counts, scan)
    rng = np.random.default_rng(layout_seed)
    particles = scatter_particles(shape, _PARTICLES, (0.04, 0.1), (1.2, 1.7), rng)
    metal = alloy_spheres(shape, particles, ("Fe", "Ni"), scan.pixel_size, rng)
    rising = np.broadcast_to((np.arange(shape[1]) + 0.5) / shape[1], shape)
    # carbon atoms per nm^2 whose HAADF is the share of the densest particle's
    carbon = slope * rising * scattering(metal).max() / scattering({"C": 1.0})
    return simulate_specimen(
        metal,
        ["Fe_Ka", "Ni_Ka"],
        scan,
        name="iron-nickel particles on a carbon wedge",
        unlisted={"C": carbon},
        shape=tuple(int(n) for n in shape),
        slope=slope,
        layout_seed=layout_seed,
    )
