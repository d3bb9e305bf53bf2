"""`fuse_maps`: fusion of existing maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..signals.docstrings import fill_docstring
from ..signals.keywords import explain_keywords
from ..signals.summed_up import summed_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..hints import (
        Auto,
        Image,
        Lambdas,
        Maps,
        PerMap,
        Regularisers,
        Results,
        Weights,
    )


@explain_keywords
@summed_up
@fill_docstring(values="values")
def fuse_maps(
    maps: Maps,
    haadf: Image,
    gamma: float | Auto = 1.7,
    lambdas: Lambdas = "auto",
    *,
    elements: Sequence[str] | None = None,
    gain: PerMap | None = None,
    background: PerMap | None = None,
    pedestal: PerMap | str | None = None,
    regulariser: Regularisers = "auto",
    weights: Weights = "auto",
    haadf_blur: float | Auto = "auto",
    align: bool = False,
    keep_totals: bool | Auto = "auto",
    keep_significant: bool = True,
    share_structure: bool | Auto = "auto",
    tolerance: float = 1e-4,
    max_iterations: int = 5000,
    seed: int = 0,
    uncertainty: bool = False,
    navigation_mask: Image | None = None,
    show_progressbar: bool | None = None,
    full_output: bool = False,
) -> Results:
    r"""Fuse existing element maps with the HAADF image of the same scan.

    The cost function and its parameters are the same as in ``multimodal_fusion``. The maps may come
    from microscope software, from ``get_lines_intensity``, or from model fits. If the spectrum
    image is available, use ``s.multimodal_fusion(haadf)`` instead, which extracts the counts and
    models their noise.

    Parameters
    ----------
    maps : list, dict, BaseSignal or numpy.ndarray
        Maps of the same shape (ny, nx): a list of arrays or of signals (with two signal axes or two
        navigation axes), a dictionary mapping elements to maps, or an array with elements along the
        first axis.
    haadf : Signal2D, BaseSignal or array_like
        HAADF image of the scan.
    align, keep_totals, keep_significant, share_structure
        As in ``multimodal_fusion``.
    gamma, lambdas, regulariser, weights, haadf_blur
        As in ``multimodal_fusion``. For ``lambdas="auto"``, counts are split binomially. Other maps
        are first converted to effective counts, which are split at random; Gaussian noise is then
        added to the first half and subtracted from the second. The noise variance of the maps is
        computed from ``gain`` and ``background``. If it has to be estimated, a message is logged.
    elements : None or list of str
        Elements, X-ray lines or edges, one per map. None (default): read from the keys of a
        dictionary, from ``metadata.Sample``, or from the titles.
    gain : None, float, dict or sequence of float
        Map units per count, > 0: one value for all maps, a sequence in the order of the maps, or a
        dictionary keyed by element or map name. None (default): 1 if all maps contain non-negative
        integers that are consistent with counts, as judged by the values that occur, by the noise,
        and by whether pixels are duplicated. If the values are multiples of a step and their noise
        is that of counts, the gain is this step. Otherwise, the gain is estimated from how the
        noise increases with brightness, and a warning is logged. A warning is also logged if a
        given gain differs from the one estimated from the noise by more than a factor of two. If
        maps are not in counts and their noise was clipped at 0, the pixel values are replaced by
        the most likely numbers of counts, whether or not ``gain`` is given. This replacement also
        removes the bias caused by clipping.
    background : None, float, dict or sequence of float
        Background that was subtracted from the maps, in map units. Its noise is still present in
        the maps. Accepts the same types as ``gain``. None (default): 0 for counts; otherwise,
        estimated from the noise in dark regions.
    pedestal : None, "vacuum", float, dict or sequence of float
        Uniform background that is still present in the maps, in map units per pixel, >= 0. It is
        subtracted from the maps and their totals. "vacuum": measured in the vacuum regions of the
        HAADF. None (default): 0, with a warning if there are counts in vacuum.
    tolerance, max_iterations, seed, uncertainty
        As in ``multimodal_fusion``.
    $navigation_mask
    $show_progressbar
    $full_output

    Returns
    -------
    maps : list of BaseSignal
        One map per element, in the order and units of the input. Axes and metadata are copied from
        the input; arrays are converted to Signal2D. ``metadata.Multimodal_fusion`` records all
        parameters.
    output : dict
        Only with ``full_output=True``: as for ``multimodal_fusion``, and in addition ``gain``,
        ``gain_source`` ("counts", "given" or "estimated"), ``quantity`` ("counts", "units of the
        map", or "net counts" if a background was given or subtracted), ``pedestal``, and
        ``clipping_bias`` (mean correction for clipped noise, in map units per pixel). ``raw_maps``
        are the given maps minus the pedestal. Variances in ``raw_noise`` are NaN if correlations
        between neighbouring pixels make it impossible to determine the noise level.

    Raises
    ------
    TypeError, ValueError
        If the maps, the HAADF or another argument is invalid, or if the elements are unknown.

    See Also
    --------
    hyperspy_multimodal.solve_fusion : Minimise the same cost for arrays, with given weights.

    Notes
    -----
    The variance of a map x is modelled as g x + f, where g is the gain and f is a noise floor that
    does not depend on x. The map is treated as x / g effective counts over a background of :math:`f
    / g^2`, that is, as a shifted Poisson variable with the same mean and variance. The ratio f / g
    is recorded as ``background``. HAADF weights that the maps do not constrain are set to Z^1.7
    times the number of atoms per count. If all maps are named after X-ray lines, such as "Ti_Ka",
    this number is computed for X-ray emission at a beam energy of 200 keV; otherwise, it is 1. By
    default, totals are preserved. Counts in vacuum are not subtracted unless ``pedestal`` is given,
    because they may come from a support film.

    Examples
    --------
    >>> from hyperspy_multimodal import fuse_maps
    >>> from hyperspy_multimodal.data import core_shell
    >>> specimen = core_shell((32, 32), counts=20)
    >>> counts = specimen.signal.get_lines_intensity()
    >>> maps = fuse_maps(counts, specimen.haadf, gamma=1, show_progressbar=False)
    >>> [m.metadata.Sample.elements[0] for m in maps]
    ['Co', 'O', 'S']
    >>> bool(abs(maps[0].data.sum() / counts[0].data.sum() - 1) < 0.001)
    True
    """
    from dataclasses import replace

    import numpy as np

    from ..checks import in_order
    from ..counts.masked_maps import masked_maps
    from ..counts.raw_noise import noise_of_given_maps
    from ..counts.reading import SPLITS
    from ..physics.scattering import map_scattering
    from ..recovery.fuse import fuse
    from ..recovery.parameters import Parameters
    from ..signals.as_found import name_images
    from ..signals.found_haadf import ScanGrid, tidied_haadf
    from ..signals.haadf_image import image_array
    from ..signals.native import draw_suffix
    from ..signals.outputs import output_signals
    from .map_input import read_maps
    from .noisy_maps import are_whole, checked_units, ready_maps
    from .pedestal import checked_pedestal, without_pedestal
    from .shares import are_shares
    from .unknown_background import (
        background_is_subtracted,
        quantity_of_maps,
        say_background_is_unknown,
    )

    parameters = Parameters(
        gamma=gamma,
        lambdas=lambdas,
        regulariser=regulariser,
        weights=weights,
        haadf_blur=haadf_blur,
        align=align,
        keep_totals=keep_totals,
        keep_significant=keep_significant,
        share_structure=share_structure,
        tolerance=tolerance,
        max_iterations=max_iterations,
        seed=seed,
        uncertainty=uncertainty,
        show_progressbar=show_progressbar,
        full_output=full_output,
    ).checked()
    if isinstance(haadf, dict) or (_is_one_image(maps) and not _is_one_image(haadf)):
        raise TypeError(
            "fuse_maps(maps, haadf) takes the maps first and then the HAADF image, but they seem "
            "to be swapped."
        )
    given = read_maps(maps, elements, navigation_mask)
    parameters.check_number_of(given.names)
    gain, background, pedestal = (
        in_order(argument, value, given.names)
        for argument, value in (("gain", gain), ("background", background), ("pedestal", pedestal))
    )
    gain, background = checked_units(gain, background, len(given.names))
    pedestal = checked_pedestal(pedestal, len(given.names))
    if parameters.share_structure == "auto" and are_shares(given.arrays):
        # the noise of each share is that of the others with the opposite sign
        parameters = replace(parameters, share_structure=False)
    template = given.template
    shape = given.arrays.shape[1:]
    scan_axes = template.axes_manager.navigation_axes
    found, masked = tidied_haadf(haadf, ScanGrid(shape, scan_axes))
    on_scan = image_array(found, shape, scan_axes)
    if masked is not None:
        given = given.without(masked)
    parameters.compile_ahead(len(given.names))
    splits = SPLITS if parameters.splits_counts else 0
    measured, source = ready_maps(
        given.names, given.arrays, gain, background, splits, parameters.seed, given.mask
    )
    too_bright = given.arrays.mean(axis=(1, 2)) - measured.gains * measured.net.mean(axis=(1, 2))
    was_clipped = measured.common is not None
    measured, subtracted = without_pedestal(measured, pedestal, on_scan, given.mask)
    is_net = background_is_subtracted(background, subtracted)
    units = measured.gains if source == "counts" else gain
    may_be_gross = not is_net and (are_whole(given.arrays) or are_whole(given.arrays, units))
    if may_be_gross:
        say_background_is_unknown()
    whole, measured = measured, masked_maps(measured, given.mask)
    scattering = map_scattering(given.names)
    fused = fuse(measured, on_scan, scattering, parameters)
    # gains convert to units of the maps here, not to counts; what a guess gives is unknown
    units = np.where(whole.gains_are_known, measured.gains, np.nan).tolist()
    for verdict, unit in zip(fused.numbers["verdicts"], units, strict=True):
        verdict["counts_per_pixel"] /= unit
    record = fused.record
    record["elements"] = list(given.names)
    record["gain"] = measured.gains.tolist()
    record["gain_source"] = source
    record["quantity"] = quantity_of_maps(measured.gains, source, is_net)
    record["may_be_gross"] = may_be_gross
    record["are_fractions"] = are_shares(given.arrays)
    record["background"] = np.maximum(measured.subtracted - subtracted, 0.0).tolist()
    record["pedestal"] = subtracted.tolist()
    record["clipping_bias"] = too_bright.tolist()
    results = given.like_input(fused.maps, ", fused", record)
    for result, name in zip(results, given.names, strict=True):
        result.metadata.set_item("Multimodal_fusion.element", name)
    output = output_signals(fused, template)
    name_images(output, haadf)
    raw = given.arrays - subtracted[:, None, None]
    left_out = np.zeros(shape, bool) if given.mask is None else given.mask
    # what tells the unit of values, of maps that hold nothing of the fusion, too
    unit = {name: record[name] for name in ("gain_source", "quantity")}
    output["raw_maps"] = given.like_input(np.where(left_out, np.nan, raw), ", raw", unit)
    net = np.where(left_out, 0.0, raw)
    estimated = {"noise below 0": was_clipped, "the pedestal": isinstance(pedestal, str)}
    sources = [each for each, is_subtracted in estimated.items() if is_subtracted]
    output["raw_noise"] = noise_of_given_maps(given.lines, whole, net, sources)
    if fused.errors is not None:
        for result, error in zip(results, fused.errors, strict=True):
            result.metadata.set_item("Multimodal_fusion.standard_deviation", error)
        output["standard_deviations"] = given.like_input(fused.errors, ", standard deviation", unit)
    if fused.draws is not None:
        output["draws"] = [
            given.like_input(draw, draw_suffix(number), unit)
            for number, draw in enumerate(fused.draws)
        ]
    if not full_output:
        return results
    own = ("gain", "gain_source", "quantity", "pedestal", "clipping_bias")
    own = {name: record[name] for name in own}
    return results, {**output, **own}


def _is_one_image(given):
    """Return whether an argument is an image: an array or signal with two dimensions."""
    data = getattr(given, "data", None)
    shape = given.shape if hasattr(given, "shape") else getattr(data, "shape", ())
    return sum(size > 1 for size in shape) == 2
