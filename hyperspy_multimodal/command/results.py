"""What the command writes: maps, tables and pictures, in a folder."""

import logging
from functools import partial
from pathlib import Path

import numpy as np

from ..written_numbers import plain
from .advice import translated
from .pictures import draw_composition, draw_overview, draw_profiles, more_pictures
from .quantities import COMPOSITION, RATIOS, REGIONS, SUMS, ratio_to, write_quantities
from .quantities import PICTURE as COMPOSITION_PICTURE
from .table import write_table, write_windows

_logger = logging.getLogger("hyperspy_multimodal")
# A map that varies by less than this share of its mean shows nothing.
_FLAT = 0.02
#: Files that every run writes.
TABLE, PICTURE = "maps.csv", "overview.png"
#: All messages, the most serious first.
MESSAGES = "messages.txt"
#: Table of places where maps were changed, or differ from the counts.
WINDOWS = "windows.csv"
_RESULTS = (TABLE, PICTURE, WINDOWS, COMPOSITION, SUMS, REGIONS)


def check_output(options):
    """Refuse an output folder that is a file, or that holds results which are to be kept.

    This is seen before a fusion that takes minutes.
    """
    folder = _folder_of(options)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"--output must be a folder, but {folder} is a file.")
    if not options.overwrite and any((folder / name).exists() for name in _RESULTS):
        raise FileExistsError(
            f"{folder} contains the results of an earlier run. Pass a different folder with "
            "--output, or --overwrite to replace them."
        )


def _folder_of(options):
    """Return the folder for the results."""
    stem = options.files[0].stem if options.files else "core_shell"
    return options.output or Path(f"{stem}_fused")


def write_results(maps, output, haadf, regions, options, summary):
    """Write messages, maps, tables and pictures; one that fails keeps no other from being written.

    Parameters
    ----------
    maps : list of BaseSignal
        Fused maps.
    output : dict
        ``full_output`` of the fusion.
    haadf : BaseSignal
        The image.
    regions : numpy.ndarray or None
        Label image.
    options : argparse.Namespace
        Of the command.
    summary : Summary
        Of the fusion.
    """
    import matplotlib

    matplotlib.use("Agg")
    from ..plot.panels import map_name

    names = [map_name(fused) for fused in maps]
    folder = _folder_of(options)
    _write_messages(folder, summary)
    _check_content(names, maps, output)
    n_axes = maps[0].data.ndim
    draws_maps = options.pictures and n_axes == 2
    kinds = list(dict.fromkeys([*options.format, *(["png"] if draws_maps else [])]))
    if n_axes == 1:
        kinds = [kind for kind in kinds if kind not in ("png", "tif")]
    for kind in kinds:
        if kind != "png":
            _save_maps(kind, folder, names, maps, output, options)
    write_table(folder / TABLE, names, maps, output)
    write_windows(folder / WINDOWS, output)
    composed = failed = None
    if "slices" not in output:
        try:
            composed = write_quantities(folder, maps, output, regions, options)
        except Exception as error:  # raised below, after the pictures
            failed = error
    if "slices" in output:
        _logger.info(
            "%d slices. Their parameters are in the metadata of the maps.", len(output["slices"])
        )
    else:
        _logger.info(
            "Parameters: %slambda_1 %s; lambda_2 %s. Picture in %s",
            f"gamma {output['gamma']:g}; " if output["uses_brightness"] else "",
            _by_name(names, output["lambda_1"]),
            _by_name(names, output["lambda_2"]),
            folder / PICTURE,
        )
    pictures = {}
    if "png" in kinds:
        pictures["NAME.png"] = lambda _: _save_maps("png", folder, names, maps, output, options)
    if n_axes == 1:
        pictures[PICTURE] = lambda path: draw_profiles(path, names, maps, output["raw_maps"])
    elif n_axes == 2:
        pictures[PICTURE] = lambda path: draw_overview(path, maps, output["raw_maps"], haadf)
    if draws_maps:
        pictures |= more_pictures(output)
    if options.pictures and composed is not None:
        pictures[COMPOSITION_PICTURE] = lambda path: draw_composition(path, composed, haadf)
        if options.ratio_to is not None:
            pictures[RATIOS] = lambda path: draw_composition(
                path, composed, haadf, ratio_to(options, composed, maps)
            )
    _draw(pictures, folder, failed)


def _write_messages(folder, summary):
    """Write the verdicts and all messages, also those that the summary leaves out."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{i}. {text}" for i, text in enumerate(summary.texts(), 1)]
    text = translated("\n".join([summary.first_line(), *lines]))
    (folder / MESSAGES).write_text(text + "\n", encoding="utf-8")


def _save_maps(kind, folder, names, maps, output, options):
    """Save maps, and what else is wanted of each, in one format."""
    from ..export import save_maps
    from ..plot.panels import map_unit

    save = partial(save_maps, folder=folder, format=kind, overwrite=options.overwrite)
    paths = save(maps)
    if options.raw:
        save(output["raw_maps"], suffix="_raw")
    if options.uncertainty:
        save(output["standard_deviations"], suffix="_error")
    if kind != options.format[0]:
        return
    paths = paths if len(paths) == len(maps) else paths * len(maps)
    for name, fused, path in zip(names, maps, paths, strict=True):
        total = plain(fused.data.sum(), 6)
        _logger.info("%s: %s %s in %s", name, total, map_unit(fused), path)


def _draw(pictures, folder, failed):
    """Draw all pictures, and say what failed: these, or what was written before."""
    texts, cause = [], None
    for name, draw in pictures.items():
        try:
            draw(folder / name)
        except Exception as error:  # the others can still be drawn
            cause = cause or error
            texts.append(f"{name} ({type(error).__name__}: {error})")
    if not texts:
        if failed is not None:
            raise failed
        return
    if failed is not None:
        _logger.error("%s", failed)
    raise ValueError(
        f"The maps are in {folder}, but a picture could not be drawn: {', '.join(texts)}. --debug "
        "shows where this came from."
    ) from cause


def _check_content(names, maps, output):
    """Refuse to write maps that show nothing."""
    if not any(np.nansum(raw.data) > 0 for raw in output["raw_maps"]):
        raise ValueError(
            f"There are no counts of {', '.join(names)} in this scan, so no maps are written. "
            "Check the elements, and that the file contains the measured data."
        )
    if all(np.ptp(fused.data) < _FLAT * abs(fused.data.mean()) for fused in maps):
        raise ValueError(
            f"The maps of {', '.join(names)} show no structure beyond their noise, so no maps are "
            "written. The scan has too few counts, or the specimen is uniform. Totals: "
            + ", ".join(
                f"{name} {plain(np.nansum(raw.data))}"
                for name, raw in zip(names, output["raw_maps"], strict=True)
            )
        )


def _by_name(names, values):
    """Return one number for all names, or one per name, as text."""
    if len(set(values)) == 1:
        return f"{values[0]:g}"
    return ", ".join(f"{value:g} ({name})" for name, value in zip(names, values, strict=True))
