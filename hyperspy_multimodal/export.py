"""`save_maps`: save maps as HyperSpy files, calibrated images and tables."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hyperspy.signal import BaseSignal

from .checks import checked_flag

#: Formats by name: what `save_maps` writes.
# Ends of titles of maps that are not fused, which their pictures tell.
_NOT_THE_MAP = ("raw", "standard deviation")
FORMATS = ("hspy", "zspy", "tif", "png", "csv")
_EXTENSIONS = {"tiff": "tif", "hdf5": "hspy"}


def save_maps(
    maps: Sequence[BaseSignal],
    folder: str | Path,
    format: str = "hspy",
    *,
    suffix: str = "",
    overwrite: bool = False,
) -> list[Path]:
    """Save maps to a folder, one file per map.

    HyperSpy itself saves maps to .hspy and .zspy, but not to other formats: PNG files cannot
    contain floating-point numbers, and HyperSpy cannot write maps with navigation axes to TIFF
    files.

    Parameters
    ----------
    maps : list of BaseSignal
        Maps from `multimodal_fusion`, `fuse_maps` or `fit_maps`, in memory or lazy. They have two
        axes, or one for profiles along a line, such as ``[roi(m) for m in maps]``. "tif" also
        accepts stacks with three axes.
    folder : str or pathlib.Path
        Folder to write to. It is created if it does not exist. Files are named after lines, edges
        or elements.
    format : str
        "hspy" (default) or "zspy": the complete signal, for HyperSpy. "tif": 32-bit numbers in the
        units of the map, with the pixel size for ImageJ. "png": a picture with scale bar and colour
        bar. "csv": for maps, one table per map with rows and columns as in the scan; for profiles,
        a single table with the position and one column per map.
    suffix : str
        Appended to the file names, such as "_raw". Default "".
    overwrite : bool
        Whether to replace existing files. Default False.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    FileExistsError
        If a file exists and ``overwrite`` is False. Nothing is written in this case.
    TypeError, ValueError
        If ``maps`` are not maps, if two of them have the same name, or if the format is unknown.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from hyperspy_multimodal import save_maps
    >>> from hyperspy_multimodal.data import core_shell
    >>> maps = core_shell((32, 32)).signal.get_lines_intensity()
    >>> with TemporaryDirectory() as folder:
    ...     [path.name for path in save_maps(maps, folder, "tif")]
    ['Co_Ka.tif', 'O_Ka.tif', 'S_Ka.tif']
    """
    from .plot.panels import map_axes, map_name
    from .signals.lazy_signals import compute_maps

    overwrite = checked_flag("overwrite", overwrite)
    kind = _EXTENSIONS.get(str(format).lower().lstrip("."), str(format).lower().lstrip("."))
    if kind not in FORMATS:
        raise ValueError(f"`format` must be one of {list(FORMATS)}, but {format!r} was given.")
    maps = [maps] if isinstance(maps, BaseSignal) else list(maps)
    if not maps or not all(isinstance(each, BaseSignal) for each in maps):
        raise TypeError(
            "maps must be a list of maps, as multimodal_fusion returns it, but "
            f"{[type(each).__name__ for each in maps]} was given."
        )
    names = [f"{map_name(each)}{suffix}" for each in maps]
    # Windows and macOS do not tell files by the case of letters
    same = [_as_file(name).lower() for name in names]
    repeated = sorted({n for n, file in zip(names, same, strict=True) if same.count(file) > 1})
    if repeated:
        raise ValueError(
            f"Several maps would be saved as {repeated}. Save them to different folders, or with "
            "different `suffix`."
        )
    sizes = {len(map_axes(each)) for each in maps}
    most = {"tif": 3, "png": 2, "csv": 2}.get(kind, 10)
    if max(sizes) > most or (kind in ("tif", "png") and min(sizes) < 2):
        raise ValueError(
            f"format={format!r} is for maps with two axes, but one has {max(sizes)}. Save one "
            "slice, [m.inav[..., 0] for m in maps], profiles as 'csv', or all as 'hspy'."
        )
    folder = Path(folder)
    profiles = kind == "csv" and sizes == {1}
    files = [f"profiles{suffix}"] if profiles else names
    paths = [folder / f"{_as_file(name)}.{kind}" for name in files]
    existing = [path for path in paths if path.exists()]
    if existing and not overwrite:
        raise FileExistsError(
            f"{', '.join(map(str, existing))} exist. Pass another folder, or overwrite=True."
        )
    if any(each._lazy for each in maps):
        maps = compute_maps(maps)
    folder.mkdir(parents=True, exist_ok=True)
    if profiles:
        _write_profiles(paths[0], maps, names)
        return paths
    write = {"tif": _write_tiff, "png": _write_picture, "csv": _write_table}.get(
        kind, _write_signal
    )
    for each, path in zip(maps, paths, strict=True):
        write(path, each)
    return paths


def _as_file(name):
    """Return a name without characters that are not allowed in file names."""
    return "".join("_" if letter in '\\/:*?"<>|' or ord(letter) < 32 else letter for letter in name)


def _write_signal(path, signal):
    signal.save(path, overwrite=True)


def _write_tiff(path, signal):
    """Write 32-bit numbers with the pixel size, which HyperSpy and ImageJ read."""
    image = signal
    if signal.axes_manager.signal_dimension != 2:
        names = [axis.name for axis in signal.axes_manager.navigation_axes]
        named = names.count("x") == names.count("y") == 1
        image = signal.as_signal2D((names.index("x"), names.index("y")) if named else (0, 1))
    image = image.deepcopy()
    image.change_dtype("float32")
    image.save(path, overwrite=True)


def _write_picture(path, signal):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from .plot.panels import brightest, height_over_width, map_title, map_unit, scale_bar, show

    figure = Figure(figsize=(4.2, 3.4 * height_over_width(signal) + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    limits = 0, brightest(signal.data)
    what = signal.metadata.General.title.rpartition(", ")[2]
    title = map_title(signal) + (f", {what}" if what in _NOT_THE_MAP else "")
    show(axis, signal.data, signal, title, "viridis", map_unit(signal), limits)
    scale_bar(axis, signal)
    figure.savefig(path, dpi=200)


def _write_table(path, signal):
    """Write a map as rows of numbers."""
    _write_rows(path, ([f"{value:.8g}" for value in row] for row in np.atleast_2d(signal.data)))


def _write_profiles(path, maps, names):
    """Write profiles along a line: a column for the position and one per map."""
    from .plot.panels import has_units, map_axes

    [axis] = map_axes(maps[0])
    sizes = [each.data.size for each in maps]
    if len(set(sizes)) > 1:
        raise ValueError(f"Profiles of one table must be of one length, but have {sizes} values.")
    unit = f" ({axis.units})" if has_units(axis) else ""
    rows = zip(axis.axis, *(each.data for each in maps), strict=True)
    written = ([f"{value:.8g}" for value in row] for row in rows)
    _write_rows(path, [[f"position{unit}", *names], *written])


def _write_rows(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
