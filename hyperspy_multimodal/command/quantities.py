"""Compositions and sums of regions that the command writes."""

import logging
from collections import Counter

import numpy as np

from .advice import translated
from .region_files import AUTO, WHOLE

_logger = logging.getLogger("hyperspy_multimodal")
#: Files: tables, where the regions are if they were found, and pictures.
COMPOSITION, SUMS, REGIONS, PICTURE, RATIOS = (
    "composition.csv", "region_sums.csv", "regions.tif", "composition.png", "ratios.png",
)  # fmt: skip


def are_wanted(options):
    """Return whether a composition or sums of regions are to be written."""
    return options.factors is not None or options.regions is not None


def check_names(options, names, kind="X-ray line", is_computed=False):
    """Refuse options that give no composition, before a fusion that takes minutes.

    Parameters
    ----------
    options : argparse.Namespace
    names : list of str
        Lines or edges that will be mapped.
    kind : "X-ray line" or "edge"
        What they are.
    is_computed : bool
        Whether factors that are not given are computed, as for EELS spectra. Default False.
    """
    if options.factors is None:
        if not is_computed and options.ratio_to is not None:
            raise ValueError("--ratio-to is for compositions, which need --factors.")
        _reference(options, names, kind)
        return
    unnamed = [name for name in names if "_" not in name]
    if unnamed:
        raise ValueError(
            "--factors needs the line or edge of each map, but those of "
            f"{', '.join(unnamed)} are not known. Pass them in the order of the maps, such as "
            "--elements Si_Ka O_Ka, or --elements Co_L3 O_K."
        )
    _reference(options, _with_factors(options.factors, names, kind)[0], kind)


def _reference(options, names, kind):
    """Return the line or edge of the composition that ``--ratio-to`` names, or None without it."""
    from ..names import checked_names

    if options.ratio_to is None:
        return None
    [wanted] = checked_names("--ratio-to", [options.ratio_to], kind, names)
    for name in names:
        if wanted in (name, _element(name)):
            return name
    raise ValueError(
        f"--ratio-to must name an element of the composition, {', '.join(names)}, but "
        f"{options.ratio_to} was given."
    )


def check_edges(options):
    """Refuse factors of X-ray lines for EELS, before a fusion that takes minutes."""
    from ..names import known_name, names_shell

    wrong = [
        name
        for name in options.factors or {}
        if "_" in name and known_name(name, "edge") is None and not names_shell(name)
    ]
    if wrong:
        raise ValueError(
            "--factors must name edges, such as O_K or Ti_L3, because the spectra are EELS, but "
            f"{', '.join(wrong)} {'are not edges' if len(wrong) > 1 else 'is not an edge'}. Leave "
            "out --factors to use computed cross-sections."
        )


def write_quantities(folder, maps, output, regions, options):
    """Write the composition of regions, or their sums, where the options ask for them.

    Parameters
    ----------
    folder : pathlib.Path
    maps : list of BaseSignal
        Fused maps.
    output : dict
        ``full_output`` of the fusion.
    regions : numpy.ndarray or None
        Label image of ``--regions FILE``, None for other regions.
    options : argparse.Namespace

    Returns
    -------
    Composition or None
        None without a composition.
    """
    if options.overwrite:  # results of other maps
        for name in (COMPOSITION, SUMS, REGIONS, PICTURE, RATIOS):
            (folder / name).unlink(missing_ok=True)
    if not are_wanted(options):
        return None
    if regions is None and options.regions != AUTO:
        regions = WHOLE
    try:
        found, sums, path = _found(folder, maps, output, regions, options)
    except ValueError as error:
        raise ValueError(f"The maps are in {folder}, but nothing was summed: {error}") from error
    if not found.regions:
        raise ValueError(
            f"The maps are in {folder}, but no regions were found: nowhere are the counts of all "
            f"maps together above three standard errors. Pass --regions {WHOLE}, or an image."
        )
    chosen = {}
    if path.name == COMPOSITION:
        chosen = {"ratio_to": ratio_to(options, found, maps)}
    found.to_csv(path, **chosen)
    print(translated(found.table(**chosen)))
    more = "s" if len(found.regions) > 1 else ""
    if path.name == COMPOSITION:
        sums.to_csv(folder / SUMS)
        _logger.info(
            "Composition of %d region%s in %s, and their counts with the errors of noise and fit "
            "in %s",
            *(len(found.regions), more, path, folder / SUMS),
        )
    else:
        _logger.info(
            "Without --factors: sums of the raw maps of %d region%s in %s",
            *(len(found.regions), more, path),
        )
        if options.ratio_to is not None:
            _logger.warning("--ratio-to was not used, because no composition was computed.")
    if options.regions == AUTO:
        _logger.info(
            "%s: draw a label image of particles that you see in the maps and pass it with "
            "--regions.",
            "Small parts of these regions may differ"
            if more
            else "No parts with different compositions were found. Small ones may exist",
        )
        _write_regions(folder, maps[0], found, options)
    return found if path.name == COMPOSITION else None


