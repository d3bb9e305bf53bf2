"""Find the spectrum image and its HAADF among signals that were loaded."""

import logging

_logger = logging.getLogger(__name__)

_SPECTRA = ("EDS_TEM", "EDS_SEM", "EELS")


def find_scan(signals, spectra=None, haadf=None):
    """Return the one spectrum image and the one HAADF image of the same scan.

    Parameters
    ----------
    signals : list of BaseSignal
        What `hyperspy.api.load` returned.
    spectra, haadf : int, optional
        Their numbers in the list, where that is known. Otherwise the spectrum image is the only
        EDS or EELS signal with two navigation axes, and the HAADF image the only image of its
        shape with "HAADF" in its title or, if there is none, the only image of its shape.

    Returns
    -------
    spectra, haadf : BaseSignal

    Raises
    ------
    ValueError
        If there is none, or if several fit equally.
    """
    candidates = [
        number
        for number, signal in enumerate(signals)
        if signal.metadata.get_item("Signal.signal_type", "") in _SPECTRA
        and signal.axes_manager.navigation_dimension == 2
    ]
    spectra = _only("EDS or EELS spectrum image", "--spectra", signals, candidates, spectra)
    shape = signals[spectra].axes_manager.navigation_shape
    images = [
        number
        for number, signal in enumerate(signals)
        if signal.axes_manager.signal_dimension == 2
        and signal.axes_manager.navigation_dimension == 0
        and signal.axes_manager.signal_shape == shape
    ]
    named = [number for number in images if "HAADF" in _title(signals[number]).upper()]
    if haadf is None and not named and any(_is_other(signals[number]) for number in images):
        raise ValueError(
            f"No image of {shape[0]} x {shape[1]} pixels is titled HAADF. Say with --haadf N which "
            f"one it is. {_listed(signals)}"
        )
    what = f"HAADF image of {shape[0]} x {shape[1]} pixels"
    haadf = _only(what, "--haadf", signals, named or images, haadf)
    _logger.info("Spectra: %s", signals[spectra])
    _logger.info("HAADF: %s", signals[haadf])
    return signals[spectra], signals[haadf]


def _only(what, option, signals, candidates, given):
    if given is not None:
        if not 0 <= given < len(signals):
            raise ValueError(f"There is no signal {given}. {_listed(signals)}")
        return given
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise ValueError(
            f"There is no {what}. If it lies in a file of its own, name both files. "
            f"{_listed(signals)}"
        )
    raise ValueError(
        f"There is more than one {what}: signals {', '.join(map(str, candidates))}. Choose "
        f"one with {option} N. {_listed(signals)}"
    )


def _title(signal):
    return str(signal.metadata.get_item("General.title", ""))


def _is_other(signal):
    """Return whether the title names another detector, of other contrast."""
    words = _title(signal).upper().replace("-", " ").replace("_", " ").split()
    return not {"BF", "ABF", "DBF", "BRIGHT", "IDPC", "DPC"}.isdisjoint(words)


def _listed(signals):
    lines = [f"\n  {number}: {signal}" for number, signal in enumerate(signals)]
    return "Found:" + "".join(lines)
