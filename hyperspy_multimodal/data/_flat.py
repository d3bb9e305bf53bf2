"""A uniform film of nickel oxide, without structure."""

from typing import Any

import numpy as np

from ._arguments import check_number, check_shape
from ._materials import compound_densities, stack_areal_densities
from ._scan_settings import Scan
from ._specimen import Specimen, simulate_specimen

_FILM = {"Ni": 1, "O": 1}, 6.67  # g/cm^3


def flat(
    shape: tuple[int, int] = (128, 128),
    counts: float = 5.0,
    *,
    thickness: float = 50.0,
    **scan: Any,
) -> Specimen:
    """Simulate EDS and HAADF data, with ground truth, for a uniform film of NiO.

    Such films are used to test analytical microscopes [1]_. Any structure in a map or in the HAADF
    is noise.

    Parameters
    ----------
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 1.
    counts : float, default 5.0
        Expected net counts per pixel in the window of Ni Ka.
    thickness : float, default 50.0
        Thickness of the film in nm. It determines the live time.
    **scan
        Settings of the microscope, the detectors and the noise, such as ``seed=1``; see `Scan`.

    Returns
    -------
    Specimen
        Signals and ground truth; the lines are Ni_Ka and O_Ka.

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
    .. [1] R. F. Egerton and S. C. Cheng, Ultramicroscopy 55, 43 (1994).

    Examples
    --------
    >>> from hyperspy_multimodal.data import flat
    >>> specimen = flat((16, 16), counts=20)
    >>> [round(float(m.data.max()), 2) for m in specimen.counts]
    [20.0, 7.4]
    """
    check_shape(shape, at_least=1)
    check_number("thickness", thickness, above=0)
    scan = Scan.from_settings(counts, scan)
    return simulate_specimen(
        stack_areal_densities((compound_densities(*_FILM), np.full(tuple(shape), thickness))),
        ["Ni_Ka", "O_Ka"],
        scan,
        name="nickel oxide film",
        shape=tuple(int(n) for n in shape),
        thickness=thickness,
    )
