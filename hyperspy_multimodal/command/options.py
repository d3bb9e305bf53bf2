"""The options of the command, and checks of their values."""

import argparse
import math
from pathlib import Path

from .._version import __version__
from ..modalities import SIGNAL_TYPES

_NAMES = "separated by spaces or commas, upper or lower case"


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """Exit with status 2 and one line, without the usage of all options."""
        self.exit(2, f"{self.prog}: error: {message} (--help lists all options)\n")


def parser():
    """Return the parser of the command line."""
    made = _Parser(
        prog="python -m hyperspy_multimodal",
        description="Fuse a HAADF image with the EDS or EELS spectrum image of the same scan into "
        "elemental maps. Without FILE, fuse a simulated specimen and show what is gained.",
    )
    made.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="file that holds the spectrum image and the HAADF image (.bcf, .emd, .dm4, .hspy, "
        "...), or one file for each",
    )
    _add_input(made.add_argument_group("input"))
    _add_reading(made.add_argument_group("how counts are read"))
    _add_fusion(made.add_argument_group("fusion"))
    _add_output(made.add_argument_group("output"))
    made.add_argument("--version", action="version", version=__version__)
    return made


def parsed(arguments=None):
    """Return the options of a command line; exit with a message and status 2 if one is wrong."""
    options = parser().parse_args(arguments)
    for name in (
        "elements",
        "extra_lines",
        "lines",
        "edges",
        "weights",
        "regulariser",
        "tv",
        "windows",
        "format",
        "lambdas",
    ):
        values = getattr(options, name)
        if values is not None:
            # a FILE that follows a list of names is taken for one of them
            files = [each for each in values if "." in each and not _is_number(each)]
            files = [each for each in files if not all(map(_is_number, each.split(",")))]
            options.files += [Path(each) for each in files]
            rest = [each for each in values if each not in files]
            setattr(options, name, [part for each in rest for part in each.split(",") if part])
    try:
        _check(options)
    except argparse.ArgumentTypeError as error:
        parser().error(str(error))
    return options


def _check(options):
    if options.lambdas is not None:
        numbers = _numbers("--lambdas", options.lambdas)
        if len(numbers) != 2 or min(numbers) < 0 or numbers[0] == 0:
            raise argparse.ArgumentTypeError(
                "argument --lambdas: expected two numbers, L1 > 0 and L2 >= 0, such as 0.01 0.02, "
                f"but {' '.join(options.lambdas)} was given"
            )
        options.lambdas = tuple(numbers)
    if options.weights is not None and options.weights not in (["auto"], ["Z"], ["z"]):
        numbers = _numbers("--weights", options.weights)
        options.weights = numbers[0] if len(numbers) == 1 else numbers
    elif options.weights is not None:
        options.weights = {"auto": "auto"}.get(options.weights[0], "Z")
    if options.background is not None:
        numbers = _numbers("--background", options.background)
        options.background = numbers[0] if len(numbers) == 1 else numbers
    if options.background_windows is not None and options.background_windows != ["none"]:
        numbers = _numbers("--background-windows", options.background_windows)
        options.background_windows = numbers
    if options.windows is not None:
        numbers = _numbers("--windows", options.windows)
        pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
        options.windows = numbers[0] if len(numbers) == 1 else pairs
        if len(numbers) > 1 and len(numbers) % 2:
            raise argparse.ArgumentTypeError(
                "argument --windows: expected one width, or two limits for each line or edge, but "
                f"{len(numbers)} numbers were given"
            )
    from ..fusion.regularisers import CHOICES, REGULARISERS

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
                "--tv is the former name of --regulariser. Give only --regulariser"
            )
        options.regulariser = ["tv" if each == "auto" else each for each in options.tv]
    if options.regulariser is not None and len(options.regulariser) == 1:
        [options.regulariser] = options.regulariser
    if options.lines and options.edges:
        raise argparse.ArgumentTypeError(
            "--lines are for EDS and --edges for EELS. Give only one of them"
        )


def _add_input(group):
    group.add_argument(
        "--spectra",
        type=_count,
        metavar="N",
        help="number of the spectrum image in the files, if there are several",
    )
    group.add_argument(
        "--haadf",
        type=_count,
        metavar="N",
        help="number of the HAADF image in the files, if there are several or none is titled HAADF",
    )
    group.add_argument(
        "--maps",
        action="store_true",
        help="the files hold maps instead of spectra: .hspy, .tif, plain HDF5, .npz. Elements "
        "are taken from metadata, titles and names, or from --elements, in the same order",
    )
    group.add_argument(
        "--reader", metavar="NAME", help="HyperSpy reader for the files, such as 'bruker'"
    )
    group.add_argument(
        "--signal-type",
        choices=SIGNAL_TYPES,
        help="kind of spectra, if the file does not say",
    )
    group.add_argument(
        "--beam-energy",
        type=_positive,
        metavar="KEV",
        help="beam energy in keV, if it is not in the file",
    )
    group.add_argument(
        "--resolution",
        type=_positive,
        metavar="EV",
        help="energy resolution of the EDS detector at Mn Ka in eV, if it is not in the file",
    )
    group.add_argument(
        "--mask",
        type=Path,
        metavar="FILE",
        help="image of the scan (.tif, .png, .npy, .hspy) that is not 0 where scan positions are "
        "left out",
    )
    group.add_argument(
        "--lazy", action="store_true", help="read spectra in parts, if they are larger than memory"
    )


