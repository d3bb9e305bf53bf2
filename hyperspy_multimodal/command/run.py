"""What the command does: find the scan, fuse it, write maps and pictures."""

import logging
import time
from pathlib import Path

import numpy as np

from ..modalities import MODALITIES, modality_of
from ..written_numbers import plain
from .table import write_table

_logger = logging.getLogger("hyperspy_multimodal")
# A map that varies by less than this share of its mean shows nothing.
_FLAT = 0.02
#: Files that every run writes.
TABLE, PICTURE = "maps.csv", "overview.png"


def fuse_files(options):
    """Fuse the spectrum image in files with its HAADF image."""
    from ..recovery.summary import one_summary
    from .load import check_names, load_signals, with_options
    from .scan_files import find_scan, say_image_is_taken

    check_names(options)
    mask = _mask(options)
    signals = load_signals(options)
    spectra, haadf = find_scan(signals, options.spectra, options.haadf)
    _check_kind(spectra, options)
    [spectra], haadf, mask = _part([spectra], haadf, mask, options)
    spectra = with_options(spectra, options, signals)
    given = _given(options)
    names = {
        "extra_lines": "extra_lines",
        "lines": "xray_lines",
        "edges": "edges",
        "method": "map_method",
        "gain": "gain",
    }
    given.update(
        {argument: getattr(options, name) for name, argument in names.items()
         if getattr(options, name) is not None}
    )  # fmt: skip
    if options.windows is not None:
        given["integration_windows"] = options.windows
    if options.background_windows is not None:
        limits = options.background_windows
        columns = modality_of(spectra).background_limits
        given["background_windows"] = (
            None if limits == ["none"] else _rows("--background-windows", limits, columns)
        )
    if mask is not None:
        given["navigation_mask"] = mask
    if spectra._lazy:
        given["lazy_output"] = False
    started = _started()
    with one_summary():
        if options.haadf is None:
            say_image_is_taken(haadf)
        maps, output = spectra.multimodal_fusion(haadf, full_output=True, **given)
    _finished(started)
    _write(maps, output, haadf, options)


def fuse_given_maps(options):
    """Fuse maps in files with their HAADF image."""
    from ..given.fuse_maps import fuse_maps
    from .load import load_signals
    from .scan_files import find_maps

    mask = _mask(options)
    maps, haadf = find_maps(load_signals(options), options.haadf)
    maps, haadf, mask = _part(maps, haadf, mask, options)
    given = _given(options)
    if options.elements:
        given["elements"] = options.elements
    for name in ("gain", "background", "pedestal"):
        if getattr(options, name) is not None:
            given[name] = getattr(options, name)
    if mask is not None:
        given["navigation_mask"] = mask
    started = _started()
    fused, output = fuse_maps(maps, haadf, full_output=True, **given)
    _finished(started)
    _write(fused, output, haadf, options)


def fuse_specimen(options):
    """Fuse a simulated specimen, and print what is gained."""
    from ..data import core_shell

    specimen = core_shell()
    _logger.info(
        "No FILE was given: fusing simulated core-shell particles, %d x %d pixels, with at most "
        "%.0f counts per pixel in a line.",
        *specimen.haadf.data.shape,
        specimen.counts[0].data.max(),
    )
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, full_output=True, **_given(options)
    )
    _write(maps, output, specimen.haadf, options)
    print(f"{'line':8s}{'SNR raw':>10s}{'SNR fused':>11s}{'total, fused / true':>22s}")
    for fused, raw, truth in zip(maps, output["raw_maps"], specimen.counts, strict=True):
        print(
            f"{fused.metadata.Sample.xray_lines[0]:8s}"
            f"{_snr(raw.data, truth.data):7.1f} dB{_snr(fused.data, truth.data):8.1f} dB"
            f"{fused.data.sum() / truth.data.sum():22.3f}"
        )


def _mask(options):
    """Return the mask in a file, True where it is not 0, or None."""
    from .load import load_image

    return None if options.mask is None else load_image(options.mask) != 0


def _part(signals, haadf, mask, options):
    """Return spectra or maps, HAADF and mask of the part of the scan that is to be fused."""
    from .crop import check_crop, cropped_array, cropped_signal, scan_size

    if options.crop is None:
        return signals, haadf, mask
    shape = scan_size(signals[0])
    check_crop(options.crop, shape)
    *signals, haadf = (cropped_signal(each, options.crop, shape) for each in (*signals, haadf))
    return signals, haadf, cropped_array(mask, options.crop)