def ratio_to(options, found, maps):
    """Return the line or edge that ``--ratio-to`` names, or None without it.

    Parameters
    ----------
    options : argparse.Namespace
    found : Composition
    maps : list of BaseSignal
        Fused maps.
    """
    kind = "edge" if maps[0].metadata.has_item("Sample.edges") else "X-ray line"
    return _reference(options, found.lines, kind)


def _found(folder, maps, output, regions, options):
    """Return a composition or sums, the sums of all maps, and the file for the former."""
    from .. import composition, region_sums
    from ..names import close_element
    from ..plot.panels import map_name
    from ..quantification.region_sums import sums_of_more_maps

    seed = options.seed or 0
    names = [map_name(each) for each in maps]
    if options.factors is None and not _has_cross_sections(maps, names):
        found = region_sums(maps, output, regions, seed=seed)
        return found, found, folder / SUMS
    used = maps
    if options.factors is not None:
        kind = "edge" if maps[0].metadata.has_item("Sample.edges") else "X-ray line"
        own, without, unused = _with_factors(options.factors, names, kind)
        if without:
            _logger.warning(
                "--factors contains no factor for %s. The composition is that of %s alone, whose "
                "percentages add up to 100.",
                ", ".join(without),
                ", ".join(own),
            )
        if unused:
            _logger.warning(
                "--factors of %s were not used: there are no such maps.%s",
                ", ".join(unused),
                close_element(unused, without),
            )
        used = [each for each, name in zip(maps, names, strict=True) if name in own]
    found = composition(used, output, options.factors, regions, seed=seed)
    sums = found.sums
    if len(used) < len(maps):
        sums = sums_of_more_maps(found, maps, output, seed)
    return found, sums, folder / COMPOSITION


def _with_factors(factors, names, kind):
    """Return the maps that have a factor, those that have none, and factors without a map."""
    from ..names import check_they_exist, checked_names, close_element

    given = checked_names("--factors", list(factors), kind, ["Ti_Ka" if kind != "edge" else "O_K"])
    check_they_exist("--factors", given, kind, names)
    own = [name for name in names if name in given or _element(name) in given]
    repeated = [name for name in own if Counter(map(_element, own))[_element(name)] > 1]
    if repeated:
        raise ValueError(
            f"--factors must name one {kind} per element, but {', '.join(repeated)} are mapped and "
            "have a factor. Pass the factor of one of them, by its full name."
        )
    unused = [each for each in given if each not in own and each not in map(_element, own)]
    if len(own) < 2:
        others = f", and there are no maps of {', '.join(unused)}" if unused else ""
        raise ValueError(
            f"--factors must name at least two of the maps, {', '.join(names)}, but names "
            f"{', '.join(own) or 'none of them'}{others}."
            f"{close_element(unused, [name for name in names if name not in own])}"
        )
    return own, [name for name in names if name not in own], unused


def _element(name):
    return name.split("_")[0]


def _has_cross_sections(maps, names):
    """Return whether a composition needs no factors: edges, one per element, that are computed."""
    is_known = maps[0].metadata.get_item("Multimodal_fusion.cross_sections", None) is not None
    return is_known and len(names) > 1 and len(set(map(_element, names))) == len(names)


def _write_regions(folder, like, found, options):
    """Write a label image of regions, 0 outside."""
    from hyperspy.signals import Signal2D

    from ..export import save_maps
    from ..plot.panels import map_axes

    labels = np.zeros(like.data.shape, np.uint8)
    for number, mask in enumerate(found.masks, 1):
        labels[mask] = number
    axes = [{**axis.get_axis_dictionary(), "navigate": False} for axis in map_axes(like)[::-1]]
    image = Signal2D(labels, axes=axes)
    image.metadata.General.title = REGIONS.partition(".")[0]
    [path] = save_maps([image], folder, "tif", overwrite=options.overwrite)
    _logger.info("Numbers of the regions by pixel in %s", path)
