"""Two elements whose main X-ray lines overlap, side by side and on top of each other."""

from typing import Any, Literal

import numpy as np

from ._arguments import check_integer, check_shape
from ._materials import alloy_densities, stack_areal_densities
from ._particles import scatter_particles
from ._scan_settings import Scan
from ._specimen import Specimen, simulate_specimen

_LINES = {
    "S-Mo": ("S_Ka", "Mo_La"),
    "S-Pb": ("S_Ka", "Pb_Ma"),
    "Ti-Ba": ("Ti_Ka", "Ba_La"),
    "Mn-Fe": ("Mn_Ka", "Fe_Ka"),
    "Fe-Co": ("Fe_Ka", "Co_Ka"),
}
_DISCS = 12  # per square of the shorter side, without those on top of another
_SMALLEST_SHAPE = 16
_THICKEST = 0.25  # of the shorter side


def overlapping_pair(
    pair: Literal["S-Mo", "S-Pb", "Ti-Ba", "Mn-Fe", "Fe-Co"] = "S-Mo",
    shape: tuple[int, int] = (128, 128),
    counts: float = 5.0,
    *,
    layout_seed: int = 0,
    **scan: Any,
) -> Specimen:
    """Simulate EDS and HAADF data, with ground truth, for two elements with overlapping lines.

    Separate flat discs, which consist alternately of one and the other pure element, lie in vacuum.
    Every third disc carries a smaller disc of the other element, which extends beyond the rim of
    the larger one. Where only one element is present, all counts in the map of the other have
    leaked from the overlapping line.

    Parameters
    ----------
    pair : {"S-Mo", "S-Pb", "Ti-Ba", "Mn-Fe", "Fe-Co"}, default "S-Mo"
        The elements. Their main lines lie 14 eV (S Ka, Mo La), 39 eV (S Ka, Pb Ma) and 45 eV
        (Ti Ka, Ba La) apart; Kb of Mn lies 87 eV from Ka of Fe, Kb of Fe 128 eV from Ka of Co.
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 16. All dimensions scale with the shorter side.
    counts : float, default 5.0
        Expected net counts per pixel at the densest point, in the window of the strongest line.
    layout_seed : int, default 0
        Seed for the positions, sizes and thicknesses of the discs.
    **scan
        Settings of the microscope, the detectors and the noise, such as ``seed=1``; see `Scan`.

    Returns
    -------
    Specimen
        Signals and ground truth; the lines are S_Ka with Mo_La or Pb_Ma, Ti_Ka with Ba_La, Mn_Ka
        with Fe_Ka, or Fe_Ka with Co_Ka, in alphabetical order.

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

    Examples
    --------
    >>> from hyperspy_multimodal.data import overlapping_pair
    >>> specimen = overlapping_pair("Ti-Ba", (32, 32), counts=20)
    >>> [m.metadata.Sample.xray_lines for m in specimen.counts]
    [['Ba_La'], ['Ti_Ka']]
    """
    if not isinstance(pair, str) or pair not in _LINES:
        raise ValueError(
            f"`pair` must be one of {', '.join(map(repr, _LINES))}, but {pair!r} was given."
        )
    check_shape(shape, at_least=_SMALLEST_SHAPE)
    check_integer("layout_seed", layout_seed, at_least=0)
    scan = Scan.from_settings(counts, scan)
    symbols = pair.split("-")
    unit = _THICKEST * min(shape) * scan.pixel_size
    layers = (
        (alloy_densities({symbol: 1.0}), thickness * unit)
        for symbol, thickness in zip(
            symbols, _thicknesses(shape, np.random.default_rng(layout_seed)), strict=True
        )
    )
    return simulate_specimen(
        stack_areal_densities(*layers),
        list(_LINES[pair]),
        scan,
        name=f"discs of {symbols[0]} and {symbols[1]}",
        pair=pair,
        shape=tuple(int(n) for n in shape),
        layout_seed=layout_seed,
    )


def _thicknesses(shape, rng):
    """Return the thickness of the two elements, (2, ny, nx), up to about 1."""
    discs = scatter_particles(shape, _DISCS, (0.06, 0.13), (1.1, 1.5), rng)
    thicknesses = np.zeros((2, *shape))
    rows, columns = np.ogrid[: shape[0], : shape[1]]

    def add(element, y, x, radius):
        inside = np.hypot(rows - y, columns - x) <= radius
        thicknesses[element][inside] += rng.uniform(0.4, 1.0)

    for i, (y, x, radius) in enumerate(discs):
        add(i % 2, y, x, radius)
        angle = rng.uniform(0, 2 * np.pi)
        if i % 3 == 0:
            smaller = 0.7 * radius
            add((i + 1) % 2, y + smaller * np.sin(angle), x + smaller * np.cos(angle), smaller)
    return thicknesses