def _given(options):
    """Return the arguments of the fusion that the command line sets."""
    names = ("gamma", "lambdas", "regulariser", "weights", "haadf_blur", "seed", "tolerance",
             "max_iterations")  # fmt: skip
    given = {name: getattr(options, name) for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    for name in ("align", "keep_totals", "uncertainty"):
        if getattr(options, name):
            given[name] = True
    given["show_progressbar"] = True
    return given


def _rows(option, numbers, columns):
    """Return limits of windows, one row per line or edge."""
    if len(numbers) % columns:
        raise ValueError(
            f"{option} must have {columns} limits per line or edge, but {len(numbers)} were given."
        )
    return np.reshape(numbers, (-1, columns))


def check_output(options):
    """Refuse an output folder that is a file, or that holds results which are to be kept.

    This is seen before a fusion that takes minutes.
    """
    folder = _folder_of(options)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"--output must be a folder, but {folder} is a file.")
    if not options.overwrite and any((folder / name).exists() for name in (TABLE, PICTURE)):
        raise FileExistsError(
            f"{folder} contains the results of an earlier run. Pass a different folder with "
            "--output, or --overwrite to replace them."
        )


def _folder_of(options):
    """Return the folder for the results."""
    stem = options.files[0].stem if options.files else "core_shell"
    return options.output or Path(f"{stem}_fused")


def _check_kind(spectra, options):
    """Refuse options for another kind of spectra."""
    own = modality_of(spectra)
    for other in MODALITIES:
        for name in other.options:
            if name not in own.options and getattr(options, name) is not None:
                raise ValueError(
                    f"--{name.replace('_', '-')} is for {other.name} spectra, but these are "
                    f"{own.name} spectra. If they are not, pass their type with --signal-type."
                )


def _started():
    _logger.info("Fusing. Large scans take minutes.")
    return time.monotonic()


def _finished(started):
    _logger.info("Fused in %.0f s.", time.monotonic() - started)


def _write(maps, output, haadf, options):
    """Write maps, a table and pictures."""
    import matplotlib

    matplotlib.use("Agg")
    from ..export import save_maps
    from ..plot import plot_overview
    from ..plot.panels import map_name, map_unit

    names = [map_name(fused) for fused in maps]
    _check_content(names, maps, output)
    folder, again = _folder_of(options), options.overwrite
    is_line = maps[0].data.ndim == 1
    kinds = dict.fromkeys([*options.format, *(["png"] if options.pictures else [])])
    for kind in [each for each in kinds if not (is_line and each in ("png", "tif"))]:
        paths = save_maps(maps, folder, kind, overwrite=again)
        if kind == options.format[0]:
            paths = paths if len(paths) == len(maps) else paths * len(maps)
            for name, fused, path in zip(names, maps, paths, strict=True):
                unit = map_unit(fused)
                total = plain(fused.data.sum(), 6)
                _logger.info("%s: %s %s in %s", name, total, unit, path)
    if options.uncertainty:
        deviations = output["standard_deviations"]
        save_maps(deviations, folder, options.format[0], suffix="_error", overwrite=again)
    write_table(folder / TABLE, names, maps, output)
    picture = folder / PICTURE
    if is_line:
        _draw_profiles(picture, names, maps, output["raw_maps"])
    elif maps[0].data.ndim == 2:
        figure = plot_overview(maps, output["raw_maps"], haadf)[0, 0].figure
        figure.savefig(picture, dpi=120)
        matplotlib.pyplot.close(figure)
    if options.pictures and maps[0].data.ndim == 2:
        _draw_more(folder, output)
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


def _draw_profiles(path, names, maps, raw_maps):
    """Draw raw and fused profiles along a line."""
    import matplotlib.pyplot as plt

    from ..plot.panels import LINE_COLOURS, has_units, map_axes, map_unit

    [axis] = map_axes(maps[0])
    figure, panel = plt.subplots(figsize=(7, 4), layout="constrained")
    for number, (name, fused, raw) in enumerate(zip(names, maps, raw_maps, strict=True)):
        colour = LINE_COLOURS[number % len(LINE_COLOURS)]
        panel.plot(axis.axis, fused.data, color=colour, label=name)
        panel.plot(axis.axis, raw.data, ".", color=colour, markersize=3, alpha=0.6)
    panel.set_title("fused (lines) and raw (dots) along the line")
    panel.set_xlabel(f"position ({axis.units})" if has_units(axis) else "position (pixels)")
    panel.set_ylabel(map_unit(maps[0]))
    panel.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _draw_more(folder, output):
    """Draw the HAADF model, what was tried and the fitted spectrum, where there are any."""
    import matplotlib.pyplot as plt

    from .. import plot

    pictures = [("haadf_model", plot.plot_haadf_model, output)]
    if output.get("selection"):
        pictures.append(("selection", plot.plot_selection, output))
    if output.get("spectrum_fit"):
        pictures.append(("sum_spectrum", plot.plot_sum_spectrum, output["spectrum_fit"]))
    for name, draw, what in pictures:
        plt.close("all")
        draw(what)
        plt.gcf().savefig(folder / f"{name}.png", dpi=120)
    plt.close("all")


def _by_name(names, values):
    """Return one number for all names, or one per name, as text."""
    if len(set(values)) == 1:
        return f"{values[0]:g}"
    return ", ".join(f"{value:g} ({name})" for name, value in zip(names, values, strict=True))


def _snr(data, truth):
    """Return the signal-to-noise ratio of ``data`` in dB."""
    return 10 * np.log10(np.square(truth).sum() / np.square(data - truth).sum())
