"""`composition`: composition of regions, with errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..checks import checked_number, checked_seed, is_auto
from .absorption import absorption_of
from .concentrations import concentration_remarks
from .detection import detection, found_elements
from .doubts import doubts_of
from .factors import factors_of
from .found_regions import is_there, rim
from .independent import ADDED_NOISE, independent_regions
from .known import what_is_known
from .map_units import check_amounts, check_one_unit, remarks_on_units
from .measured import measured_of
from .nearby import has_composition_nearby
from .percent import percent_of
from .percent_maps import percent_maps
from .propagation import carried, region_counts
from .region_sums import sums_of
from .regions import given_regions
from .result import Composition
from .surroundings import surroundings_remarks
from .uniformity import uniformity_remarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from hyperspy.roi import BaseROI
    from hyperspy.signal import BaseSignal
    from numpy.typing import ArrayLike

    from ..hints import Auto, Output


def composition(
    maps: Sequence[BaseSignal],
    output: Output,
    kfactors: Mapping[str, float | tuple[float, float]]
    | Sequence[float | tuple[float, float]]
    | None = None,
    regions: BaseROI
    | BaseSignal
    | ArrayLike
    | Mapping[str, BaseROI | ArrayLike]
    | Sequence[BaseROI | ArrayLike]
    | None = None,
    *,
    composition_units: Literal["atomic", "weight"] = "atomic",
    thickness: float | Mapping[str, float] | None = None,
    density: float | Mapping[str, float] | None = None,
    mass_thickness: float | Mapping[str, float] | None = None,
    take_off_angle: float | Auto = "auto",
    false_discovery_rate: float = 0.05,
    seed: int = 0,
) -> Composition:
    r"""Return the composition of regions of EDS or EELS maps, with errors and detection limits.

    Fused maps are used only to locate regions. The counts of each region are summed from the raw
    maps, because raw maps are unbiased and their noise is known.

    Parameters
    ----------
    maps : list of BaseSignal
        Fused maps returned by `multimodal_fusion` for a spectrum image, or maps from `fit_maps` or
        `fuse_maps`, in any order. Omitted elements, such as C in a support film, are excluded from
        the composition.
    output : dict
        Dictionary returned by the same call with ``full_output=True``. Maps from `fuse_maps` must
        be named after their lines. They must all have the same unit, unless ``gain`` was given for
        each map. If the given gains differ, the maps are divided by them. If the gain was
        estimated, errors are computed from the estimate, and an error is raised if the gains show
        that the maps have different units. In both cases, the table says so.
    kfactors : None, dict or list
        For X-ray lines: Cliff-Lorimer factors by line, for weight percent as in eXSpy, such as
        ``{"Si_Ka": 1.0, "O_Ka": (1.9, 0.05)}``, where the second number of a pair is the standard
        error. An element symbol stands for its line. Lines without a map are ignored; unknown lines
        raise an error. A list must be in the order of the maps. Zeta factors may be used instead.
        For EELS edges: cross-sections of the integration windows by edge, in any common unit, such
        as ``{"Ti_L3": (1.0, 0.1), "O_K": 0.31}``. None (default) uses the hydrogenic cross-sections
        recorded by the fusion, with estimated standard errors of 10 % (K) and 20 % (L).
    regions : None, "auto", "whole", BaseROI, BaseSignal, array_like, dict or list
        A HyperSpy ROI or a Boolean mask of shape (ny, nx) that is True inside the region, a
        dictionary or list of these, or an integer label image that is 0 outside all regions.
        "whole": the whole scan. None (default) or "auto" finds uniform regions; see Notes.
    composition_units : "atomic" or "weight"
        Whether errors, detection limits and maps are in atomic or weight percent. Default
        "atomic".
    thickness : None, float or dict
        Thickness in nm: one number, or a dictionary with one per region, by name. X-ray counts are
        then corrected for absorption in the specimen. None (default): no correction.
    density : None, float or dict
        Density in g/cm^3, for use with ``thickness``. None (default) uses the weighted mean density
        of the elements, as eXSpy does. This is far too low for oxides, because the tabulated
        density of oxygen is that of the gas.
    mass_thickness : None, float or dict
        Density times thickness in kg/m^2, instead of ``thickness`` and ``density``. 100 nm at
        5 g/cm^3 corresponds to 5e-4 kg/m^2.
    take_off_angle : float or "auto"
        Take-off angle in degrees, for the absorption correction. "auto" (default) uses the metadata
        of the maps.
    false_discovery_rate : float
        Expected fraction of absent elements among the elements reported as detected. Default 0.05.
    seed : int
        Random seed for region detection. Default 0.

    Returns
    -------
    Composition
        Object with array attributes, which prints as a table. ``to_csv(path)`` saves it. Ratios
        refer to the element with the most atoms, which may differ between calls. To compare them,
        pass the same ``ratio_to`` to ``table``, ``to_csv`` and `plot_composition`.

    Raises
    ------
    TypeError, ValueError
        If maps and output are not from the same fusion, if their noise is not known, if a factor is
        missing, if the absorption correction does not converge, or if an argument is invalid.

    See Also
    --------
    exspy.signals.EDSTEMSpectrum.quantification : Pixel-wise Cliff-Lorimer quantification.

    Notes
    -----
    With net counts :math:`N_i`, the weight percent of an element is :math:`100 k_i N_i / \sum_j
    k_j N_j` [1]_. Fluorescence is not corrected for. Errors from three sources are propagated to
    first order:

    - counts: the summed variance of the raw counts, with covariances between elements;
    - fit: errors common to all regions, ``common_covariance`` of ``output["raw_noise"]``. For an
      EDS fit, they are the errors of calibration, line weights and continuum. For an EELS fit, they
      are the errors of the background exponent, the energy shift and the white lines, and those due
      to misfit, to the choice of energy range, to the assumed shapes of background and edges, and
      to a different slope of the background in the region. For windows, they are 3 % of the X-ray
      background (10 % below 1 keV), or 0.5 % of the EELS background and the error of its exponent.
      The expected contribution of overlapping lines (tabulated intensities) or edges (hydrogenic
      cross-sections) of other mapped elements is counted as an error as well. For each element, the
      relative error of the counts of a region equals the relative error of the total. However, the
      error of a region is at least the error of the total multiplied by the region's share of the
      counts of all lines (for EELS, of all spectra). For an EDS fit, this lower limit does not
      exceed the counts beneath the line in the region. For existing maps (`fuse_maps`), errors of
      the background and of overlapping lines are not known. This is stated in the table, and
      detection is not assessed;
    - kfactors: their standard errors, which are assumed to be independent.

    EELS: atoms are proportional to :math:`N_i / \sigma_i`, with the cross-section :math:`\sigma_i`
    of the window, so atomic percent is a ratio of areal densities. Plural scattering is not
    corrected for.

    Absorption: :math:`k_i` is multiplied by :math:`x / (1 - e^{-x})`. Here, :math:`x` is the mass
    absorption coefficient of the composition (from eXSpy) times the mass thickness, divided by the
    sine of the take-off angle. The correction is iterated until it is self-consistent. It is valid
    for regions of constant thickness whose composition is uniform through the thickness. Errors are
    propagated through the correction, but do not include the error of the thickness. ``maps`` are
    corrected for absorption in the same way; if the thickness differs between regions, they are NaN
    outside all regions.

    Negative counts are set to zero in the composition, so percentages are between 0 and 100;
    ``counts`` keep their sign. The composition of a region is NaN in two cases, and ``remarks``
    gives the reason. In the first, the amount of all elements together is less than three combined
    standard errors (noise, fit and factors). In the second, an element has counts below -3 standard
    errors (noise and fit, or noise alone if the amount of all elements is not known) and an amount
    below -1 % of the amounts of the other elements.

    The composition of a pixel is NaN in vacuum and in regions without a composition. It is also NaN
    if, in the raw counts of 5 x 5 pixels, an element is negative by five standard errors, or if the
    amount of all elements is below three standard errors of fit and factors. The same applies if
    the fused counts of the pixel itself are below three of these errors.

    An element is reported as detected if its counts would be improbable in its absence, given the
    expected background and the error of the fit. The p-value threshold follows from the false
    discovery rate over all pairs of regions and elements [2]_. Near-certain pairs (p-values below
    1/10000 of the rate) are excluded, because they would loosen the threshold for the others. The
    threshold is at most one fifth of the rate (0.01 by default). Detection limits follow Currie
    [3]_: an element with this number of counts is detected in 95 % of scans, and an element with
    fewer counts is detected less often.

    If the outlines of regions followed the noise of the counts, the compositions would be biased.
    Regions are therefore detected in maps whose noise is independent of the counts that are summed.
    Simulated noise is added to one copy of the raw counts and subtracted from a second copy. The
    two resulting sets of maps have independent noise, and each is as noisy as maps from half the
    counts [4]_. The first set is fused with the parameters of the maps, and regions are detected in
    it. The second set is summed over these regions, which increases the errors by a factor of 1.4.
    A pixel belongs to the specimen if the fused counts of all maps together exceed three standard
    errors of the counts of 5 x 5 pixels, and if those of the connected component that contains it
    exceed five standard errors of the counts of this component; all other pixels are vacuum.
    Connected pieces of a region that do not exceed five standard errors belong to no region. The
    compositions of the specimen pixels are grouped by k-means into 2 to 6 clusters. Clusters that
    differ by less than 10 at%, or by less than four standard errors of the second set of counts,
    are merged. Regions have at least 20 pixels, and at least half of the pixels of a region must
    lie in squares of 2 x 2 pixels entirely within it, so that scattered pixels do not become
    regions. The number of clusters is chosen such that the distance of pixels to the centre of
    their own cluster, relative to the distance to the nearest other centre, is on average as small
    as possible. If all clusters are merged, all pixels form a single region. If this region is the
    whole scan, all counts are summed over it, and errors do not increase.

    Because of beam tails, pixels at the edge of a region contain counts from adjacent regions.
    ``rims`` gives, for each region, the fraction of its counts that lies in these edge pixels.
    ``remarks`` lists detected regions that have no counts beyond their error, or cannot be told
    apart from a larger region, after subtracting the mean counts per pixel outside all regions.

    References
    ----------
    .. [1] G. Cliff, G. W. Lorimer, J. Microsc. 103, 203 (1975),
       doi:10.1111/j.1365-2818.1975.tb03895.x.
    .. [2] Y. Benjamini, Y. Hochberg, J. R. Stat. Soc. B 57, 289 (1995),
       doi:10.1111/j.2517-6161.1995.tb02031.x.
    .. [3] L. A. Currie, Anal. Chem. 40, 586 (1968), doi:10.1021/ac60259a007.
    .. [4] J. Leiner et al., J. Am. Stat. Assoc. 120, 135 (2025),
       doi:10.1080/01621459.2023.2270748.

    Examples
    --------
    >>> import hyperspy.api as hs
    >>> from hyperspy_multimodal import composition
    >>> from hyperspy_multimodal.data import core_shell
    >>> specimen = core_shell((32, 32), counts=20)
    >>> maps, output = specimen.signal.multimodal_fusion(
    ...     specimen.haadf, gamma=1, full_output=True, show_progressbar=False
    ... )
    >>> kfactors = dict(zip(["Co_Ka", "O_Ka", "S_Ka"], specimen.kfactors))
    >>> found = composition(maps, output, kfactors, hs.roi.RectangularROI(0, 0, 31, 31))
    >>> found.elements, bool(found.detected.all())
    (['Co', 'O', 'S'], True)
    """
    measured = measured_of(maps, output)
    factors = factors_of(kfactors, measured.kind, measured.names, maps)  # names first
    check_amounts(maps[0].metadata.get_item("Multimodal_fusion.are_fractions", False))
    check_one_unit(measured)
    if composition_units not in ("atomic", "weight"):
        raise ValueError(
            f"composition_units must be 'atomic' or 'weight', but {composition_units!r} was given."
        )
    rate = checked_number("false_discovery_rate", false_discovery_rate, low=0, include_low=False)
    if rate >= 1:
        raise ValueError(f"false_discovery_rate must be below 1, but {rate!r} was given.")
    seed = checked_seed(seed)
    regions = None if is_auto(regions) else regions
    there, fused, whole = is_there(measured), measured.fused, measured
    there = has_composition_nearby(measured, factors, there)
    if regions is None:
        measured, names, masks = independent_regions(measured, output, factors.per_atom, seed)
    else:
        names, masks = given_regions(regions, maps[0])
    absorption = absorption_of(
        *(measured, names, maps),
        thickness=thickness,
        density=density,
        mass_thickness=mass_thickness,
        take_off_angle=take_off_angle,
    )
    found = region_counts(measured, masks)
    known = what_is_known(found, factors, measured)
    shown = np.where(known.left_out, 0.0, np.maximum(found.counts, 0.0))
    shown[~known.has_composition] = np.nan
    there &= ~masks[~known.has_composition].any(axis=0) | masks[known.has_composition].any(axis=0)
    percent = percent_of(shown, factors, absorption, names)
    in_units = percent.atomic if composition_units == "atomic" else percent.weight
    apart = known.left_out[:, :, None] | known.left_out[:, None, :]
    noise, common = (np.where(apart, 0.0, each) for each in (found.noise, found.common))
    uneven = [
        varied or concentrated
        for varied, concentrated in zip(
            uniformity_remarks(measured, masks, percent.atomic, factors.elements),
            concentration_remarks(whole, masks, factors.per_atom, factors.elements),
            strict=True,
        )
    ]
    around = [""] * len(masks)
    if regions is None:
        around = surroundings_remarks(measured, names, masks, factors.per_atom)
    effects = in_units.by_factors * factors.relative_errors
    covariances = {
        "counts": carried(in_units.by_counts, noise),
        "fit": carried(in_units.by_counts, common),
        "kfactors": effects @ np.swapaxes(effects, 1, 2),
    }
    total = sum(covariances.values())
    errors = {
        source: np.sqrt(np.maximum(np.diagonal(each, axis1=1, axis2=2), 0.0))
        for source, each in {**covariances, "total": total}.items()
    }
    total[apart] = np.nan
    for each in (percent.atomic.values, percent.weight.values, *errors.values()):
        each[known.left_out] = np.nan
    limits, p_values = detection(found.counts, found.background, found.absent, measured.per_count)
    wrong = np.array(["background is wrong" in remark for remark in known.remarks], bool)
    if not measured.common_is_known:  # all of the counts may be background
        wrong[:], limits = True, np.full(limits.shape, np.nan)
    p_values[wrong] = 1.0
    detected = found_elements(p_values, rate)
    p_values[wrong] = np.nan
    bright = np.clip(np.nan_to_num(fused), 0, None).sum(axis=0)
    of_units = remarks_on_units(measured, maps[0].metadata, is_ratio=True)
    if measured is not whole:
        of_units = [*of_units, ADDED_NOISE]
    return Composition(
        lines=measured.names,
        elements=factors.elements,
        regions=names,
        units=composition_units,
        pixels=(masks & measured.used).sum(axis=(1, 2)),
        rims=np.array([bright[rim(m)].sum() / max(bright[m].sum(), 1e-300) for m in masks]),
        counts=found.counts,
        counts_errors=np.sqrt(np.diagonal(found.noise, axis1=1, axis2=2)),
        atomic_percent=percent.atomic.values,
        weight_percent=percent.weight.values,
        errors=errors,
        fit_errors_are_known=measured.common_is_known,
        kfactors_have_errors=bool(np.any(factors.relative_errors > 0)),
        covariances=total,
        covariances_by_source=covariances,
        kfactor_effects=effects,
        detection_limit_counts=limits,
        detection_limits=_limits_in_percent(shown, limits, in_units.factors),
        p_values=p_values,
        detected=detected,
        false_discovery_rate=rate,
        per_count=measured.per_count,
        remarks={
            name: "; ".join(filter(None, (remark, *((thin, varied) if is_known else ()))))
            for name, remark, thin, varied, is_known in zip(
                names, known.remarks, around, uneven, known.has_composition, strict=True
            )
        },
        counts_unit=measured.unit,
        doubts=doubts_of(maps, measured.names),
        detection_errors=np.sqrt(found.background + found.absent),
        gain_remarks=of_units,
        sums=sums_of(measured, maps, names, masks, found, of_units),
        masks=masks,
        maps=percent_maps(
            *(maps, fused, there, factors, composition_units, absorption, masks),
            left_out=known.left_out.all(axis=0) & bool(len(masks)),
        ),
    )


def _limits_in_percent(counts, limits, factors):
    """Return what the composition would be with an element at its detection limit, (R, K)."""
    amounts = np.maximum(counts * factors, 0.0)
    others = amounts.sum(axis=1, keepdims=True) - amounts
    least = limits * factors
    return 100 * least / (others + least)
