"""Published scans: HAADF image and elemental maps, downloaded once and checked."""

from __future__ import annotations

import hashlib
import logging
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ._download import download

if TYPE_CHECKING:
    from hyperspy.signals import Signal2D

_logger = logging.getLogger(__name__)

_REPOSITORY = "https://raw.githubusercontent.com/msa-em/fused-multi-modal-em"
_ARTICLE = "doi:10.69761/MXVR4353"
_CITATION = (
    "J. Manassa et al., Fused Multi-Modal Electron Microscopy, Elemental Microscopy (2024), "
    f"{_ARTICLE}"
)


@dataclass(frozen=True)
class _DataSet:
    """Where a data set is, and what has to be in it."""

    title: str
    commit: str
    file: str
    contents: str | None  # SHA-256 of the images, HAADF first, as little-endian float64
    elements: tuple
    shape: tuple | None

    @property
    def url(self):
        return f"{_REPOSITORY}/{self.commit}/{self.file}"


_DYSCO3 = _DataSet(
    title="DyScO3",
    commit="3e03dd23564f3fd1938226d42864c419b4aeccbd",
    file="data/PTO_Trilayer_dataset.npz",
    contents="805e0980194ab2f9c7e19cb67bd99ed44571ce1f247fd77cd7c0a47a4f2a70ad",
    elements=("Sc", "Dy", "O"),
    shape=(256, 256),
)
# The checksum of its images is not known: it is logged.
_CO3O4_MN3O4 = _DataSet(
    title="Co3O4/Mn3O4",
    commit="6ec6f5dfb7d671301af41c4817f068f8af1d5414",
    file="data/Co3O4_Mn3O4.h5",
    contents=None,
    elements=("Co", "Mn", "O"),
    shape=None,
)


@dataclass(frozen=True)
class PublishedScan:
    """HAADF image and elemental maps of one published scan.

    Attributes
    ----------
    haadf : Signal2D
        HAADF image, as published.
    maps : dict
        Map of each element by name, as a Signal2D in the published units.
    citation : str
        Reference to cite.
    """

    haadf: Signal2D = field(repr=False)
    maps: dict[str, Signal2D] = field(repr=False)
    citation: str


def dysco3(
    path: str | Path | None = None,
    cache: str | Path | None = None,
    show_progressbar: bool | None = None,
) -> PublishedScan:
    """Load the HAADF image and the EDS maps of DyScO3 at atomic resolution.

    The scan has 256 x 256 pixels. The maps of Sc, Dy and O are fractions that sum to 1, not counts.
    The scan is from the first tutorial of Elemental Microscopy EM000003 [1]_.

    Parameters
    ----------
    path : str or Path, optional
        An existing copy of the file. If it is given, nothing is downloaded.
    cache : str or Path, optional
        Folder for the download. By default, the folder given by the environment variable
        ``HYPERSPY_MULTIMODAL_DATA`` or, if it is not set, the cache folder of pooch for this
        package.
    show_progressbar : None or bool
        Whether to show the progress of the download. None (default) follows HyperSpy's preferences.

    Returns
    -------
    PublishedScan

    Raises
    ------
    OSError
        If the file does not exist and cannot be downloaded. The message says how to proceed.
    ValueError
        If the images differ from those published.

    Notes
    -----
    The images, downloaded or from ``path``, are checked against a SHA-256 checksum that does not
    depend on the file format. According to the repository, the article is published under CC BY
    4.0. The file does not contain a pixel size.

    References
    ----------
    .. [1] J. Manassa et al., Elemental Microscopy (2024), doi:10.69761/MXVR4353;
           https://github.com/msa-em/fused-multi-modal-em

    Examples
    --------
    >>> from hyperspy_multimodal import fuse_maps
    >>> from hyperspy_multimodal.data import dysco3
    >>> scan = dysco3()  # doctest: +SKIP
    >>> metals = {name: scan.maps[name] for name in ("Sc", "Dy")}  # doctest: +SKIP
    >>> maps = fuse_maps(metals, scan.haadf, gamma=1.7)  # doctest: +SKIP
    """
    return _load(_DYSCO3, path, cache, show_progressbar)


