"""Silica spheres: a measured spectrum image and its HAADF, downloaded once and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pooch

from ._download import download

if TYPE_CHECKING:
    from exspy.signals import EDSTEMSpectrum
    from hyperspy.signals import Signal2D

_REPOSITORY = "https://raw.githubusercontent.com/usnistgov/hyperspy_tutorial"
_COMMIT = "5ba4dfa086ba28186419218f190b9e34920f674e"
_FOLDER = "08%20Afternoon%20Parallel%20Sessions/08.4%20Particle%20Analysis%20with%20particlespy"
_CITATION = (
    "HyperSpy short course at Microscopy & Microanalysis 2022, NIST, "
    "https://github.com/usnistgov/hyperspy_tutorial"
)
_ELEMENTS = ("C", "Cu", "O", "Si")
_LICENCE = Path(__file__).with_name("silica_spheres_licence.txt")


@dataclass(frozen=True)
class _File:
    """One of the two files: what it is, where it is, and its SHA-256."""

    title: str
    name: str
    published: str
    checksum: str

    @property
    def url(self):
        return f"{_REPOSITORY}/{_COMMIT}/{_FOLDER}/{self.published}"


_SPECTRA = _File(
    title="The spectrum image of silica spheres",
    name="silica_spheres_eds.hspy",
    published="SiO2%20EDS%20Spectrum%20Image.hspy",
    checksum="9a19138351c77d47a71c9ce5f4df263f51538fecd6a83a87df32f047f123c711",
)
_HAADF = _File(
    title="The HAADF image of silica spheres",
    name="silica_spheres_haadf.hspy",
    published="SiO2%20HAADF%20Image.hspy",
    checksum="aebd91f2f1cc2dd76323f378f8aa25fe0f03efa51a513b4cf105e1d1261bd2da",
)


@dataclass(frozen=True)
class MeasuredScan:
    """Spectrum image and HAADF image of a measured scan whose true composition is not known.

    Attributes
    ----------
    signal : EDSTEMSpectrum
        Spectrum image, as measured.
    haadf : Signal2D
        HAADF image of the same scan.
    citation : str
        Reference to cite.
    licence : str
        Notice that must accompany all copies.
    """

    signal: EDSTEMSpectrum = field(repr=False)
    haadf: Signal2D = field(repr=False)
    citation: str
    licence: str = field(repr=False)


def silica_spheres(
    path: tuple[str | Path, str | Path] | None = None,
    cache: str | Path | None = None,
    show_progressbar: bool | None = None,
) -> MeasuredScan:
    """Load the EDS spectrum image and the HAADF image of silica spheres.

    The specimen consists of SiO2 spheres on a carbon film over a copper grid. The scan has 128 x
    128 pixels, 2048 channels of 10 eV, and 823,049 counts in total. The scan is from lesson 08.4 of
    a short course by NIST [1]_.

    Parameters
    ----------
    path : (str or Path, str or Path), optional
        Existing copies of the two files, spectra first. If they are given, nothing is downloaded.
    cache, show_progressbar
        As in `dysco3`.

    Returns
    -------
    MeasuredScan

    Raises
    ------
    OSError
        If a file does not exist and cannot be downloaded. The message says how to proceed.
    TypeError
        If ``path`` is not two paths.
    ValueError
        If a file differs from the one published.

    Notes
    -----
    The files, downloaded or from ``path``, are checked against SHA-256 checksums.

    According to their metadata, the scan was recorded in 2019 with a JEOL microscope in STEM mode
    at 200 kV, with a probe current of 0.77 nA and a silicon drift detector at an elevation of 40
    degrees. The pixels of 8.55 nm were recorded for 50 ms each, in one pass of 27 minutes, and
    drift was corrected every 30 seconds.

    The files do not name any elements. This function adds C, Cu, O and Si to ``metadata.Sample``.
    It does not change the counts or the energy axis, which is off by about 30 eV.

    NIST permits use, copying, modification and distribution of the files without fee. Its notice
    and its disclaimer of warranty must accompany all copies. Both are contained in ``licence`` of
    the result and in ``metadata.General.notes`` of both signals, so that files saved from these
    signals include them.

    References
    ----------
    .. [1] https://github.com/usnistgov/hyperspy_tutorial, folder "08 Afternoon Parallel
           Sessions/08.4 Particle Analysis with particlespy".

    Examples
    --------
    >>> from hyperspy_multimodal.data import silica_spheres
    >>> scan = silica_spheres()  # doctest: +SKIP
    >>> maps = scan.signal.multimodal_fusion(scan.haadf, gamma="auto")  # doctest: +SKIP
    """
    if path is None:
        paths = [
            download(each.title, each.name, each.url, cache, show_progressbar, each.checksum)[0]
            for each in (_SPECTRA, _HAADF)
        ]
    else:
        paths = _checked(path)
    import hyperspy.api as hs

    signal, haadf = (hs.load(str(each), escape_square_brackets=True) for each in paths)
    signal.add_elements(_ELEMENTS)
    licence = _LICENCE.read_text(encoding="utf-8")
    for each, file in ((signal, _SPECTRA), (haadf, _HAADF)):
        notes = f"{_CITATION}; {file.url}\n\n{licence}"
        if each is signal:
            notes = f"Elements were added by hyperspy_multimodal. {notes}"
        each.metadata.set_item("General.notes", notes)
    return MeasuredScan(signal, haadf, _CITATION, licence)


def _checked(path):
    """Return two paths of the files that were published."""
    if not isinstance(path, tuple | list) or len(path) != 2:
        raise TypeError(
            "path must be two paths, to the spectra and to the HAADF image of silica spheres, but "
            f"{path!r} was given."
        )
    paths = [Path(each) for each in path]
    for each, file in zip(paths, (_SPECTRA, _HAADF), strict=True):
        if not each.is_file():
            raise FileNotFoundError(f"There is no file {each}. Download it from {file.url}.")
        found = pooch.file_hash(each, alg="sha256")
        if found != file.checksum:
            raise ValueError(
                f"{each} is not {file.title[0].lower()}{file.title[1:]} as published: its SHA-256 "
                f"is {found}, not {file.checksum}. Download it again from {file.url}; the spectra "
                "come first in path=."
            )
    return paths
