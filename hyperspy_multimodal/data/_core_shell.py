"""Core-shell nanoparticles: cobalt sulphide cores in cobalt oxide shells."""

import numpy as np
from exspy.material import elements
from scipy.constants import Avogadro

from ._checks import check_integer, check_shape
from ._scan import Scan
from ._specimen import simulate_specimen

# Formula and density in g/cm^3: cobaltpentlandite and the spinel guite.
_CORE = {"Co": 9, "S": 8}, 5.34
_SHELL = {"Co": 3, "O": 4}, 6.11

_PARTICLES = 10  # per square of the shorter side
_SMALLEST_SHAPE = 8


def core_shell(
    shape=(128, 128),
    counts=5.0,
    *,
    energy_resolution=130.0,
    beam_energy=200.0,
    channels=1024,
    channel_width=0.01,
    pixel_size=1.0,
    peak_to_background=1000.0,
    haadf_noise=0.02,
    layout_seed=0,
    seed=0,
):
    """Simulate a STEM scan of core-shell catalyst particles: EDS, HAADF and the truth.

    Spheres that overlap in projection, ten in a square field, lie in vacuum. Each has a core of
    Co9S8 (5.34 g/cm^3) in a shell of Co3O4 (6.11 g/cm^3), after the particles of [1]_. What the
    beam passes through is the exact projection of the spheres at the centre of each pixel. The two
    compounds scatter almost alike, so that HAADF shows the particles and hardly their cores.

    Parameters
    ----------
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 8. The particles scale with the shorter side.
    counts : float, default 5.0
        Expected net counts per pixel at the densest point: the largest value of all maps in
        `Specimen.counts`, that is, in the window of +-1 FWHM of the strongest line (Co Ka here),
        without background.
    energy_resolution : float, default 130.0
        Full width at half maximum of Mn Ka in eV.
    beam_energy : float, default 200.0
        Energy of the electrons in keV.
    channels : int, default 1024
        Number of channels; the first is centred at 0 keV.
    channel_width : float, default 0.01
        Width of a channel in keV.
    pixel_size : float, default 1.0
        Size of a pixel in nm; sets how thick the particles are, hence the live time.
    peak_to_background : float, default 1000.0
        Net counts of the strongest line in its window over the continuum in 10 eV under it, both
        in the summed spectrum; ``numpy.inf`` leaves the continuum out.
    haadf_noise : float, default 0.02
        Standard deviation of the HAADF's Gaussian noise, as a fraction of its range (densest pixel
        above the pedestal).
    layout_seed : int, default 0
        Seed of where the particles lie and how large they are.
    seed : int, default 0
        Seed of the noise in EDS and HAADF.

    Returns
    -------
    Specimen
        Named tuple of `signal`, `haadf`, `counts`, `background`, `composition` and `kfactors`; the
        lines are Co_Ka, O_Ka and S_Ka.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range, a line's window does not fit into the channels, or the beam
        cannot excite it.

    Notes
    -----
    - X-rays per atom: Bethe's cross-section with Powell's constants [2]_ times the mean
      fluorescence yields of Hubbell et al. [3]_; lines and their weights from eXSpy's database. The
      specimen is thin: no absorption, fluorescence or beam broadening.
    - Detector: Gaussian lines of Fiori and Newbury's width [4]_, a window that transmits
      exp(-(0.4 keV / E)^3), 0.7 sr, no electronic noise, no stray X-rays (vacuum holds no counts).
    - Continuum: Kramers' (E0 - E) / E behind the same window, following the mass-thickness.
    - The live time is what a probe of 0.1 nA needs to make `counts`.
    - HAADF: areal density x Z^1.7 summed over the elements, 4000 for vacuum and 44000 for the
      densest pixel; no channelling.

    References
    ----------
    .. [1] J. Schwartz et al., Microsc. Microanal. 27 (S1), 1226 (2021),
       doi:10.1017/S1431927621004608.
    .. [2] C. J. Powell, Rev. Mod. Phys. 48, 33 (1976), doi:10.1103/RevModPhys.48.33.
    .. [3] J. H. Hubbell et al., J. Phys. Chem. Ref. Data 23, 339 (1994), doi:10.1063/1.555955.
    .. [4] C. E. Fiori and D. E. Newbury, Scanning Electron Microscopy I, 401 (1978).

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> specimen = core_shell((32, 32), counts=20)
    >>> specimen.signal
    <EDSTEMSpectrum, title: Simulated core-shell particles, dimensions: (32, 32|1024)>
    >>> [m.metadata.Sample.xray_lines for m in specimen.counts]
    [['Co_Ka'], ['O_Ka'], ['S_Ka']]
    >>> round(float(specimen.counts[0].data.max()), 6)
    20.0
    """
    check_shape(shape, at_least=_SMALLEST_SHAPE)
    check_integer("layout_seed", layout_seed, at_least=0)
    scan = Scan(
        counts=counts,
        energy_resolution=energy_resolution,
        beam_energy=beam_energy,
        channels=channels,
        channel_width=channel_width,
        pixel_size=pixel_size,
        peak_to_background=peak_to_background,
        haadf_noise=haadf_noise,
        seed=seed,
    )
    particles = _layout(shape, np.random.default_rng(layout_seed))
    core, shell = _thicknesses(shape, particles)
    densities = {}
    for thickness, compound in ((core, _CORE), (shell, _SHELL)):
        for element, density in _number_densities(*compound).items():
            atoms = density * thickness * pixel_size
            densities[element] = densities.get(element, 0) + atoms
    return simulate_specimen(
        densities,
        ["Co_Ka", "O_Ka", "S_Ka"],
        scan,
        name="core-shell particles",
        shape=tuple(int(n) for n in shape),
        layout_seed=layout_seed,
    )