def _add_reading(group):
    group.add_argument(
        "--elements",
        nargs="+",
        metavar="EL",
        help=f"all elements of the specimen, instead of those in the files, {_NAMES}",
    )
    group.add_argument(
        "--lines", nargs="+", metavar="LINE", help=f"EDS: lines to map, such as Ti_Ka, {_NAMES}"
    )
    group.add_argument(
        "--edges", nargs="+", metavar="EDGE", help=f"EELS: edges to map, such as Cu_L3, {_NAMES}"
    )
    group.add_argument(
        "--extra-lines",
        nargs="+",
        metavar="EL",
        help="EDS: elements that are in the specimen but are not mapped",
    )
    group.add_argument(
        "--method",
        choices=("auto", "fit", "windows"),
        help="read counts by a fit of whole spectra or in windows; default: by a fit, where "
        "possible",
    )
    group.add_argument(
        "--windows",
        nargs="+",
        metavar="W",
        help="integration windows: one width in FWHM (EDS only), or two limits per line or edge",
    )
    group.add_argument(
        "--background-windows",
        nargs="+",
        metavar="W",
        help="with --method windows: limits of the background windows, four per line (left and "
        "right of it) or two per edge; or none",
    )
    group.add_argument(
        "--background",
        nargs="+",
        metavar="B",
        help="with --maps: counts that were subtracted from every pixel, one number or one per map",
    )
    group.add_argument(
        "--gain",
        type=_positive,
        metavar="G",
        help="EELS: counts per electron. With --maps: units of the map per count",
    )


def _add_fusion(group):
    group.add_argument(
        "--gamma",
        type=_positive_or_auto,
        default="auto",
        help="exponent of the maps in the HAADF model, or 'auto' (default) to choose it from the "
        "counts",
    )
    group.add_argument(
        "--lambdas",
        nargs="+",
        metavar=("L1", "L2"),
        help="weights of the counts and of the regulariser; default: chosen from the counts",
    )
    group.add_argument(
        "--regulariser",
        nargs="+",
        metavar="R",
        help="auto (default), tv (directional or isotropic, whichever is better), directional, "
        "isotropic, sieve, smooth, or one per map",
    )
    group.add_argument("--tv", nargs="+", metavar="R", help="former name of --regulariser")
    group.add_argument(
        "--weights",
        nargs="+",
        metavar="W",
        help="weights of the elements in the HAADF: auto (default), Z, or one number per map",
    )
    group.add_argument(
        "--haadf-blur",
        type=_blur,
        metavar="PIXELS",
        help="blur, in pixels, that brings the HAADF to the resolution of the maps; default: "
        "found from the data",
    )
    yes = {"action": "store_true"}
    group.add_argument("--align", **yes, help="shift the HAADF so that it lies over the maps")
    group.add_argument("--uncertainty", **yes, help="also save standard deviations of the maps")
    group.add_argument(
        "--tolerance",
        type=_positive,
        metavar="GAP",
        help="stop at this relative gap to the optimum; default 1e-4",
    )
    group.add_argument(
        "--max-iterations",
        type=_count,
        metavar="N",
        help="stop after this many iterations; default 5000",
    )
    group.add_argument("--seed", type=_count, metavar="N", help="seed of random numbers; default 0")


def _add_output(group):
    group.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help="folder for maps, table and picture; default: NAME_fused in the current folder",
    )
    group.add_argument(
        "--format",
        nargs="+",
        default=["hspy"],
        metavar="FORMAT",
        help="formats of the maps: hspy (default), zspy, tif (for ImageJ), csv, png",
    )
    group.add_argument(
        "--pictures",
        action="store_true",
        help="also save pictures of each map, the HAADF model, the choice of parameters and the "
        "fitted spectrum",
    )
    group.add_argument("--overwrite", action="store_true", help="replace results of earlier runs")
    group.add_argument("--verbose", "-v", action="store_true", help="print all messages")
    group.add_argument(
        "--debug", action="store_true", help="if there is an error, show where it came from"
    )


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(option, texts):
    if not all(map(_is_number, texts)):
        raise argparse.ArgumentTypeError(
            f"argument {option}: expected numbers, but {' '.join(texts)} was given"
        )
    return [float(text) for text in texts]


def _count(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number >= 0, but {text!r} was given")
    return int(text)


def _positive(text):
    if not (_is_number(text) and math.isfinite(float(text)) and float(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a number > 0, but {text!r} was given")
    return float(text)


def _positive_or_auto(text):
    return text if text == "auto" else _positive(text)


def _blur(text):
    if text == "auto":
        return text
    if not (_is_number(text) and math.isfinite(float(text)) and float(text) >= 0):
        raise argparse.ArgumentTypeError(f"expected a number >= 0, but {text!r} was given")
    return float(text)
