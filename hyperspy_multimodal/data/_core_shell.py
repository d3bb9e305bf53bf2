"""Core-shell nanoparticles: cobalt sulphide cores in cobalt oxide shells."""

from typing import Any

import numpy as np

from ._arguments import check_integer, check_shape
from ._materials import compound_densities, stack_areal_densities
from ._particles import core_shell_thicknesses
from ._scan_settings import Scan
from ._specimen import Specimen, simulate_specimen

# Formula and density in g/cm^3: cobaltpentlandite and the spinel guite.
_CORE = {"Co": 9, "S": 8}, 5.34
_SHELL = {"Co": 3, "O": 4}, 6.11

_SMALLEST_SHAPE = 8


def core_shell(
    shape: tuple[int, int] = (128, 128), counts: float = 5.0, *, layout_seed: int = 0, **scan: Any
) -> Specimen:
    """Simulate EDS and HAADF data, with ground truth, for core-shell catalyst particles.

    A square field of view in vacuum contains ten spheres that overlap in projection. Each has a
    core of Co9S8 (5.34 g/cm^3) in a shell of Co3O4 (6.11 g/cm^3), like the particles of [1]_. The
    thickness in each pixel is the exact projected thickness of the spheres at the centre of the
    pixel. Both compounds scatter almost equally, so the HAADF shows the particles, but hardly their
    cores.

    Parameters
    ----------
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 8. The particles scale with the shorter side.
    counts : float, default 5.0
        Expected net counts per pixel at the densest point, in the window of the strongest line,
        which is Co Ka.
    layout_seed : int, default 0
        Seed for the positions and sizes of the particles.
    **scan
        Settings of the microscope, the detectors and the noise, such as ``seed=1``; see `Scan`.

    Returns
    -------
    Specimen
        Named tuple of `signal`, `haadf`, `counts`, `background`, `composition`, `kfactors` and
        `xrays`; the lines are Co_Ka, O_Ka and S_Ka.

    Raises
    ------
    TypeError
        If an argument has the wrong type or is unknown.
    ValueError
        If an argument is out of range, if the window of a line extends beyond the energy axis, or
        if the beam cannot excite the line.

    Notes
    -----
    - X-rays per atom: Bethe's non-relativistic cross-section with Powell's constants [2]_ times the
      mean fluorescence yields of Hubbell et al. [3]_; lines and their weights are from eXSpy's
      database.
    - Detector: Gaussian lines with widths after Fiori and Newbury [4]_, a window that transmits
      exp(-(0.4 keV / E)^3), 0.7 sr, no electronic noise. Without `stray`, vacuum has no counts.
    - Continuum: Kramers' (E0 - E) / E [5]_ behind the same window, proportional to mass-thickness.
    - Incomplete charge collection, sum peaks and absorption edges in the continuum are included
      only if the corresponding settings of `Scan` are passed; `MEASURED_DETECTOR` contains all of
      them.
    - The live time is the time that a probe of 0.1 nA needs to produce `counts`.
    - HAADF: areal density x Z^1.7 summed over the elements (Rutherford's Z^2, reduced by the
      screening of the nucleus [6]_); 4000 for vacuum and 44000 for the densest pixel, with Gaussian
      noise.
    - Not included: absorption of lines and fluorescence in the specimen, beam broadening, tails of
      the probe, channelling and diffraction contrast, escape peaks, dead time, drift and damage. At
      the thickest point of the default specimen, absorption would remove a sixth of O Ka and hardly
      any Co Ka. Measured maps of specimens of this thickness need to be corrected.

    References
    ----------
    .. [1] J. Schwartz et al., Microsc. Microanal. 27 (S1), 1226 (2021),
       doi:10.1017/S1431927621004608.
    .. [2] C. J. Powell, Rev. Mod. Phys. 48, 33 (1976), doi:10.1103/RevModPhys.48.33.
    .. [3] J. H. Hubbell et al., J. Phys. Chem. Ref. Data 23, 339 (1994), doi:10.1063/1.555955.
    .. [4] C. E. Fiori and D. E. Newbury, Scanning Electron Microscopy I, 401 (1978).
    .. [5] H. A. Kramers, Philos. Mag. 46, 836 (1923), doi:10.1080/14786442308565244.
    .. [6] S. J. Pennycook and D. E. Jesson, Ultramicroscopy 37, 14 (1991).

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
    scan = Scan.from_settings(counts, scan)
    core, shell = core_shell_thicknesses(shape, np.random.default_rng(layout_seed))
    return simulate_specimen(
        stack_areal_densities(
            (compound_densities(*_CORE), core * scan.pixel_size),
            (compound_densities(*_SHELL), shell * scan.pixel_size),
        ),
        ["Co_Ka", "O_Ka", "S_Ka"],
        scan,
        name="core-shell particles",
        shape=tuple(int(n) for n in shape),
        layout_seed=layout_seed,
    )