def _layout(shape, rng):
    """Particles as rows (y, x, radius, core radius) in pixels, the largest first."""
    # drawn in units of the shorter side, so that the field looks the same however it is sampled
    side = min(shape)
    field = np.array(shape) / side
    radii = np.sort(rng.uniform(0.08, 0.19, round(_PARTICLES * field.max())))[::-1]
    particles = np.empty((len(radii), 4))
    for i, radius in enumerate(radii):
        margin = 1.15 * radius
        centres = margin + rng.random((200, 2)) * (field - 2 * margin)
        if i:
            offsets = np.linalg.norm(centres[:, None] - particles[None, :i, :2], axis=2)
            nearness = (offsets / (radius + particles[:i, 2])).min(axis=1)
            # a cluster: each particle overlaps its nearest neighbour, but does not hide it
            centre = centres[np.abs(nearness - rng.uniform(0.7, 0.95)).argmin()]
        else:
            centre = field * rng.uniform(0.4, 0.6, 2)
        particles[i] = *centre, radius, radius * rng.uniform(0.55, 0.75)
    particles *= side
    particles[:, :2] -= 0.5  # from edges of the field to centres of pixels
    return particles


def _thicknesses(shape, particles):
    """Projected thickness of cores and of shells, each (ny, nx), in pixels."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    core, whole = np.zeros(shape), np.zeros(shape)
    for y0, x0, radius, core_radius in particles:
        squared = (y - y0) ** 2 + (x - x0) ** 2
        core += 2 * np.sqrt(np.maximum(core_radius**2 - squared, 0))
        whole += 2 * np.sqrt(np.maximum(radius**2 - squared, 0))
    return core, whole - core


def _number_densities(formula, density):
    """Atoms per nm^3 of each element of a compound of that density in g/cm^3."""
    molar_mass = sum(n * elements[s].General_properties.atomic_weight for s, n in formula.items())
    units = density / molar_mass * Avogadro * 1e-21
    return {symbol: n * units for symbol, n in formula.items()}
