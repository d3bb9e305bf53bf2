"""Convert metadata of files to the conventions of HyperSpy."""

import re

import numpy as np

from ..names import did_you_mean, known_element, known_name, texts_in
from ..notes import Speaker
from ..physics.microscope import USUAL_BEAM_ENERGY
from .listed_elements import say_if_elements_differ

_logger = Speaker(__name__)

_USUAL_RESOLUTION = 130.0
_USUAL_SEM_ENERGY = 20.0
# Beam energies in keV above, and resolutions in eV below these are impossible.
_VOLTS = 3000.0
_KILO_ELECTRON_VOLTS = 1.0
# Values outside these ranges are unusual: keV by kind of instrument, eV, and mrad. Angles that are
# too small by a factor of 1000 are in radians.
_USUAL = {
    "SEM": (0.5, 60.0),
    "TEM": (20.0, 1300.0),
    "energy_resolution_MnKa": (30.0, 300.0),
    "convergence_angle": (0.1, 100.0),
    "collection_angle": (0.5, 250.0),
}
_NUMBER = re.compile(r"([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*([kMm]?)(e?V)?\b")
_PREFIXES = {"M": 1e6, "k": 1e3, "": 1.0, "m": 1e-3}


def tidied_metadata(signal):
    """Return metadata in which all items that fusion reads follow HyperSpy's conventions.

    Parameters
    ----------
    signal : EDSSpectrum or EELSSpectrum
        Spectrum image. It is not changed.

    Returns
    -------
    metadata : dict or None
        None if nothing had to be changed.
    assumed : dict of str to float
        What was taken for values that are missing or cannot be.

    Raises
    ------
    ValueError
        If elements or lines are not known.
    """
    changes, assumed = {}, {}
    kind = signal.metadata.get_item("Signal.signal_type", "")
    for item, one in (("elements", _element), ("xray_lines", _line)):
        found = signal.metadata.get_item(f"Sample.{item}", None)
        if found is not None and not (item == "xray_lines" and kind == "EELS"):
            names = list(dict.fromkeys(one(text, item) for text in texts_in(_plain(found))))
            if not (isinstance(found, list) and found == names):
                changes[f"Sample.{item}"] = names
            if item == "elements" and kind == "EELS":
                say_if_elements_differ(signal, names)
    if kind.startswith("EDS"):
        _tidy_instrument(signal, kind, changes, assumed)
    elif kind == "EELS":
        _tidy_numbers(signal, changes, assumed)
    if not changes:
        return None, assumed
    metadata = signal.metadata.deepcopy()
    for item, value in changes.items():
        if metadata.has_item(item):
            node, _, name = item.rpartition(".")
            delattr(metadata.get_item(node), name)
        if value is not None:
            metadata.set_item(item, value)
    return metadata.as_dictionary(), assumed


def _plain(found):
    """Return what a node of the metadata holds, where it is no array, list or text."""
    return found.as_dictionary().values() if hasattr(found, "as_dictionary") else found


def _element(text, item):
    symbol = known_element(text)
    if symbol is None:
        raise ValueError(
            f"metadata.Sample.{item} names {text!r}, which is not a chemical element. Set all "
            "elements again, for example with s.set_elements(['Ti', 'O'])."
            f"{did_you_mean(text)}"
        )
    return symbol


def _line(text, item):
    name = known_name(str(text), "X-ray line")
    if name is None or "_" not in name:
        raise ValueError(
            f"metadata.Sample.{item} names {text!r}, which is not an X-ray line. Remove it, for "
            "example with del s.metadata.Sample.xray_lines: lines are then chosen from the "
            "elements."
        )
    return name


