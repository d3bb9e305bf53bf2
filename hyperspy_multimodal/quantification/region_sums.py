"""`region_sums`: counts of regions, with errors."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..checks import checked_seed, is_auto
from .doubts import doubt_remarks, doubts_of
from .independent import ADDED_NOISE, independent_parts, independent_regions
from .map_units import COUNTS, check_one_unit, remarks_on_units
from .measured import measured_of
from .propagation import region_counts
from .regions import given_regions
from .surroundings import surroundings_remarks
from .text_table import aligned, decimals, error_or_none

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hyperspy.roi import BaseROI
    from hyperspy.signal import BaseSignal
    from numpy.typing import ArrayLike

    from ..hints import Output


@dataclass(frozen=True)
class RegionSums:
    """Counts of R regions in K lines or edges.

    Attributes
    ----------
    lines : list of str
        Lines or edges, in the order of the maps; elements if lines or edges are not known.
    regions : list of str
        Names of the regions.
    pixels : numpy.ndarray
        Number of pixels of each region, shape (R,).
    counts : numpy.ndarray
        Net counts, shape (R, K), in ``counts_unit``. They can be negative.
    errors : dict of str to numpy.ndarray
        Standard errors by source, shape (R, K): "counts" (noise), "fit" (errors common to all
        regions) and "total".
    covariances : numpy.ndarray
        Covariances between the lines of each region, from noise and fit, shape (R, K, K).
    fit_errors_are_known : bool
        Whether the errors common to all regions are included. False for existing maps, for which
        the errors of the background and of overlapping lines are not known.
    counts_unit : "counts" or "map units"
        Unit of counts and errors: map units for existing maps that are not counts.
    gain_remarks : list of str
        Lines below the table: assumptions of the errors if a gain was estimated, and whether noise
        was added.
    doubts : dict of str to str
        Lines below the table, by X-ray line or edge: verdict on the counts of the map, with
        reasons; "" if there is none.
    masks : numpy.ndarray
        Masks of the regions, bool, shape (R, ny, nx).
    """

    lines: list[str]
    regions: list[str]
    pixels: np.ndarray
    counts: np.ndarray
    errors: dict[str, np.ndarray]
    covariances: np.ndarray
    fit_errors_are_known: bool
    counts_unit: str = COUNTS
    gain_remarks: list[str] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)
    masks: np.ndarray = field(repr=False, default_factory=lambda: np.zeros((0, 0, 0), bool))

    def __repr__(self) -> str:
        return self.table()

    def table(self) -> str:
        """Return counts and errors as text, one line per region and line or edge.

        Returns
        -------
        str
        """
        rows = [("region", "pixels", "line", self.counts_unit, "+-", "noise", "fit")]
        for region, pixels, line, *numbers in self._rows():
            digits = max(decimals(numbers[1]), 1)
            cells = [f"{each:.{digits}f}" for each in numbers]
            cells[-1] = error_or_none(numbers[-1], self.fit_errors_are_known, digits)
            rows.append((region, str(pixels), line, *cells))
        return "\n".join(
            [aligned(rows, names=(0, 2)), *doubt_remarks(self.doubts), *self.gain_remarks]
        )

    def to_csv(self, path: str | Path) -> None:
        """Write comma-separated values with one row per region and line or edge.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write. An existing file is replaced.
        """
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            sums = self.counts_unit.replace(" ", "_")
            errors = ["error", "error_counts", "error_fit"]
            table.writerow(["region", "pixels", "line", sums, *errors, "doubt"])
            for *names, counts, total, noise, fit in self._rows():
                cells = [f"{each:.8g}" for each in (counts, total, noise, fit)]
                if not self.fit_errors_are_known and fit == 0:
                    cells[-1] = ""
                table.writerow([*names, *cells, self.doubts.get(names[-1], "")])

    def _rows(self):
        for r, region in enumerate(self.regions):
            for k, line in enumerate(self.lines):
                errors = (self.errors[source][r, k] for source in ("total", "counts", "fit"))
                yield region, self.pixels[r], line, self.counts[r, k], *errors


def region_sums(
    maps: Sequence[BaseSignal],
    output: Output,
    regions: BaseROI
    | BaseSignal
    | ArrayLike
    | Mapping[str, BaseROI | ArrayLike]
    | Sequence[BaseROI | ArrayLike]
    | None = None,
    *,
    seed: int = 0,
) -> RegionSums:
    """Return the counts in regions of EDS or EELS maps, with errors.

    The counts are sums of the raw maps, which are unbiased and whose noise is known. Sums of fused
    maps can have less noise, but they are biased where fusion flattens structure. No k-factors are
    needed. To compute compositions, use `composition`.

    Parameters
    ----------
    maps : list of BaseSignal
        Fused maps returned by `multimodal_fusion` for a spectrum image, or maps from `fit_maps` or
        `fuse_maps`.
    output : dict
        Dictionary returned by the same call with ``full_output=True``. If the gain of maps from
        `fuse_maps` was estimated, errors are computed from the estimate, and the table says so. If
        the noise of the maps may have been clipped at 0, the error "fit" includes the amount by
        which sums may be too high. Maps from `fuse_maps` may be named after the element only,
        without a line or edge.
    regions : None, "auto", "whole", BaseROI, BaseSignal, array_like, dict or list
        A HyperSpy ROI or a Boolean mask of shape (ny, nx) that is True inside the region, a
        dictionary or list of these, or an integer label image that is 0 outside all regions. Choose
        regions by position or from the HAADF, because regions drawn around bright pixels of the raw
        maps contain too many counts. "whole" is the whole scan. None (default) or "auto" finds
        regions in the maps; see Notes.
    seed : int
        Random seed for region detection. Default 0.

    Returns
    -------
    RegionSums
        Object with array attributes, which prints as a table. ``to_csv(path)`` saves it.

    Raises
    ------
    TypeError, ValueError
        If maps and output are not from the same fusion, if their noise is not known, or if the
        regions are invalid.

    See Also
    --------
    composition : Compute the composition of regions, including the errors of the factors.

    Notes
    -----
    The errors "counts" and "fit" are the same as those that `composition` propagates.

    Regions are detected as in `composition`, in maps whose noise is independent of the counts that
    are summed. Splitting the counts in this way increases the errors by a factor of 1.4, unless the
    only region is the whole scan. Because no factors are given, regions are distinguished not by
    their composition but by the fraction of the counts that comes from each element. Regions whose
    fractions differ by less than 10 percentage points, summed over all elements, are merged.

    Examples
    --------
    >>> import hyperspy.api as hs
    >>> from hyperspy_multimodal import fit_maps, region_sums
    >>> from hyperspy_multimodal.data import core_shell
    >>> maps, output = fit_maps(
    ...     core_shell((32, 32), counts=20).signal, full_output=True, show_progressbar=False
    ... )
    >>> found = region_sums(maps, output, hs.roi.RectangularROI(0, 0, 31, 31))
    >>> found.lines, found.counts.shape
    (['Co_Ka', 'O_Ka', 'S_Ka'], (1, 3))
    """
    measured = measured_of(maps, output, is_ratio=False, call="region_sums(maps, output, regions)")
    seed = checked_seed(seed)
    regions = None if is_auto(regions) else regions
    if regions is None:
        check_one_unit(measured, of_regions=True)
        in_counts = np.ones(len(maps)) if measured.unit == COUNTS else 1 / measured.per_count
        whole = measured
        measured, names, masks = independent_regions(whole, output, in_counts, seed)
        has_added_noise = measured is not whole
        thin = surroundings_remarks(measured, names, masks, in_counts, of_atoms=False)
    else:
        names, masks = given_regions(regions, maps[0])
        has_added_noise, thin = False, []
    remarks = remarks_on_units(measured, maps[0].metadata, is_ratio=False)
    remarks = [*(f"{n}: {each}" for n, each in zip(names, thin, strict=False) if each), *remarks]
    if has_added_noise:
        remarks = [*remarks, ADDED_NOISE]
    return sums_of(measured, maps, names, masks, region_counts(measured, masks), remarks)


def sums_of_more_maps(found, maps, output, seed):
    """Return the sums of maps over the regions of a composition, which may lack some of the maps.

    Parameters
    ----------
    found : Composition
    maps : list of BaseSignal
        Fused maps, those of the composition and others.
    output, seed
        As for the composition. If noise was added to its counts, the same noise is added.

    Returns
    -------
    RegionSums
    """
    measured = measured_of(maps, output, is_ratio=False, call="region_sums(maps, output, regions)")
    remarks = remarks_on_units(measured, maps[0].metadata, is_ratio=False)
    if ADDED_NOISE in found.gain_remarks:
        measured = independent_parts(measured, output, seed)
        remarks = [*remarks, ADDED_NOISE]
    counts = region_counts(measured, found.masks)
    return sums_of(measured, maps, found.regions, found.masks, counts, remarks)


def sums_of(measured, maps, names, masks, found, remarks):
    """Return the `RegionSums` of regions.

    Parameters
    ----------
    measured : Measured
    maps : list of BaseSignal
        Fused maps, for their verdicts.
    names : list of str
        Regions.
    masks : numpy.ndarray
        Their pixels, bool, shape (R, ny, nx).
    found : RegionCounts
    remarks : list of str
        From `remarks_on_units`.
    """
    covariances = {"counts": found.noise, "fit": found.common}
    covariances["total"] = found.noise + found.common
    errors = {
        source: np.sqrt(np.maximum(np.diagonal(each, axis1=1, axis2=2), 0.0))
        for source, each in covariances.items()
    }
    return RegionSums(
        lines=measured.names,
        regions=names,
        pixels=(masks & measured.used).sum(axis=(1, 2)),
        counts=found.counts,
        errors=errors,
        covariances=covariances["total"],
        fit_errors_are_known=measured.common_is_known,
        counts_unit=measured.unit,
        gain_remarks=remarks,
        doubts=doubts_of(maps, measured.names),
        masks=masks,
    )
