"""The options of the command, and checks of their values."""

import argparse
from pathlib import Path

from .._version import __version__
from ..modalities import SIGNAL_TYPES
from ..signals.keywords import closest
from .crop import crop, energies
from .factors import split_factors
from .option_values import blur, check, count, is_number, positive, positive_or_auto

_NAMES = "separated by spaces or commas, upper or lower case"


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """Exit with status 2 and one line, without the usage of all options."""
        hint = self._hint(message.partition("unrecognized arguments: ")[2])
        self.exit(2, f"{self.prog}: error: {message}{hint} (--help lists all options)\n")

    def _hint(self, unknown):
        """Return which option the first of unknown arguments may mean."""
        name = unknown.partition(" ")[0].partition("=")[0]
        if not name.startswith("--"):
            return ""
        own = [each for each in self._option_string_actions if each.startswith("--")]
        options = {each[2:].replace("-", "_"): each for each in own}
        close = closest(name[2:].replace("-", "_"), list(options))
        return f". Did you mean {options[close[0]]}?" if close else ""


def parser():
    """Return the parser of the command line."""
    made = _Parser(
        prog="python -m hyperspy_multimodal",
        description="Fuse a HAADF image with the EDS or EELS spectrum image of the same scan into "
        "elemental maps. Without FILE, fuse a simulated specimen and print the gain.",
    )
    made.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="file that contains the spectrum image and the HAADF image (.bcf, .emd, .dm4, .hspy, "
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
        "background_windows",
        "background",
        "pedestal",
        "format",
        "lambdas",
    ):
        values = getattr(options, name)
        if values is not None:
            # a FILE that follows a list of names is taken for one of them
            files = [each for each in values if "." in each and not is_number(each)]
            files = [each for each in files if not all(map(is_number, each.split(",")))]
            options.files += [Path(each) for each in files]
            rest = [each for each in values if each not in files]
            setattr(options, name, [part for each in rest for part in each.split(",") if part])
    if options.factors is not None:
        options.factors, files = split_factors(options.factors)
        options.files += map(Path, files)
    try:
        check(options)
    except argparse.ArgumentTypeError as error:
        parser().error(str(error))
    return options


def _add_input(group):
    group.add_argument(
        "--spectra",
        type=count,
        metavar="N",
        help="number of the spectrum image in the files, if there are several",
    )
    group.add_argument(
        "--haadf",
        type=count,
        metavar="N",
        help="number of the HAADF image in the files, if there are several or none is titled HAADF",
    )
    group.add_argument(
        "--maps",
        action="store_true",
        help="the files contain maps instead of spectra: .hspy, .tif, plain HDF5, .npz. Elements "
        "are taken from metadata, titles and names, or from --elements, in the same order",
    )
    group.add_argument(
        "--reader", metavar="NAME", help="HyperSpy reader for the files, such as 'bruker'"
    )
    group.add_argument(
        "--signal-type",
        choices=SIGNAL_TYPES,
        help="kind of spectra, if the file does not specify it",
    )
    group.add_argument(
        "--beam-energy",
        type=positive,
        metavar="KEV",
        help="beam energy in keV, in place of that in the file",
    )
    group.add_argument(
        "--resolution",
        type=positive,
        metavar="EV",
        help="energy resolution of the EDS detector at Mn Ka in eV, in place of that in the file",
    )
    group.add_argument(
        "--convergence-angle",
        type=positive,
        metavar="MRAD",
        help="EELS: convergence semi-angle in mrad, in place of that in the file",
    )
    group.add_argument(
        "--collection-angle",
        type=positive,
        metavar="MRAD",
        help="EELS: collection semi-angle in mrad, in place of that in the file",
    )
    group.add_argument(
        "--energies",
        type=energies,
        metavar="E0:E1",
        help="use only these energies of the spectra, in the units of their axis, such as 830:1300",
    )
    group.add_argument(
        "--mask",
        type=Path,
        metavar="FILE",
        help="image of the size of the scan (.tif, .png, .npy, .hspy); positions with values other "
        "than 0 are left out",
    )
    group.add_argument(
        "--crop",
        type=crop,
        metavar="Y0:Y1,X0:X1",
        help="fuse only these rows and columns of the scan, in pixels; the HAADF and --mask are "
        "cropped in the same way",
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
        "--pedestal",
        nargs="+",
        metavar="P",
        help="with --maps: uniform background that the maps still contain, one number or one per "
        "map, or vacuum: measured where the HAADF shows vacuum",
    )
    group.add_argument(
        "--gain",
        type=positive,
        metavar="G",
        help="EELS: counts per electron. With --maps: units of the map per count",
    )


def _add_fusion(group):
    group.add_argument(
        "--gamma",
        type=positive_or_auto,
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
        "isotropic, 'directional huber', huber, sieve, smooth, 'directional tgv', tgv, or one per "
        "map",
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
        type=blur,
        metavar="PIXELS",
        help="blur, in pixels, that brings the HAADF to the resolution of the maps; default: "
        "found from the data",
    )
    yes = {"action": "store_true"}
    group.add_argument("--align", **yes, help="shift the HAADF to align it with the maps")
    group.add_argument(
        "--keep-totals",
        **yes,
        help="keep all totals as measured, even where the background may be wrong",
    )
    group.add_argument(
        "--uncertainty", **yes, help="also save standard deviations of the maps, as NAME_error"
    )
    group.add_argument(
        "--tolerance",
        type=positive,
        metavar="GAP",
        help="stop at this relative gap to the optimum; default 1e-4",
    )
    group.add_argument(
        "--max-iterations",
        type=count,
        metavar="N",
        help="stop after this many iterations; default 5000",
    )
    group.add_argument("--seed", type=count, metavar="N", help="seed of random numbers; default 0")


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
    group.add_argument(
        "--factors",
        nargs="+",
        metavar="LINE=F",
        help="also write the composition: k-factors (EELS: cross-sections) such as "
        "Si_Ka=1.0,O_Ka=1.9+-0.1, with standard errors where known, or a table of them (.csv) with "
        "the columns line, factor, error. Lines without a factor are left out of the composition",
    )
    group.add_argument(
        "--regions",
        metavar="REGIONS",
        help="regions of the composition, or of sums of counts without --factors: auto (found in "
        "the maps), whole (the whole scan; default with --factors), or an image of the scan whose "
        "pixels contain the numbers of their regions, 0 outside",
    )
    group.add_argument(
        "--ratio-to",
        metavar="EL",
        help="element, line or edge to which the ratios in the composition refer; default: the "
        "element with the most atoms. With --pictures, they are also drawn (ratios.png)",
    )
    group.add_argument(
        "--raw", action="store_true", help="also save the raw maps, as NAME_raw, in all formats"
    )
    group.add_argument("--overwrite", action="store_true", help="replace results of earlier runs")
    group.add_argument("--verbose", "-v", action="store_true", help="print all messages")
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")
