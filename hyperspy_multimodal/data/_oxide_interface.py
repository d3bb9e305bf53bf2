"""An oxide interface at atomic resolution: SrTiO3 and LaMnO3 along [100]."""

from typing import Any

import numpy as np
from scipy.special import erf

from ._arguments import check_number, check_shape
from ._scan_settings import Scan
from ._specimen import Specimen, simulate_specimen

_LATTICE_PARAMETER = 0.3905  # nm, SrTiO3; LaMnO3 grown on it takes the same
_SMALLEST_SHAPE = 8


def oxide_interface(
    shape: tuple[int, int] = (128, 128),
    counts: float = 5.0,
    *,
    spacing: float = 12.0,
    width: float = 2.2,
    haadf_width: float = 0.6,
    thickness: float = 20.0,
    mixing: float = 0.3,
    **scan: Any,
) -> Specimen:
    """Simulate atomic-resolution EDS and HAADF data, with ground truth, for an oxide interface.

    The specimen is an interface of SrTiO3 and LaMnO3. Viewed along [100], a perovskite has A-site
    columns at the corners of a square, columns of B-site atoms and oxygen at its centre, and
    columns of oxygen alone at the midpoints of its sides. SrTiO3 is on the left and LaMnO3 on the
    right: SrO - TiO2 - (La, Sr)O - MnO2 - LaO, with the mixed layer in the middle, similar to the
    interfaces of [1]_. Columns are Gaussians. They are sharper in the HAADF image than in the X-ray
    maps, because the HAADF signal comes from closer to the nuclei.

    Parameters
    ----------
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 8.
    counts : float, default 5.0
        Expected net counts per pixel at the densest point, in the window of the strongest line.
    spacing : float, default 12.0
        Distance in pixels between neighbouring columns of the same kind (the size of the cell); at
        most a third of the number of rows and of columns of the scan.
    width : float, default 2.2
        Standard deviation, in pixels, of the Gaussian of a column in the X-ray maps.
    haadf_width : float, default 0.6
        Standard deviation of the Gaussian of a column in the HAADF, as a multiple of `width`.
    thickness : float, default 20.0
        Thickness of the specimen in nm.
    mixing : float, default 0.3
        Fraction of Sr in the first LaO layer, from 0 (abrupt) to 1.
    **scan
        Settings of the microscope, the detectors and the noise, such as ``seed=1``; see `Scan`.
        Here `pixel_size` is 0.3905 nm / `spacing` unless given.

    Returns
    -------
    Specimen
        Signals and ground truth; the lines are La_La, Mn_Ka, O_Ka, Sr_La and Ti_Ka, of which La La
        and Ti Ka overlap.

    Raises
    ------
    TypeError
        If an argument has the wrong type or is unknown.
    ValueError
        If an argument is out of range, if the window of a line extends beyond the energy axis, or
        if the beam cannot excite the line.

    See Also
    --------
    core_shell : Same physics of X-rays, detector and continuum, described in its Notes.

    Notes
    -----
    - Columns: Gaussians of unit area, integrated over the pixels, times the atoms of a column. The
      default widths are 72 pm (standard deviation) in X-rays and 43 pm in HAADF. `width` combines
      the probe, its spreading and the delocalisation of the ionisation [2]_, which are assumed to
      be the same for all lines.
    - HAADF: atoms x Z^1.7, summed incoherently, as in all other specimens. The densest pixel lies
      on a column of La.
    - Not included: channelling, tails of the probe, thermal and static displacements, the
      octahedral tilts of LaMnO3, and surface damage. In a crystal on a zone axis, channelling makes
      the signal of a column depend on the neighbouring columns, and the signal is not proportional
      to the number of atoms [3]_. Here, counts summed over a cell give its composition; in a real
      crystal on a zone axis, they may not.

    References
    ----------
    .. [1] D. A. Muller et al., Science 319, 1073 (2008), doi:10.1126/science.1148820.
    .. [2] M. P. Oxley and S. J. Pennycook, Micron 39, 676 (2008).
    .. [3] K. E. MacArthur et al., Ultramicroscopy (2017), doi:10.1016/j.ultramic.2017.07.020.

    Examples
    --------
    >>> from hyperspy_multimodal.data import oxide_interface
    >>> specimen = oxide_interface((40, 48), counts=20)
    >>> [m.metadata.Sample.xray_lines for m in specimen.counts]
    [['La_La'], ['Mn_Ka'], ['O_Ka'], ['Sr_La'], ['Ti_Ka']]
    """
    check_shape(shape, at_least=_SMALLEST_SHAPE)
    lengths = {"spacing": spacing, "width": width, "haadf_width": haadf_width}
    for name, length in {**lengths, "thickness": thickness}.items():
        check_number(name, length, above=0)
    check_number("mixing", mixing, at_least=0, at_most=1)
    if 3 * spacing > min(shape):
        raise ValueError(
            f"spacing must be at most {min(shape) / 3:g}, a third of the shorter side of the scan "
            f"{tuple(shape)}, but {spacing!r} was given. Lower spacing, or enlarge shape."
        )
    scan = Scan.from_settings(counts, {"pixel_size": _LATTICE_PARAMETER / spacing, **scan})
    # atoms of a column, spread over pixels of this area in nm^2
    atoms = thickness / _LATTICE_PARAMETER / scan.pixel_size**2
    xray, haadf = (
        {
            symbol: atoms * fractions
            for symbol, fractions in _columns(shape, spacing, sigma, mixing).items()
        }
        for sigma in (width, haadf_width * width)
    )
    return simulate_specimen(
        xray,
        ["La_La", "Mn_Ka", "O_Ka", "Sr_La", "Ti_Ka"],
        scan,
        name="SrTiO3 / LaMnO3 interface",
        haadf_areal=haadf,
        shape=tuple(int(n) for n in shape),
        **lengths,
        thickness=thickness,
        mixing=mixing,
    )


def _columns(shape, spacing, sigma, mixing):
    """Share of a column's atoms in each pixel, (ny, nx), for each element."""
    rows, columns = shape
    # enough cells on both sides that the tails of columns outside the field are there
    reach = int(np.ceil((max(shape) / 2 + 8 * sigma) / spacing)) + 1
    cells = np.arange(-reach, reach + 1)
    lanthanum = np.where(cells > 0, 1.0, np.where(cells < 0, 0.0, 1 - mixing))
    manganese = np.where(cells >= 0, 1.0, 0.0)
    everywhere = np.ones(len(cells))

    def profile(size, offset, occupancies):
        centres = (size - 1) / 2 + (cells + offset) * spacing
        return occupancies @ _gaussians(size, centres, sigma)

    y_a, y_b = (profile(rows, offset, everywhere) for offset in (0.0, 0.5))
    x_a, x_b = (profile(columns, offset, everywhere) for offset in (0.0, 0.5))
    return {
        "Sr": np.outer(y_a, profile(columns, 0.0, 1 - lanthanum)),
        "La": np.outer(y_a, profile(columns, 0.0, lanthanum)),
        "Ti": np.outer(y_b, profile(columns, 0.5, 1 - manganese)),
        "Mn": np.outer(y_b, profile(columns, 0.5, manganese)),
        # an oxygen above every B site, and two on the sides of the cell
        "O": np.outer(y_b, x_b) + np.outer(y_b, x_a) + np.outer(y_a, x_b),
    }


def _gaussians(size, centres, sigma):
    """Gaussians of unit area, integrated over the pixels, (n_centres, size)."""
    edges = np.arange(size + 1) - 0.5
    return np.diff(erf((edges - centres[:, None]) / (np.sqrt(2) * sigma))) / 2