def _tidy_instrument(signal, kind, changes, assumed):
    """Complete beam energy and resolution of an EDS signal."""
    home = "SEM" if kind == "EDS_SEM" else "TEM"
    usual = _USUAL_SEM_ENERGY if home == "SEM" else USUAL_BEAM_ENERGY
    said = []
    for name, value, item, unit, ours in (
        ("beam energy", usual, "beam_energy", "keV", _in_keV),
        ("resolution at Mn Ka", _USUAL_RESOLUTION, "energy_resolution_MnKa", "eV", _in_eV),
    ):
        places = [f"{place}.{item}" for place in (home, *{"TEM", "SEM"} - {home})]
        places += [f"{place.split('.')[0]}.Detector.EDS.{item}" for place in places]
        given = {
            place: signal.metadata.get_item(f"Acquisition_instrument.{place}", None)
            for place in places
        }
        given = {place: each for place, each in given.items() if each is not None}
        numbers = {place: ours(each) for place, each in given.items()}
        known = {place: number for place, number in numbers.items() if number is not None}
        if known:
            place, number = next(iter(known.items()))
            if not any(place.startswith(f"{home}.") for place in known):
                # eXSpy reads what it needs at the home of the signal's own kind
                own = f"{home}.Detector.EDS.{item}" if unit == "eV" else f"{home}.{item}"
                changes[f"Acquisition_instrument.{own}"] = number
            if not (isinstance(given[place], (int, float)) and number == given[place]):
                changes[f"Acquisition_instrument.{place}"] = number
                if number != _number(given[place])[0]:
                    said.append(f"{name} {number:g} {unit} (the metadata say {given[place]!r})")
                    assumed[item] = number
            if item not in assumed and _is_unusual(item, number, home):
                said.append(f"{name} {number:g} {unit} (unusual)")
            unusable = set(given) - set(known)
        else:
            own = f"{home}.Detector.EDS.{item}" if unit == "eV" else f"{home}.{item}"
            unusable = set(given) - {own}
            changes[f"Acquisition_instrument.{own}"] = value
            stated = ", ".join(map(repr, given.values())) or "nothing"
            said.append(f"{name} {value:g} {unit} (the metadata say {stated})")
            assumed[item] = value
        changes.update({f"Acquisition_instrument.{place}": None for place in unusable})
    _say_what_is_assumed(said)


def _tidy_numbers(signal, changes, assumed):
    """Convert beam energy and angles of an EELS signal; remove what cannot be used."""
    said = []
    for item in ("beam_energy", "convergence_angle", "Detector.EELS.collection_angle"):
        place = f"Acquisition_instrument.TEM.{item}"
        given = signal.metadata.get_item(place, None)
        if given is None:
            continue
        name = item.rpartition(".")[-1]
        number = _in_keV(given) if name == "beam_energy" else _in_mrad(name, given)
        if number is None or not isinstance(given, (int, float)) or number != given:
            changes[place] = number
        if number is None:
            continue
        unit = "keV" if name == "beam_energy" else "mrad"
        words = f"{name.replace('_', ' ')} {number:g} {unit}"
        if number != _number(given)[0]:
            said.append(f"{words} (the metadata say {given!r})")
            assumed[name] = number
        elif _is_unusual(name, number):
            said.append(f"{words} (unusual)")
    _say_what_is_assumed(said)


def _say_what_is_assumed(said):
    if said:
        _logger.warning(
            "Assumed: %s. If this is wrong, set it with s.set_microscope_parameters.",
            "; ".join(said),
            kind="to do",
        )


def _is_unusual(name, number, home="TEM"):
    low, high = _USUAL[home if name == "beam_energy" else name]
    return not low <= number <= high


def _in_mrad(name, given):
    """Return an angle in mrad, given in mrad or rad, or None."""
    number = _positive(given)
    in_radians = number is not None and number < _USUAL[name][0]
    return 1e3 * number if in_radians and not _is_unusual(name, 1e3 * number) else number


def _in_keV(given):
    return _in_unit(given, 1e3, lambda number: number / 1e3 if number >= _VOLTS else number)


def _in_eV(given):
    small = _KILO_ELECTRON_VOLTS
    return _in_unit(given, 1.0, lambda number: 1e3 * number if number < small else number)


def _in_unit(given, volts, guessed):
    """Return a number > 0 in a unit of ``volts``; without a unit of its own as it is guessed."""
    found = _number(given)
    if found is None:
        return None
    number, own = found
    if not (np.isfinite(number) and number > 0):
        return None
    return guessed(number) if own is None else number * own / volts


def _positive(given):
    found = _number(given)
    return found[0] if found is not None and np.isfinite(found[0]) and found[0] > 0 else None


def _number(given):
    """Return a number and the volts of its unit, or None: of text such as "200 kV", of arrays."""
    if isinstance(given, (str, bytes)):
        found = _NUMBER.search(given if isinstance(given, str) else given.decode(errors="replace"))
        if found is None:
            return None
        return float(found[1]), _PREFIXES[found[2]] if found[3] else None
    try:
        return float(np.asarray(given).reshape(())), None
    except (TypeError, ValueError):
        return None
