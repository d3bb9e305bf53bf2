"""What the command does: find the scan and fuse it."""

import contextlib
import logging
import time
from pathlib import Path

import numpy as np

from ..modalities import MODALITIES, modality_of
from ..names import checked_names, known_name
from . import quantities
from .crop import check_crop, cropped_array, cropped_energies, cropped_signal, scan_size
from .option_errors import about_options
from .region_files import AUTO, WHOLE, check_size, load_regions
from .results import write_results

_logger = logging.getLogger("hyperspy_multimodal")


def fuse_files(options):
    """Fuse the spectrum image in files with its HAADF image."""
    from ..recovery.summary import one_summary
    from .load import check_names, load_signals, with_options
    from .scan_files import find_scan, say_image_is_taken

    with about_options():
        check_names(options)
        mask, regions = _mask(options), _regions(options)
    signals = load_signals(options)
    spectra, haadf = find_scan(signals, options.spectra, options.haadf)
    with about_options():
        _check_kind(spectra, options)
        spectra = cropped_energies(spectra, options.energies)
        _check_regions([spectra], regions, options)
        [spectra], haadf, mask, regions = _part([spectra], haadf, mask, regions, options)
    spectra = with_options(spectra, options, signals)
    _check_factors(spectra, options)
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
    with one_summary() as summary:
        if options.haadf is None:
            say_image_is_taken(haadf)
        maps, output = spectra.multimodal_fusion(haadf, full_output=True, **given)
    _finished(started)
    write_results(maps, output, haadf, regions, options, summary)


def fuse_given_maps(options):
    """Fuse maps in files with their HAADF image."""
    from ..given.fuse_maps import fuse_maps
    from ..given.map_input import read_maps
    from ..given.map_names import known_map_name
    from ..recovery.summary import one_summary
    from .load import load_signals
    from .scan_files import find_maps, say_image_is_taken, say_spectra_are_there

    with about_options():
        for name in options.elements or []:
            known_map_name(name)  # before files are read
        mask, regions = _mask(options), _regions(options)
    signals = load_signals(options)
    maps, haadf = find_maps(signals, options.haadf)
    say_spectra_are_there(signals)
    with about_options():
        _check_regions(maps, regions, options)
        maps, haadf, mask, regions = _part(maps, haadf, mask, regions, options)
    if quantities.are_wanted(options):
        read = read_maps(maps, options.elements, mask)
        kind = "edge" if known_name(read.lines[0], "edge") == read.lines[0] else "X-ray line"
        with about_options():
            quantities.check_names(options, read.lines, kind)
    given = _given(options)
    if options.elements:
        given["elements"] = options.elements
    for name in ("gain", "background", "pedestal"):
        if getattr(options, name) is not None:
            given[name] = getattr(options, name)
    if mask is not None:
        given["navigation_mask"] = mask
    started = _started()
    with one_summary() as summary:
        if options.haadf is None:
            say_image_is_taken(haadf)
        fused, output = fuse_maps(maps, haadf, full_output=True, **given)
    _finished(started)
    write_results(fused, output, haadf, regions, options, summary)


def fuse_specimen(options):
    """Fuse a simulated specimen, and print what is gained."""
    from ..data import core_shell
    from ..recovery.summary import one_summary

    specimen = core_shell()
    _logger.info(
        "No FILE was given: fusing simulated core-shell particles, %d x %d pixels, with at most "
        "%.0f counts per pixel in a line.",
        *specimen.haadf.data.shape,
        specimen.counts[0].data.max(),
    )
    with about_options():
        regions = _regions(options)
        _check_regions([specimen.signal], regions, options)
    _check_factors(specimen.signal, options)
    with one_summary() as summary:
        maps, output = specimen.signal.multimodal_fusion(
            specimen.haadf, full_output=True, **_given(options)
        )
    write_results(maps, output, specimen.haadf, regions, options, summary)
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


def _regions(options):
    """Return the label image in a file, or None."""
    if options.regions in (None, AUTO, WHOLE):
        return None
    return load_regions(Path(options.regions))


def _check_regions(signals, regions, options):
    """Refuse regions of another size than the scan, and scans that have no regions."""
    if not quantities.are_wanted(options):
        return
    manager = signals[0].axes_manager
    if max(manager.signal_dimension, manager.navigation_dimension) != 2:
        raise ValueError(
            "--factors and --regions are for scans with rows and columns, not for lines and stacks."
        )
    if regions is not None:
        shape = scan_size(signals[0])
        if options.crop is not None:
            check_crop(options.crop, shape)
        check_size(regions, shape, options.crop)


def _check_factors(spectra, options):
    """Refuse factors that are not for the lines or edges that will be mapped."""
    from ..eds.select_lines import select_lines
    from ..eels.edge_windows import edges_on_axis

    if modality_of(spectra).name == "EDS":
        with about_options() if options.lines else contextlib.nullcontext():
            names = select_lines(spectra, options.lines)
        with about_options():
            quantities.check_names(options, names)
        return
    with about_options():
        quantities.check_edges(options)
    if options.edges:
        with about_options():
            names = checked_names("--edges", options.edges, "edge", ["Cu_L3", "Zn_L3"])
            if all("_" in name for name in names):  # an element stands for one of its edges
                quantities.check_names(options, names, "edge", is_computed=True)
    elif options.factors is not None or options.ratio_to is not None:
        names = edges_on_axis(spectra)
        with about_options():
            quantities.check_names(options, names, "edge", is_computed=True)


def _part(signals, haadf, mask, regions, options):
    """Return spectra or maps, HAADF, mask and regions of the part of the scan to be fused."""
    if options.crop is None:
        return signals, haadf, mask, regions
    shape = scan_size(signals[0])
    check_crop(options.crop, shape)
    *signals, haadf = (cropped_signal(each, options.crop, shape) for each in (*signals, haadf))
    if mask is not None:
        check_size(mask, shape, options.crop, "--mask")
    mask, regions = (cropped_array(each, options.crop, shape) for each in (mask, regions))
    if regions is not None and not regions.any():
        raise ValueError("--regions must contain a region in the part of --crop, but it has none.")
    return signals, haadf, mask, regions


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


def _snr(data, truth):
    """Return the signal-to-noise ratio of ``data`` in dB."""
    return 10 * np.log10(np.square(truth).sum() / np.square(data - truth).sum())
