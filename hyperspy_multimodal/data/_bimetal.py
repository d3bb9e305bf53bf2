"""Alloy nanoparticles on an oxide: gold-palladium or palladium-silver on titania."""

from typing import Any, Literal

import numpy as np

from ._arguments import check_integer, check_shape
from ._materials import compound_densities, stack_areal_densities
from ._particles import alloy_spheres, choose_centre, in_pixels, scatter_particles, sphere_thickness
from ._scan_settings import Scan
from ._specimen import Specimen, simulate_specimen

_SUPPORT = {"Ti": 1, "O": 2}, 4.23  # rutile, g/cm^3
_GRAINS = 6  # per square of the shorter side
_PARTICLES = 18
_SMALLEST_SHAPE = 16
_LINES = {"Au-Pd": ("Au_Ma", "Pd_La"), "Pd-Ag": ("Ag_La", "Pd_La")}


def bimetal(
    shape: tuple[int, int] = (128, 128),
    counts: float = 5.0,
    *,
    alloy: Literal["Au-Pd", "Pd-Ag"] = "Au-Pd",
    layout_seed: int = 0,
    **scan: Any,
) -> Specimen:
    """Simulate EDS and HAADF data, with ground truth, for alloy particles on titania.

    For a square field of view, the specimen consists of six overlapping TiO2 spheres that carry 18
    alloy particles, similar to the catalysts of [1]_. The radii of the particles are 2 to 9 % of
    the shorter side (2 to 12 pixels if it is 128 pixels long). Each particle has a different
    composition, with 10 to 90 at% of each metal. In gold-palladium, minor lines overlap: M lines of
    Au lie in the window of Pd La, and L lines of Pd lie near Au Ma. In palladium-silver, the L
    lines of the two metals are only 140 eV apart and therefore overlap. The L lines of Ti lie in
    the window of O Ka. In the HAADF, the metal is clearly visible, and the oxide only faintly.

    Parameters
    ----------
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 16. All dimensions scale with the shorter side.
    counts : float, default 5.0
        Expected net counts per pixel at the densest point, in the window of the strongest line.
    alloy : {"Au-Pd", "Pd-Ag"}, default "Au-Pd"
        Metals of the alloy.
    layout_seed : int, default 0
        Seed for the positions, sizes and compositions of grains and particles.
    **scan
        Settings of the microscope, the detectors and the noise, such as ``seed=1``; see `Scan`.

    Returns
    -------
    Specimen
        Signals and ground truth; the lines are Au_Ma or Ag_La, O_Ka, Pd_La and Ti_Ka.

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

    References
    ----------
    .. [1] D. I. Enache et al., Science 311, 362 (2006), doi:10.1126/science.1120560.

    Examples
    --------
    >>> from hyperspy_multimodal.data import bimetal
    >>> specimen = bimetal((32, 32), counts=20)
    >>> [m.metadata.Sample.xray_lines for m in specimen.counts]
    [['Au_Ma'], ['O_Ka'], ['Pd_La'], ['Ti_Ka']]
    """
    if not isinstance(alloy, str) or alloy not in _LINES:
        raise ValueError(
            f"`alloy` must be one of {', '.join(map(repr, _LINES))}, but {alloy!r} was given."
        )
    check_shape(shape, at_least=_SMALLEST_SHAPE)
    check_integer("layout_seed", layout_seed, at_least=0)
    scan = Scan.from_settings(counts, scan)
    rng = np.random.default_rng(layout_seed)
    grains = scatter_particles(shape, _GRAINS, (0.12, 0.24), (0.6, 0.9), rng)
    particles = _on_grains(shape, grains, rng)
    metal = alloy_spheres(shape, particles, alloy.split("-"), scan.pixel_size, rng)
    thickness = sum(sphere_thickness(shape, *grain) for grain in grains) * scan.pixel_size
    oxide = stack_areal_densities((compound_densities(*_SUPPORT), thickness))
    return simulate_specimen(
        {**metal, **oxide},
        [*_LINES[alloy], "O_Ka", "Ti_Ka"],
        scan,
        name=f"{alloy} particles on titania",
        alloy=alloy,
        shape=tuple(int(n) for n in shape),
        layout_seed=layout_seed,
    )


def _on_grains(shape, grains, rng):
    """Metal particles as rows (y, x, radius) in pixels, each seen on a grain or at its rim."""
    side = min(shape)
    field = np.array(shape) / side
    grains = np.column_stack([grains[:, :2] + 0.5, grains[:, 2]]) / side
    # many small particles and few large ones, as sintering leaves them
    spread = rng.random(round(_PARTICLES * field.max())) ** 2
    radii = np.sort(0.02 + 0.07 * spread)[::-1]
    particles = np.empty((len(radii), 3))
    for i, radius in enumerate(radii):
        carriers = grains[rng.integers(len(grains), size=200)]
        distances = carriers[:, 2] * np.sqrt(rng.random(200))
        angles = 2 * np.pi * rng.random(200)
        directions = np.column_stack([np.sin(angles), np.cos(angles)])
        centres = carriers[:, :2] + distances[:, None] * directions
        centres = np.clip(centres, 1.15 * radius, field - 1.15 * radius)
        if i:
            centre = choose_centre(centres, radius, particles[:i], rng.uniform(0.9, 2.5))
        else:
            centre = centres[0]
        particles[i] = *centre, radius
    return in_pixels(particles, shape)
