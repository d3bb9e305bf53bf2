"""What `composition` returns."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from hyperspy.signals import BaseSignal
from numpy.typing import NDArray

from .differences import difference_of
from .doubts import doubt_remarks, hidden_by_fit
from .map_units import COUNTS
from .ratios import atomic_ratio, reference_element
from .text_table import aligned, decimals, error_or_none, ratio_in_words

if TYPE_CHECKING:
    from pathlib import Path

    from .region_sums import RegionSums

_COLUMNS = (
    *("region", "pixels", "rim", "line", "counts", "counts_error", "counts_total_error"),
    *("atomic_percent", "weight_percent", "error", "error_counts", "error_fit", "error_kfactors"),
    *("detection_limit_counts", "detection_limit", "p_value", "detected", "remark", "doubt"),
    *("ratio_to", "ratio", "ratio_error"),
)
# Columns in the unit of the counts.
_OF_COUNTS = ("counts", "counts_error", "counts_total_error", "detection_limit_counts")


@dataclass(frozen=True)
class Composition:
    """Composition of R regions in K elements, with errors and detection limits.

    Arrays are in the order of ``regions`` and ``lines``. If a region has no composition, because it
    has too few counts or the background is wrong, its values are NaN, and ``remarks`` gives the
    reason. If an element is not detected, and its error is so large that the composition of the
    others would be unknown, it is left out: its own values are NaN, and ``remarks`` names it.

    Attributes
    ----------
    lines, elements : list of str
        X-ray lines, such as "Ti_Ka", or EELS edges, such as "Ti_L3", and their elements.
    regions : list of str
        Names of the regions.
    units : "atomic" or "weight"
        Whether errors, covariances, detection limits and maps are in atomic or weight percent.
    pixels : ndarray of shape (R,)
        Number of pixels of each region, excluding masked positions.
    rims : ndarray of shape (R,)
        Fraction of the fused counts of a region that lies in pixels at its rim, which may contain
        counts from adjacent regions.
    counts, counts_errors : ndarray of shape (R, K)
        Sums of raw net counts, which may be negative, and their standard errors from noise. For
        automatically detected regions, the errors include the noise that is added to make the
        counts independent of the detection.
    atomic_percent, weight_percent : ndarray of shape (R, K)
        Composition, between 0 and 100. Negative counts are treated as zero.
    errors : dict of str to ndarray of shape (R, K)
        Standard errors in percent (see ``units``) by source: "counts" (noise), "fit" (errors
        common to all regions, such as calibration and continuum), "kfactors", and "total".
    fit_errors_are_known : bool
        Whether ``errors["fit"]`` contains the errors common to all regions. False for existing
        maps: the errors of their background and of overlapping lines are not known, and neither
        detection limits nor p-values are given.
    kfactors_have_errors : bool
        Whether any factor has a standard error. If not, ``errors["kfactors"]`` is 0, and the table
        states that the total does not include errors of k-factors.
    covariances : ndarray of shape (R, K, K)
        Covariances of the total errors between elements.
    detection_limit_counts, detection_limits : ndarray of shape (R, K)
        Smallest amount of an element that would be detected in 95 % of scans, in counts and in
        percent. For an abundant element, this is an upper limit, because it includes the error of
        the fit for the actual counts of the element. In percent, it is high for a main element,
        because it refers to the atoms that would be left if the region contained only this amount
        of the element.
    p_values : ndarray of shape (R, K)
        Probability of this many counts or more if the element is absent; NaN where detection
        cannot be assessed.
    detected : ndarray of shape (R, K)
        Whether the element is detected, bool, at the false discovery rate over all uncertain pairs
        of regions and elements. Also False where detection cannot be assessed, see
        `detection_is_known`.
    false_discovery_rate : float
        False discovery rate passed to `composition`.
    per_count : ndarray of shape (K,)
        Variance that one count of a line adds to the estimated counts, in the unit of the counts.
    remarks : dict of str to str
        Remarks by region: why it has no composition, which elements are left out of the
        composition, and whether the region is clearly not uniform. "" if there is no remark.
    covariances_by_source : dict of str to ndarray of shape (R, K, K)
        Covariances due to "counts", "fit" and "kfactors", which add up to ``covariances``.
    kfactor_effects : ndarray of shape (R, K, K)
        Change of each percentage (second axis) if a factor (last axis) is wrong by one standard
        error.
    masks : ndarray of shape (R, ny, nx)
        Masks of the regions, bool.
    maps : list of BaseSignal
        Composition of each pixel from the fused maps, one per element. NaN in vacuum, in regions
        without a composition, and where the raw counts of 5 x 5 pixels, or the fused counts of the
        pixel, are too low compared with the errors of fit and factors.
    counts_unit : "counts" or "map units"
        Unit of ``counts``, ``counts_errors`` and ``detection_limit_counts``, which is also used in
        tables. "map units" for existing maps that are not counts.
    gain_remarks : list of str
        Lines below the table: assumptions of the errors if a gain was estimated, and whether noise
        was added.
    doubts : dict of str to str
        Lines below the table, by X-ray line or edge: verdict on the counts of the map, with
        reasons; "" if there is none.
    detection_errors : ndarray of shape (R, K)
        Standard errors of the counts of an absent element, from noise and fit. Detection limits and
        p-values are computed from these errors and not from ``counts_errors``, which include only
        noise. The table lists them where they determine whether an element is detected.
    sums : RegionSums
        The same counts with the errors of noise and fit, as `region_sums` returns them. The table
        gives the total error.
    """

    lines: list[str]
    elements: list[str]
    regions: list[str]
    units: Literal["atomic", "weight"]
    pixels: NDArray
    rims: NDArray
    counts: NDArray
    counts_errors: NDArray
    atomic_percent: NDArray
    weight_percent: NDArray
    errors: dict[str, NDArray]
    fit_errors_are_known: bool
    kfactors_have_errors: bool
    covariances: NDArray = field(repr=False)
    detection_limit_counts: NDArray
    detection_limits: NDArray
    p_values: NDArray
    detected: NDArray
    false_discovery_rate: float
    per_count: NDArray = field(repr=False)
    remarks: dict[str, str]
    masks: NDArray = field(repr=False)
    maps: list[BaseSignal] = field(repr=False)
    counts_unit: Literal["counts", "map units"] = COUNTS
    gain_remarks: list[str] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)
    covariances_by_source: dict[str, NDArray] = field(repr=False, default_factory=dict)
    kfactor_effects: NDArray = field(repr=False, default_factory=lambda: np.zeros((0, 0, 0)))
    detection_errors: NDArray = field(repr=False, default_factory=lambda: np.zeros((0, 0)))
    sums: RegionSums | None = field(repr=False, default=None)

    def __repr__(self) -> str:
        return self.table()

    @property
    def detection_is_known(self) -> NDArray:
        """Whether detection can be assessed, bool, shape (R, K).

        False where the background is wrong, and for existing maps.
        """
        return ~np.isnan(self.p_values)

    def ratios(
        self,
        element: str,
        to: str,
        errors: Literal["total", "counts", "fit", "kfactors"] = "total",
    ) -> tuple[NDArray, NDArray]:
        """Return the number of atoms of one element per atom of another, with standard errors.

        For EELS, this is the ratio of areal densities. The errors are those of the composition with
        their covariance.

        Parameters
        ----------
        element, to : str
            Element symbols, X-ray lines or edges of the composition, such as "Cu" or "Cu_L3". The
            ratio is that of ``element`` to ``to``.
        errors : "total", "counts", "fit" or "kfactors"
            Source of the errors. Default "total". Errors of factors change the ratios of all
            regions by the same factor. Errors of the fit do not, because backgrounds differ between
            regions. Therefore, "counts" (noise) gives only a lower bound on the error of a change
            between regions.

        Returns
        -------
        ratios, errors : ndarray of shape (R,)
            NaN if a region has no composition or does not contain the element ``to``.
        """
        return atomic_ratio(self, element, to, errors)

    def difference(
        self,
        region: str,
        other: str,
        errors: Literal["total", "counts", "fit", "kfactors"] = "total",
    ) -> tuple[NDArray, NDArray]:
        """Return the difference between the compositions of two regions, with standard errors.

        Parameters
        ----------
        region, other : str
            Names of regions without common pixels. The percentages of ``other`` are subtracted from
            those of ``region``, in percent of ``units``.
        errors : "total", "counts", "fit" or "kfactors"
            Source of the errors. Default "total". Errors of factors are common to both regions. The
            more similar the compositions are, the more completely these errors cancel. To what
            extent errors of the fit cancel is not known, so they are added as if they were
            independent. "total" is therefore usually an upper bound, and "counts" (noise) a lower
            bound.

        Returns
        -------
        differences, errors : ndarray of shape (K,)
            NaN if an element is left out of a region, or a region has no composition.
        """
        return difference_of(self, region, other, errors)

    def table(self, ratio_to: str | None = None) -> str:
        """Return the composition as text, with one row per region and element.

        Parameters
        ----------
        ratio_to : str, optional
            Element symbol, X-ray line or edge. The last column then contains the ratios of the
            numbers of atoms to this element, as from `ratios`. By default, there is such a column
            for edges only, and its element is the one with the most atoms in all regions together,
            which may differ between calls. To compare tables, choose the same element.
        """
        unit = "at%" if self.units == "atomic" else "wt%"
        head = [
            *("region", "pixels", "line", self.counts_unit, "at%", "wt%", f"+- {unit}"),
            *("noise", "fit", "k", f"limit {unit}", "detected"),
        ]
        reference = reference_element(self, ratio_to)
        shell = self.lines[0].partition("_")[2]
        of_edges = reference is not None and (len(shell) == 1 or shell[1:].isdigit())
        has_ratios = of_edges or ratio_to is not None
        head += [f"per {self.elements[reference]}"] if has_ratios else []
        rows = [
            [
                row["region"],
                str(row["pixels"]),
                row["line"],
                " +- ".join(
                    f"{row[name]:.{decimals(row['counts_total_error'])}f}"
                    for name in ("counts", "counts_total_error")
                ),
                *(f"{row[f'{name}_percent']:.2f}" for name in ("atomic", "weight")),
                *(f"{row[f'error{name}']:.2f}" for name in ("", "_counts")),
                error_or_none(row["error_fit"], self.fit_errors_are_known, 2),
                error_or_none(row["error_kfactors"], self.kfactors_have_errors, 2),
                f"{row['detection_limit']:.2f}" if self.fit_errors_are_known else "?",
                {True: "yes", False: "no", "": "?"}[row["detected"]],
                *([ratio_in_words(row)] if has_ratios else []),
            ]
            for row in self._rows(reference)
        ]
        remarks = [f"{name}: {remark}" for name, remark in self.remarks.items() if remark]
        remarks += [*doubt_remarks(self.doubts), *hidden_by_fit(self), *self.gain_remarks]
        if not self.fit_errors_are_known:
            remarks.append(
                "fit: errors of the background and of overlapping lines are not known for "
                f"existing maps, so +- {unit} does not include them"
            )
        if not self.kfactors_have_errors:
            remarks.append(
                f"k: no standard errors of the factors were given, so +- {unit} does not include "
                "them"
            )
        return "\n".join([aligned([head, *rows], names=(0, 2)), *remarks])

    def to_csv(self, path: str | Path, ratio_to: str | None = None) -> None:
        """Write comma-separated values with one row per region and element, and all errors.

        If an error of the fit or of the factors is not known, its cell is empty. "detected" is also
        empty where detection cannot be assessed ("?" in the table). If ``counts_unit`` is "map
        units", column names contain "map_units" instead of "counts".

        Parameters
        ----------
        path : str or pathlib.Path
            File to write. An existing file is replaced.
        ratio_to : str, optional
            Element symbol, X-ray line or edge that the column "ratio" refers to. Default: the
            element with the most atoms in all regions together, which may differ between scans.
        """
        reference = reference_element(self, ratio_to)
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, _COLUMNS)
            writer.writerow({name: self._named(name) for name in _COLUMNS})
            for row in self._rows(reference):
                for source, known in (
                    ("fit", self.fit_errors_are_known),
                    ("kfactors", self.kfactors_have_errors),
                ):
                    if not known and row[f"error_{source}"] == 0:
                        row[f"error_{source}"] = ""
                writer.writerow(
                    {
                        name: f"{value:.8g}" if isinstance(value, float) else value
                        for name, value in row.items()
                    }
                )

    @property
    def _errors_of_counts(self):
        """Errors of counts, of noise and, where it is known, of the fit, shape (R, K)."""
        return self.counts_errors if self.sums is None else self.sums.errors["total"]

    def _named(self, column):
        """Return the name of a column in a file, with the unit of what it holds."""
        if column not in _OF_COUNTS:
            return column
        return column.replace(COUNTS, self.counts_unit.replace(" ", "_"))

    def _rows(self, reference):
        to = "" if reference is None else self.elements[reference]
        is_known = self.detection_is_known
        ratios = [atomic_ratio(self, element, to) if to else None for element in self.elements]
        for r, region in enumerate(self.regions):
            for k, line in enumerate(self.lines):
                values = (
                    *(region, int(self.pixels[r]), float(self.rims[r]), line),
                    *(float(self.counts[r, k]), float(self.counts_errors[r, k])),
                    float(self._errors_of_counts[r, k]),
                    *(float(self.atomic_percent[r, k]), float(self.weight_percent[r, k])),
                    *(float(self.errors[source][r, k]) for source in ("total", "counts")),
                    *(float(self.errors[source][r, k]) for source in ("fit", "kfactors")),
                    float(self.detection_limit_counts[r, k]),
                    float(self.detection_limits[r, k]),
                    float(self.p_values[r, k]),
                    bool(self.detected[r, k]) if is_known[r, k] else "",
                    self.remarks[region],
                    self.doubts.get(line, ""),
                    "" if k == reference else to,
                    *([""] * 2 if k == reference or not to else (float(e[r]) for e in ratios[k])),
                )
                yield dict(zip(_COLUMNS, values, strict=True))
