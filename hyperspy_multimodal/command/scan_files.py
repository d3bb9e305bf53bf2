"""Find the spectrum image and its HAADF among signals that were loaded."""

from ..modalities import SIGNAL_TYPES
from ..notes import Speaker

_logger = Speaker(__name__)

_OTHER_DETECTORS = {"BF", "ABF", "DBF", "BRIGHT", "IDPC", "DPC"}


def find_scan(signals, spectra=None, haadf=None):
    """Return the one spectrum image and the one HAADF image of the same scan.

    Parameters
    ----------
    signals : list of BaseSignal
        What `hyperspy.api.load` returned.
    spectra, haadf : int, optional
        Their numbers in the list, where that is known. Otherwise the spectrum image is the only
        EDS or EELS signal with two navigation axes, or the only one with one or more. The HAADF
        image is the only image that fits the scan with "HAADF" in its title or, if there is none,
        the only image that fits; of as many pixels as the scan if there is one, else a finer one.

    Returns
    -------
    spectra, haadf : BaseSignal

    Raises
    ------
    ValueError
        If there is none, or if several fit equally.
    """
    dimensions = {
        number: signal.axes_manager.navigation_dimension
        for number, signal in enumerate(signals)
        if signal.metadata.get_item("Signal.signal_type", "") in SIGNAL_TYPES
    }
    candidates = [number for number, size in dimensions.items() if size == 2]
    candidates = candidates or [number for number, size in dimensions.items() if size]
    if spectra is None and not candidates:
        raise ValueError(_without_spectra(signals, dimensions))
    spectra = _only("EDS or EELS spectrum image", "--spectra", signals, candidates, spectra)
    _check_spectra(signals, candidates, spectra)
    shape = signals[spectra].axes_manager.navigation_shape[:2]
    size = " x ".join(map(str, shape))
    images = [n for n, signal in enumerate(signals) if n != spectra and _shape_of(signal) == shape]
    images = images or [
        number
        for number, signal in enumerate(signals)
        if number != spectra and _is_finer(signal, signals[spectra])
    ]
    # projects of JEOL and others hold maps of lines beside the image of the detector
    detectors = [number for number in images if not _is_map(signals[number])]
    images = detectors or images
    named = [number for number in images if "HAADF" in _title(signals[number]).upper()]
    if haadf is None and not named and any(_is_other(signals[number]) for number in images):
        raise ValueError(
            f"No image of {size} pixels is titled HAADF. Choose the HAADF image with --haadf N. "
            f"{_listed(signals)}"
        )
    haadf = _only(f"HAADF image of {size} pixels", "--haadf", signals, named or images, haadf)
    _check_image(signals, named or images, haadf)
    _logger.info("Spectra: %s", signals[spectra])
    _logger.info("HAADF: %s", signals[haadf])
    return signals[spectra], signals[haadf]


def say_image_is_taken(haadf):
    """Say which image is taken for the HAADF if its title does not say that it is one."""
    title = _title(haadf).strip()
    if "HAADF" in title.upper():
        return
    _logger.warning(
        "No image is titled HAADF. %s is used instead, the only image of the scan. If it was "
        "recorded by another detector, whose brightness does not increase with thickness and "
        "atomic number, pass a HAADF image.",
        title or "An image without a title",
        kind="told",
        brief=f"{title or 'An image without a title'} is taken for the HAADF.",
    )


def say_spectra_are_there(signals):
    """Say that files of maps also contain their spectra, if they do."""
    found = _of_spectra(signals)
    if found:
        _logger.warning(
            "The files also contain spectra (signal %s). Fuse these instead, without --maps: "
            "background and overlapping lines are then subtracted, and errors are known.",
            ", ".join(map(str, found)),
        )


def _of_spectra(signals):
    """Return the numbers of lines and maps of spectra."""
    return [
        number
        for number, signal in enumerate(signals)
        if signal.metadata.get_item("Signal.signal_type", "") in SIGNAL_TYPES
        and signal.axes_manager.navigation_dimension
    ]