def co3o4_mn3o4(
    path: str | Path | None = None,
    cache: str | Path | None = None,
    show_progressbar: bool | None = None,
) -> PublishedScan:
    """Load the HAADF image and the EELS maps of Co3O4/Mn3O4 core-shell nanocrystals.

    The maps of Co, Mn and O are not counts. The scan is from the second tutorial of Elemental
    Microscopy EM000003 [1]_.

    Parameters
    ----------
    path, cache, show_progressbar
        As in `dysco3`.

    Returns
    -------
    PublishedScan

    Raises
    ------
    OSError
        If the file does not exist and cannot be downloaded. The message says how to proceed.
    ValueError
        If the file does not contain the published data.

    Notes
    -----
    No checksum is stored for these images. Instead, the function checks their names and shapes, and
    that their values are finite and not constant. The SHA-256 checksum of the images is logged. The
    file does not contain a pixel size.

    References
    ----------
    .. [1] J. Manassa et al., Elemental Microscopy (2024), doi:10.69761/MXVR4353;
           https://github.com/msa-em/fused-multi-modal-em

    Examples
    --------
    >>> from hyperspy_multimodal import fuse_maps
    >>> from hyperspy_multimodal.data import co3o4_mn3o4
    >>> scan = co3o4_mn3o4()  # doctest: +SKIP
    >>> maps = fuse_maps(scan.maps, scan.haadf, gamma="auto")  # doctest: +SKIP
    """
    return _load(_CO3O4_MN3O4, path, cache, show_progressbar)


def _load(data_set, path, cache, show_progressbar):
    if path is None:
        path, is_new = _downloaded(data_set, cache, show_progressbar)
        advice = f" Remove it to download {data_set.url} again."
    else:
        path, is_new = Path(path), False
        advice = f" Download it again from {data_set.url}."
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. Download it from {data_set.url}.")
    try:
        images = _checked(data_set, path, _arrays(path))
    except ValueError as error:
        if is_new:
            path.unlink()  # so that the next call downloads it again
            raise
        raise ValueError(f"{error}{advice}") from error
    haadf = _signal(images["HAADF"], f"{data_set.title}, HAADF")
    maps = {}
    for element in data_set.elements:
        maps[element] = _signal(images[element], f"{data_set.title}, {element}")
        maps[element].metadata.set_item("Sample.elements", [element])
    for each in (haadf, *maps.values()):
        each.metadata.set_item("General.doi", _ARTICLE.removeprefix("doi:"))
        each.metadata.set_item("General.notes", f"{_CITATION}; CC BY 4.0; {data_set.url}")
    return PublishedScan(haadf, maps, _CITATION)


def _downloaded(data_set, cache, show_progressbar):
    """Return the path of a file in the cache, and whether it was downloaded to there just now."""
    name = data_set.title.lower().replace("/", "_").replace(" ", "_") + Path(data_set.file).suffix
    # no checksum of the file: the images are checked, not how they are packed
    return download(data_set.title, name, data_set.url, cache, show_progressbar)


def _arrays(path):
    """Return the arrays of an .npz or HDF5 file by name."""
    try:
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return {name: file[name] for name in file}
        import h5py

        with h5py.File(path, "r") as file:
            return {name: np.asarray(each) for name, each in file.items() if hasattr(each, "shape")}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} cannot be read: {error}.") from error


def _checked(data_set, path, arrays):
    """Return images as float64, all of one shape, finite, none constant."""
    names = ("HAADF", *data_set.elements)
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ValueError(
            f"{path} is not {data_set.title} as published: it contains {', '.join(arrays)}, but "
            f"not {', '.join(missing)}."
        )
    images = {name: np.asarray(arrays[name], dtype=np.float64) for name in names}
    shape = data_set.shape or images["HAADF"].shape
    for name, each in images.items():
        if each.ndim != 2 or each.shape != shape:
            raise ValueError(
                f"{path} is not {data_set.title} as published: {name} has the shape {each.shape}, "
                f"not {shape}."
            )
        if not np.isfinite(each).all() or each.min() == each.max():
            raise ValueError(
                f"{path} is not {data_set.title} as published: {name} is constant or not finite."
            )
    found = hashlib.sha256(b"".join(each.astype("<f8").tobytes() for each in images.values()))
    if data_set.contents is None:
        _logger.info(
            "No checksum of %s is known; that of the images in %s is %s.",
            data_set.title,
            path,
            found.hexdigest(),
        )
    elif found.hexdigest() != data_set.contents:
        raise ValueError(
            f"{path} is not {data_set.title} as published: its images have other values (SHA-256 "
            f"{found.hexdigest()}, not {data_set.contents})."
        )
    return images


def _signal(image, title):
    from hyperspy.signals import Signal2D

    signal = Signal2D(image)
    signal.metadata.General.title = title
    for axis, name in zip(signal.axes_manager.signal_axes, "xy", strict=True):
        axis.name = name
    return signal
