"""`detection_map`: where an element is present or scarce, or the counts are not conclusive."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Literal

import numpy as np
from hyperspy.signals import BaseSignal
from numpy.typing import NDArray

from ..checks import checked_number
from ..names import checked_names
from .absence import absence, odds, states
from .blocks import chosen_size, spread, summed
from .detection import detection, discoveries
from .expected import expected_background, expected_variance
from .factors import factors_of
from .measured import measured_of
from .propagation import shares_of_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..hints import Output


@dataclass(frozen=True)
class DetectionMap:
    """Maps of where each of K elements is detected, in blocks of pixels.

    Attributes
    ----------
    lines, elements : list of str
        X-ray lines or edges, such as "Ti_Ka", and their elements.
    maps : list of BaseSignal
        One map per element, with four values. 2: the element is present. 1: it is present, but its
        amount is below ``least``. -1: it was not found, and if it is present, its amount is below
        ``least``. 0: the counts are not conclusive. Neighbouring blocks with 1 and -1 may contain
        the same amount, which is below ``least`` in both. All pixels of a block have the same
        value.
    limits : list of BaseSignal
        Detection limits in percent (see ``units``), NaN in vacuum.
    sizes : list of int
        Side length of a block in pixels, by element.
    p_values : list of ndarray
        Probability of this many counts or more in a block without the element, by element.
    least : float
        The given amount in percent (see ``units``).
    units : "atomic" or "weight"
    false_discovery_rate : float
        False discovery rate passed to `detection_map`.
    """

    lines: list[str]
    elements: list[str]
    maps: list[BaseSignal] = field(repr=False)
    limits: list[BaseSignal] = field(repr=False)
    sizes: list[int]
    p_values: list[NDArray] = field(repr=False)
    least: float
    units: Literal["atomic", "weight"]
    false_discovery_rate: float


def detection_map(
    maps: Sequence[BaseSignal],
    output: Output,
    kfactors: Mapping[str, float | tuple[float, float]]
    | Sequence[float | tuple[float, float]]
    | None = None,
    *,
    least: float = 5.0,
    sizes: int | Mapping[str, int] | None = None,
    composition_units: Literal["atomic", "weight"] = "atomic",
    false_discovery_rate: float = 0.05,
) -> DetectionMap:
    """Return maps of where each element is detected, at a given false discovery rate.

    The scan is divided into square blocks of pixels, and the raw counts of each block are tested.
    The fused maps are used only to choose the size of the blocks.

    Parameters
    ----------
    maps, output, kfactors
        As in `composition`. Errors of the factors are ignored.
    least : float
        Smallest amount that should not be missed, in percent, between 0 and 100. Default 5. The map
        shows where the amount is smaller, whether or not the element was found. Smaller values
        require larger blocks.
    sizes : None, int or dict
        Side length of a block in pixels, for all elements or by line. None (default): large enough
        to detect ``least`` percent of the element, or the amount that is present, in most blocks of
        the specimen, but at most a quarter of the shorter side of the scan.
    composition_units : "atomic" or "weight"
        Whether ``least`` and the limits are in atomic or weight percent. Default "atomic".
    false_discovery_rate : float
        Expected fraction of wrong blocks, for each element: blocks without the element among those
        where it is reported, and blocks with ``least`` or more among those where less is reported.
        Default 0.05.

    Returns
    -------
    DetectionMap

    Raises
    ------
    TypeError, ValueError
        If maps and output are not from the same fusion of spectra, if a factor is missing, or if an
        argument is invalid.

    See Also
    --------
    hyperspy_multimodal.composition : Detection and composition of regions.
    hyperspy_multimodal.plot.plot_detection_map : Plot the maps.

    Notes
    -----
    The blocks of an element are tested together, following Benjamini and Hochberg [1]_, in two
    tests. The first is whether so many counts would be improbable without the element; the second
    is whether so few counts would be improbable with ``least`` percent of it. Both tests include
    the Poisson noise of counts and background, and the error of the fit. If neither test is
    significant, as in vacuum, the counts are not conclusive. The same applies if the element was
    not found but the detection limit is above ``least``.

    References
    ----------
    .. [1] Y. Benjamini, Y. Hochberg, J. R. Stat. Soc. B 57, 289 (1995),
       doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.quantification import detection_map
    >>> specimen = core_shell((32, 32), counts=20)
    >>> maps, output = specimen.signal.multimodal_fusion(
    ...     specimen.haadf, gamma=1, full_output=True, show_progressbar=False
    ... )
    >>> found = detection_map(maps, output, specimen.kfactors)
    >>> found.elements, found.maps[0].data.shape
    (['Co', 'O', 'S'], (32, 32))
    """
    measured = measured_of(maps, output, call="detection_map(maps, output, kfactors)")
    if not measured.common_is_known:
        raise ValueError(
            "output must come from a fusion of spectra, but comes from existing maps. Their "
            "background is not known, so detection cannot be assessed. Pass the maps and the "
            "output of multimodal_fusion."
        )
    found = factors_of(kfactors, measured.kind, measured.names, maps)
    least = _between("least", least, 100)
    rate = _between("false_discovery_rate", false_discovery_rate, 1)
    if composition_units not in ("atomic", "weight"):
        raise ValueError(
            f"composition_units must be 'atomic' or 'weight', but {composition_units!r} was given."
        )
    elements = found.elements
    factors = found.per_atom if composition_units == "atomic" else found.per_weight
    given = _checked_sizes(sizes, measured.names)
    found = []
    for k in range(len(elements)):
        size = given[k] or chosen_size(measured, factors, k, least)
        found.append((size, *_tested(measured, factors, k, size, least, rate)))
    sizes, there, limits, p_values = (list(each) for each in zip(*found, strict=True))
    unit = "at%" if composition_units == "atomic" else "wt%"
    return DetectionMap(
        lines=measured.names,
        elements=elements,
        maps=_signals(maps, there, sizes, elements, "{} is there (2, 1 if little) or not (-1)"),
        limits=_signals(maps, limits, sizes, elements, f"Detection limit of {{}} ({unit})"),
        sizes=sizes,
        p_values=p_values,
        least=least,
        units=composition_units,
        false_discovery_rate=rate,
    )


def _tested(measured, factors, k, size, least, rate):
    """Return states, detection limits in percent and p-values of an element in all blocks."""
    counts, background = (
        np.array([summed(each, size) for each in maps])
        for maps in (measured.net, measured.background)
    )
    shares = summed(measured.together, size) / max(float(measured.together.sum()), 1e-300)
    shares = np.clip(shares, 0.0, 1.0)
    tilt, its_variance = (summed(each, size) for each in measured.tilts)
    pooled = measured.background.sum(axis=(1, 2))[:, None, None] * shares
    gains = measured.per_count[:, None, None]
    background = expected_background(background, pooled, gains)
    by_line = shares_of_errors(shares[..., None], np.moveaxis(background, 0, -1), measured)
    common = measured.common[k, k] * np.square(by_line[..., k])
    common += measured.tilt_effects[k] ** 2 * np.maximum(tilt**2 - its_variance, 0.0)
    per_pixel = np.hypot(measured.cut_off[k], measured.per_pixel[k])
    common += np.square(per_pixel * summed(measured.used.astype(float), size))
    variance = expected_variance(counts, background, gains)
    per_count = measured.per_count[k]
    limit, p_values = detection(counts[k], background[k], common, per_count)
    others = np.delete(np.arange(len(factors)), k)
    ratio = factors[others][:, None, None] / factors[k]
    rest = (ratio * counts[others]).sum(axis=0)  # of the others, in counts of the element
    rest_error = np.sqrt((np.square(ratio) * variance[others]).sum(axis=0))
    asked, asked_error = odds(least) * rest, odds(least) * rest_error
    absent = absence(counts[k], background[k], common, per_count, asked, asked_error)
    empty = summed(measured.used, size) == 0
    p_values, absent = (np.where(empty, 1.0, each) for each in (p_values, absent))
    known = (rest > 3 * rest_error) & ~empty
    percent = np.full(rest.shape, np.nan)
    percent[known] = 100 * limit[known] / (limit[known] + rest[known])
    less = discoveries(absent, rate)
    return states(discoveries(p_values, rate), less, percent, least), percent, p_values


def _signals(maps, values, sizes, elements, title):
    results = []
    for each, blocks, size, element in zip(maps, values, sizes, elements, strict=True):
        result = each._deepcopy_with_new_data(spread(blocks, size, each.data.shape))
        result.metadata.General.title = title.format(element)
        if result.metadata.has_item("Multimodal_fusion.standard_deviation"):
            del result.metadata.Multimodal_fusion.standard_deviation  # that of the counts
        results.append(result)
    return results


def _between(name, value, high):
    number = checked_number(name, value, low=0, include_low=False)
    if number >= high:
        raise ValueError(f"{name} must be below {high}, but {value!r} was given.")
    return number


def _checked_sizes(sizes, names):
    """Return the size of the blocks of each line, None where it is to be chosen."""
    if sizes is None:
        return [None] * len(names)
    if hasattr(sizes, "items"):
        lines = checked_names("sizes", list(sizes), "X-ray line", ["Ti_Ka", "O_Ka"])
        by_name = dict(zip(lines, sizes.values(), strict=True))
        unknown = sorted(set(by_name) - {*names, *(name.split("_")[0] for name in names)})
        if unknown:
            raise ValueError(f"sizes must be of lines of the maps, {names}, but has {unknown}.")
        found = [by_name.get(name, by_name.get(name.split("_")[0])) for name in names]
    else:
        found = [sizes] * len(names)
    for each in found:
        whole = isinstance(each, Integral) and not isinstance(each, bool)
        if each is not None and not (whole and each >= 1):
            raise ValueError(
                "sizes must be a whole number of pixels >= 1, or such numbers by line, but "
                f"{each!r} was given."
            )
    return found