def find_maps(signals, haadf=None):
    """Return maps and the HAADF image among images that were loaded.

    Parameters
    ----------
    signals : list of BaseSignal
        Images.
    haadf : int, optional
        Number of the HAADF image in the list. By default the only one with "HAADF" in its title
        or, if there is none, the only one whose title is not that of a map.

    Returns
    -------
    maps : list of BaseSignal
    haadf : BaseSignal

    Raises
    ------
    ValueError
        If the HAADF image is not known, or there is no map.
    """
    images = [number for number, signal in enumerate(signals) if _shape_of(signal) is not None]
    named = [number for number in images if "HAADF" in _title(signals[number]).upper()]
    others = [number for number in images if not _is_map(signals[number])]
    if haadf is None and not named:
        if len(others) != 1 or len(images) < 2 or _is_other(signals[others[0]]):
            raise ValueError(
                "There is no image titled HAADF. If it is in a separate file, pass both files. If "
                f"it has another title, choose it with --haadf N. {_listed(signals)}"
            )
        named = others
    haadf = _only("image titled HAADF", "--haadf", signals, named, haadf)
    _check_image(signals, others, haadf)
    shape = _shape_of(signals[haadf])
    maps = [signals[n] for n in images if n != haadf and _shape_of(signals[n]) == shape]
    if not maps:
        raise ValueError(
            f"There is no map with the {' x '.join(map(str, shape))} pixels of the HAADF image."
            f"{' Leave out --maps to fuse the spectra.' if _of_spectra(signals) else ''} "
            + _listed(signals)
        )
    _logger.info("HAADF: %s", signals[haadf])
    return maps, signals[haadf]


def _without_spectra(signals, dimensions):
    if dimensions:
        return f"The files contain single spectra, but no map of spectra. {_listed(signals)}"
    plain = [
        each
        for each in signals
        if each.axes_manager.signal_dimension == 1 and each.axes_manager.navigation_dimension
    ]
    if plain:
        hint = (
            "If one of these signals contains EDS or EELS spectra, pass its type, for example "
            "--signal-type EDS_TEM."
        )
    elif sum(_shape_of(each) is not None for each in signals) > 1:
        hint = "If these images are maps of elements, add --maps."
    else:
        hint = "If it is in a separate file, pass both files."
    return f"There is no EDS or EELS spectrum image. {hint} {_listed(signals)}"


def _only(what, option, signals, candidates, given):
    if given is not None:
        if not 0 <= given < len(signals):
            raise ValueError(
                f"{option} must be the number of a signal, but there is no signal {given}. "
                + _listed(signals)
            )
        return given
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise ValueError(
            f"There is no {what}. If it is in a separate file, pass both files. {_listed(signals)}"
        )
    raise ValueError(
        f"There is more than one {what}: signals {', '.join(map(str, candidates))}. Choose one "
        f"with {option} N. {_listed(signals)}"
    )


def _check_spectra(signals, candidates, number):
    """Refuse a signal that is no spectrum image, and say which ones are."""
    if number in candidates:
        return
    what = "is an image"
    if signals[number].metadata.get_item("Signal.signal_type", "") in SIGNAL_TYPES:
        if signals[number].axes_manager.navigation_dimension:
            return  # a line of spectra beside a map of them
        what = "is a single spectrum, not a map of spectra"
    elif _shape_of(signals[number]) is None:
        what = "has no type of EDS or EELS spectra, such as --signal-type EDS_TEM gives it"
    raise ValueError(_not_that("--spectra", signals, number, what, candidates))


def _check_image(signals, candidates, number):
    """Refuse a signal that is no image, and say which ones are."""
    if _shape_of(signals[number]) is None:
        raise ValueError(_not_that("--haadf", signals, number, "is not an image", candidates))


def _not_that(option, signals, number, what, candidates):
    title = _title(signals[number]).strip()
    found = " or ".join(map(str, candidates))
    remedy = f" Pass {option} {found}." if found else ""
    return f"{option} {number}{f' ({title})' if title else ''} {what}.{remedy} {_listed(signals)}"


def _shape_of(signal):
    """Return (columns, rows) of an image, or the length of a profile; None of other signals."""
    manager = signal.axes_manager
    shapes = [manager.signal_shape, manager.navigation_shape]
    if manager.navigation_dimension and manager.signal_dimension:
        return None
    [shape] = [each for each in shapes if each] or [()]
    kind = signal.metadata.get_item("Signal.signal_type", "")
    return tuple(shape) if len(shape) in (1, 2) and kind not in SIGNAL_TYPES else None


def _is_finer(signal, spectra):
    """Return whether an image is one that fusion would average over the pixels of the scan."""
    from ..signals.haadf_image import covers_scan

    shape = _shape_of(signal)
    return shape is not None and len(shape) == 2 and covers_scan(signal, spectra)


def _title(signal):
    return str(signal.metadata.get_item("General.title", ""))


def _is_other(signal):
    """Return whether the title names another detector, of other contrast."""
    words = _title(signal).upper().replace("-", " ").replace("_", " ").split()
    return not _OTHER_DETECTORS.isdisjoint(words)


def _is_map(signal):
    """Return whether the title is that of an element's map, such as "Fe K"."""
    from exspy.material import elements

    from ..given.titles import element_in_title

    return element_in_title(_title(signal), elements) is not None


def _listed(signals):
    lines = [f"\n  {number}: {signal}" for number, signal in enumerate(signals)]
    return "Found:" + "".join(lines)
