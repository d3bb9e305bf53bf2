"""Interfaces between the classes of a method: plans, passes, readings and maps.

Each modality provides a `Plan` and, if it fits spectra, a `Projection`; the result of reading is a
`Reading` of `Maps`. All other code uses these interfaces. Plans, projections and readings contain
no spectra and no signals, so they can be sent to the workers that read the spectra.
"""

from typing import Any, Protocol

import numpy as np

from .events import Events


class Counts(Protocol):
    """Counts of K elements in the form of the cost.

    Attributes
    ----------
    counts, background : numpy.ndarray
        Gross counts, >= 0, and their expected background, shape (K, ny, nx).
    net, net_variance : numpy.ndarray
        Net counts, not clipped, and their variance, shape (K, ny, nx).
    totals : numpy.ndarray
        Net totals, shape (K,); NaN, for free, where they are not positive though there are counts.
    """

    counts: np.ndarray
    background: np.ndarray
    net: np.ndarray
    net_variance: np.ndarray
    totals: np.ndarray


class Maps(Counts, Protocol):
    """Measured maps of K elements.

    Attributes
    ----------
    names : list of str
        Lines or edges, in the order of the maps.
    gains : numpy.ndarray
        Counts of the spectra, or units of given maps, for each count of the maps, shape (K,).
        All sums for users are multiplied by them.
    mask : numpy.ndarray or None
        True where pixels are ignored, bool, shape (ny, nx).
    gross : numpy.ndarray or None
        Counts of whole spectra, shape (ny, nx), where they are known.
    are_integers : bool
        Whether the spectra held whole numbers.
    divisor : int
        Largest whole number that divides all counts: 1 as recorded, 0 if there are none.
    splits_rounded : bool
        Whether fractions can be split all the same.
    common : numpy.ndarray or None
        Covariance of what may be wrong with all pixels of a map alike, in shares of the totals,
        shape (K, K): calibration, weights of lines. None where it is not known.
    variance_doubt : float
        By what share of itself the variance of net counts may be wrong: 0 of Poisson counts.
    events : Events or None
        Events of several counts each. None of Poisson counts over a background.
    has_measured_background : bool
        Whether a background was measured beside the windows, which may be wrong.
    settled : Maps
        The same without the data needed only to split or draw counts, to save memory.
    """

    names: list
    gains: np.ndarray
    mask: np.ndarray | None
    gross: np.ndarray | None
    are_integers: bool
    divisor: int
    splits_rounded: bool
    common: np.ndarray | None
    variance_doubt: float
    events: Events | None
    has_measured_background: bool
    settled: "Maps"

    def cropped(self, rows: slice, cols: slice) -> "Maps":
        """Return the maps of a part of the scan."""

    def halves(self, splits: int, seed: int) -> list:
        """Return independent halves of the counts, as one pair of maps per split."""

    def drawn(self, truth: np.ndarray, generator: np.random.Generator) -> Counts:
        """Return simulated counts for ``truth`` as the net counts."""


class Reading(Protocol):
    """Result of reading spectra.

    Attributes
    ----------
    maps : Maps
        Maps.
    record : dict
        How they were read, in types that metadata can hold.
    gain : float
        Counts of the spectra for each X-ray or electron.
    raw : numpy.ndarray
        Net counts as measured, in counts of the spectra, shape (K, ny, nx).
    mask : numpy.ndarray or None
        True at scan positions that were left out, bool, shape (ny, nx).
    noise : dict or None
        Of the raw maps, from `raw_noise`; None where only maps were kept.
    """

    maps: Maps
    record: dict
    gain: float
    raw: np.ndarray
    mask: np.ndarray | None
    noise: dict | None

    def for_fusion(self, divisible: bool) -> "Reading":
        """Return the maps for a fusion; counts can be split or drawn only if ``divisible``."""


class Projection(Protocol):
    """Result of a first pass before a second one: the conversion of each spectrum to maps.

    Attributes
    ----------
    operator : numpy.ndarray
        Matrix that multiplies each spectrum, shape (C, M).
    columns : int
        How many of its first columns are wanted of halves of the counts.
    can_split : bool
        Whether each count can be given to one of two halves.
    """

    operator: np.ndarray
    columns: int
    can_split: bool

    def measured(self, whole: np.ndarray, of_halves: np.ndarray, seed: int, splits: int) -> Reading:
        """Return the reading of projected spectra (M, ny, nx) and of their halves."""


class Plan(Protocol):
    """Plan of how spectra are read, made before any of them is read.

    Attributes
    ----------
    names : list of str
        Lines or edges to map.
    windows : numpy.ndarray
        Windows that the maps are of, shape (K, 2), in units of the energy axis.
    ranges : dict of str to list of (int, int)
        Channels [start, stop) of all windows, by name.
    limits : list of int or None
        Channels between which counts are summed, ascending; None if none are.
    used : numpy.ndarray or None
        Channels that a fit takes, bool, shape (C,); None where nothing is fitted.
    negative : bool
        Whether single values may be negative; the plan then checks their sums, see
        `segments.checked_segments`.
    smooth : bool
        Whether spectra have no peaks; the plan is then a `SmoothPlan`.
    widest_spike : int
        Channels of the widest spike, see `widest_spike_of`.
    two_passes : bool
        Whether the first pass gives a `Projection`, for a second one.
    can_fit : bool
        Whether the spectra can be fitted.
    raw_dtype : type
        Data type of the raw maps.
    """

    names: list
    windows: np.ndarray
    ranges: dict
    limits: list | None
    used: np.ndarray | None
    negative: bool
    smooth: bool
    widest_spike: int
    two_passes: bool
    can_fit: bool
    raw_dtype: type

    def after_first_pass(
        self, segments: np.ndarray | None, total: np.ndarray, divisor: int
    ) -> Reading | Projection:
        """Return the result of the first pass.

        Parameters
        ----------
        segments : numpy.ndarray or None
            Counts between the limits, shape (S, ny, nx).
        total : numpy.ndarray
            Sum of all spectra, shape (C,).
        divisor : int
            What divides all counts: 1 as recorded, 0 if there are none, -1 if some are no whole
            numbers.
        """


class SmoothPlan(Plan, Protocol):
    """Plan of spectra without peaks, in which spikes are sought."""

    def noise_of(self, segments: np.ndarray, total: np.ndarray) -> tuple:
        """Return counts per electron, and the floor of the noise in counts, of the spectra.

        Parameters
        ----------
        segments, total
            As for `after_first_pass`.
        """


class Spectra(Protocol):
    """A spectrum image whose blocks are read in place.

    Attributes
    ----------
    shape : tuple of int
        Rows, columns, channels.
    places : list of (slice, slice, slice)
        Rows, columns and channels of each block.
    compact : bool
        Whether sums of whole numbers are kept in as few bytes as will do.
    """

    shape: tuple
    places: list
    compact: bool

    def with_all_channels(self) -> "Spectra":
        """Return the same spectra in blocks that have all channels."""

    def passed(self, name: str, function, *after) -> list:
        """Return the results of ``function(place, block, *after)`` for each block."""

    def call(self, name: str, function, *args) -> Any:
        """Return the result of ``function(*args)``."""
