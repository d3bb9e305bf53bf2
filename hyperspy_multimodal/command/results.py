"""What the command writes: maps, tables and pictures, in a folder."""

import logging
from pathlib import Path

import numpy as np

from ..written_numbers import plain
from .pictures import draw_more, draw_profiles
from .quantities import COMPOSITION, REGIONS, SUMS, write_quantities
from .table import write_table, write_windows

_logger = logging.getLogger("hyperspy_multimodal")
# A map that varies by less than this share of its mean shows nothing.
_FLAT = 0.02
#: Files that every run writes.
TABLE, PICTURE = "maps.csv", "overview.png"
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


def write_results(maps, output, haadf, regions, options):
    """Write maps, tables and pictures."""
    import matplotlib

    matplotlib.use("Agg")
    from ..export import save_maps
    from ..plot import plot_overview
    from ..plot.panels import map_name, map_unit

    names = [map_name(fused) for fused in maps]
    _check_content(names, maps, output)
    folder, again = _folder_of(options), options.overwrite
    is_line = maps[0].data.ndim == 1
    draws_maps = options.pictures and maps[0].data.ndim == 2
    kinds = dict.fromkeys([*options.format, *(["png"] if draws_maps else [])])
    more = {"_raw": output["raw_maps"]} if options.raw else {}
    if options.uncertainty:
        more["_error"] = output["standard_deviations"]
    for kind in [each for each in kinds if not (is_line and each in ("png", "tif"))]:
        paths = save_maps(maps, folder, kind, overwrite=again)
        for suffix, others in more.items():
            save_maps(others, folder, kind, suffix=suffix, overwrite=again)
        if kind == options.format[0]:
            paths = paths if len(paths) == len(maps) else paths * len(maps)
            for name, fused, path in zip(names, maps, paths, strict=True):
                unit = map_unit(fused)
                total = plain(fused.data.sum(), 6)
                _logger.info("%s: %s %s in %s", name, total, unit, path)
    write_table(folder / TABLE, names, maps, output)
    write_windows(folder / WINDOWS, output)
    picture = folder / PICTURE
    if is_line:
        draw_profiles(picture, names, maps, output["raw_maps"])
    elif maps[0].data.ndim == 2:
        figure = plot_overview(maps, output["raw_maps"], haadf)[0, 0].figure
        figure.savefig(picture, dpi=120)
        matplotlib.pyplot.close(figure)
    if draws_maps:
        draw_more(folder, output)
    if "slices" in output:
        _logger.info(
            "%d slices. Their parameters are in the metadata of the maps.", len(output["slices"])
        )
        return
    _logger.info(
        "Parameters: %slambda_1 %s; lambda_2 %s. Picture in %s",
        f"gamma {output['gamma']:g}; " if output["uses_haadf"] else "",
        _by_name(names, output["lambda_1"]),
        _by_name(names, output["lambda_2"]),
        picture,
    )
    write_quantities(folder, maps, output, haadf, regions, options)


def _check_content(names, maps, output):
    """Refuse to write maps that show nothing."""
    if not any(np.nansum(raw.data) > 0 for raw in output["raw_maps"]):
        raise ValueError(
            f"There are no counts of {', '.join(names)} in this scan, so nothing is written. "
            "Check the elements, and that the file contains the measured data."
        )
    if all(np.ptp(fused.data) < _FLAT * abs(fused.data.mean()) for fused in maps):
        raise ValueError(
            f"The maps of {', '.join(names)} show no structure beyond their noise, so nothing is "
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
