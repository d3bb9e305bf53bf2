"""Values of options: numbers as texts, checked as argparse reads them."""

import argparse
import math

from .factors import factors_in

_OF_SPECTRA = (
    "spectra", "signal_type", "beam_energy", "resolution", "convergence_angle",
    "collection_angle", "energies", "lazy", "lines", "edges", "extra_lines",
    "method", "windows", "background_windows",
)  # fmt: skip
_OF_MAPS = ("background", "pedestal")


def is_number(text):
    """Return whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def numbers_of(option, texts):
    """Return the numbers that an option was given."""
    if not all(map(is_number, texts)):
        raise argparse.ArgumentTypeError(
            f"argument {option}: expected numbers, but {' '.join(texts)} was given"
        )
    return [float(text) for text in texts]


def count(text):
    """Return a whole number >= 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number >= 0, but {text!r} was given")
    return int(text)


def positive(text):
    """Return a number > 0."""
    if not (is_number(text) and math.isfinite(float(text)) and float(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a number > 0, but {text!r} was given")
    return float(text)


def positive_or_auto(text):
    """Return a number > 0, or "auto"."""
    return text if text == "auto" else positive(text)


def blur(text):
    """Return a number >= 0, or "auto"."""
    if text == "auto":
        return text
    if not (is_number(text) and math.isfinite(float(text)) and float(text) >= 0):
        raise argparse.ArgumentTypeError(f"expected a number >= 0, but {text!r} was given")
    return float(text)


def one_or_more(option, texts):
    """Return the number that an option was given, or a list of several."""
    numbers = numbers_of(option, texts)
    return numbers[0] if len(numbers) == 1 else numbers


def check(options):
    """Check options whose values are lists, and give them the form that a fusion takes."""
    from ..fusion.regularisers import CHOICES, REGULARISERS

    if options.files:
        _check_kind(options)
    if options.factors is not None:
        options.factors = factors_in(options.factors)
    if options.ratio_to is not None and options.factors is None and options.regions is None:
        raise argparse.ArgumentTypeError(
            "--ratio-to is for compositions. Pass --factors, or --regions for EELS spectra"
        )
    if options.lambdas is not None:
        numbers = numbers_of("--lambdas", options.lambdas)
        if len(numbers) != 2 or min(numbers) < 0 or numbers[0] == 0:
            raise argparse.ArgumentTypeError(
                "argument --lambdas: expected two numbers, L1 > 0 and L2 >= 0, such as 0.01 0.02, "
                f"but {' '.join(options.lambdas)} was given"
            )
        options.lambdas = tuple(numbers)
    if options.weights is not None and options.weights not in (["auto"], ["Z"], ["z"]):
        options.weights = one_or_more("--weights", options.weights)
    elif options.weights is not None:
        options.weights = {"auto": "auto"}.get(options.weights[0], "Z")
    if options.background is not None:
        options.background = one_or_more("--background", options.background)
    if options.pedestal == ["vacuum"]:
        options.pedestal = "vacuum"
    elif options.pedestal is not None:
        options.pedestal = one_or_more("--pedestal", options.pedestal)
    if options.background_windows is not None and options.background_windows != ["none"]:
        numbers = numbers_of("--background-windows", options.background_windows)
        options.background_windows = numbers
    if options.windows is not None:
        numbers = numbers_of("--windows", options.windows)
        pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
        options.windows = numbers[0] if len(numbers) == 1 else pairs
        if len(numbers) > 1 and len(numbers) % 2:
            raise argparse.ArgumentTypeError(
                "argument --windows: expected one width, or two limits for each line or edge, but "
                f"{len(numbers)} numbers were given"
            )
    for name, known in (
        ("tv", (*CHOICES, *REGULARISERS)),
        ("regulariser", (*CHOICES, *REGULARISERS)),
        ("format", ("hspy", "zspy", "tif", "csv", "png")),
    ):
        for each in getattr(options, name) or []:
            if each not in known:
                raise argparse.ArgumentTypeError(
                    f"argument --{name}: expected one of {', '.join(known)}, but {each!r} was given"
                )
    if options.tv is not None:
        if options.regulariser is not None:
            raise argparse.ArgumentTypeError(
                "--tv is the former name of --regulariser. Pass only --regulariser"
            )
        options.regulariser = ["tv" if each == "auto" else each for each in options.tv]
    if options.regulariser is not None and len(options.regulariser) == 1:
        [options.regulariser] = options.regulariser
    if options.lines and options.edges:
        raise argparse.ArgumentTypeError(
            "--lines are for EDS and --edges for EELS. Pass only one of them"
        )


def _check_kind(options):
    """Refuse options for spectra with maps, and options for maps with spectra."""
    others = _OF_SPECTRA if options.maps else _OF_MAPS
    for name in others:
        if getattr(options, name) not in (None, False):
            kind = "for spectra, not for --maps" if options.maps else "only for --maps"
            raise argparse.ArgumentTypeError(f"argument --{name.replace('_', '-')}: it is {kind}")
