"""The command: fuse the scan in a file, or a simulated specimen."""

import argparse
import logging
import sys
import warnings
from pathlib import Path

from . import __version__

_logger = logging.getLogger("hyperspy_multimodal")


def main(arguments=None):
    """Run the command and return its exit code: 0, or 1 if the input cannot be fused."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr)
    _logger.setLevel(logging.DEBUG if options.verbose else logging.INFO)
    try:
        run = _fuse_files if options.files else _fuse_specimen
        run(options)
    except (OSError, TypeError, ValueError) as error:
        if options.verbose:
            _logger.exception("Nothing was fused.")
        else:
            _logger.error("%s", error)
        return 1
    except KeyboardInterrupt:
        _logger.error("Stopped.")
        return 130
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m hyperspy_multimodal",
        description="Fuse a HAADF image with the EDS or EELS spectrum image of the same scan into "
        "elemental maps. Without FILE, do so for a simulated specimen and say what was gained.",
    )
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="file with spectrum image and HAADF (.bcf, .emd, .dm4, .hspy, ...), or one for each",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help="folder for maps (.hspy) and picture; default NAME_fused, in the current folder",
    )
    parser.add_argument(
        "--spectra", type=int, metavar="N", help="number of the spectrum image in the files"
    )
    parser.add_argument(
        "--haadf", type=int, metavar="N", help="number of the HAADF image in the files"
    )
    parser.add_argument(
        "--elements",
        nargs="+",
        metavar="EL",
        help="all elements of the specimen, in place of those in the files",
    )
    parser.add_argument(
        "--gamma",
        type=_gamma,
        default="auto",
        help="exponent of the maps in the HAADF, or 'auto' (default): chosen from the counts",
    )
    parser.add_argument(
        "--lambdas",
        nargs=2,
        type=float,
        metavar=("L1", "L2"),
        help="weights of the counts and of the total variation; default: chosen from the counts",
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="say more")
    parser.add_argument("--version", action="version", version=__version__)
    return parser


def _gamma(text):
    return text if text == "auto" else float(text)


def _fuse_files(options):
    _ignore_deprecations()
    import hyperspy.api as hs

    from .scan_files import find_scan

    signals = []
    for file in options.files:
        if not file.exists():
            raise ValueError(f"There is no file {file}.")
        loaded = _load(hs, file)
        signals += loaded if isinstance(loaded, list) else [loaded]
    spectra, haadf = find_scan(signals, options.spectra, options.haadf)
    if options.elements:
        spectra = _with_elements(spectra, options.elements)
    maps, output = spectra.multimodal_fusion(haadf, full_output=True, **_given(options))
    _write(maps, output, haadf, options.output or Path(f"{options.files[0].stem}_fused"))


def _load(hs, file):
    try:
        return hs.load(str(file), escape_square_brackets=True)
    except Exception as error:  # readers of foreign formats raise whatever they meet
        raise ValueError(f"{file} cannot be read: {error}") from error


def _with_elements(spectra, elements):
    """Return the spectrum image with other elements, and no lines or edges of the former ones."""
    for item in ("elements", "xray_lines", "edges"):
        if spectra.metadata.has_item(f"Sample.{item}"):
            delattr(spectra.metadata.Sample, item)
    if hasattr(spectra, "subshells"):
        spectra.elements, spectra.subshells = set(), set()
    spectra.add_elements(elements)
    return spectra


def _fuse_specimen(options):
    _ignore_deprecations()
    from .data import core_shell

    specimen = core_shell()
    _logger.info(
        "No FILE was given: fusing simulated core-shell particles, %d x %d pixels, at most %.0f "
        "counts a pixel in a line.",
        *specimen.haadf.data.shape,
        specimen.counts[0].data.max(),
    )
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, full_output=True, **_given(options)
    )
    _write(maps, output, specimen.haadf, options.output or Path("core_shell_fused"))
    print(f"{'line':8s}{'SNR raw':>10s}{'SNR fused':>11s}{'total, fused / true':>22s}")
    for fused, raw, truth in zip(maps, output["raw_maps"], specimen.counts, strict=True):
        print(
            f"{fused.metadata.Sample.xray_lines[0]:8s}"
            f"{_snr(raw.data, truth.data):7.1f} dB{_snr(fused.data, truth.data):8.1f} dB"
            f"{fused.data.sum() / truth.data.sum():22.3f}"
        )


def _ignore_deprecations():
    """Keep quiet about what HyperSpy and eXSpy say to each other while they are imported."""
    warnings.filterwarnings("ignore", message="Importing .* is deprecated")


def _given(options):
    """Return the arguments of the method that the command line sets."""
    given = {"gamma": options.gamma, "lambdas": options.lambdas}
    return {name: value for name, value in given.items() if value is not None}


def _write(maps, output, haadf, folder):
    import matplotlib

    matplotlib.use("Agg")
    from .plot import plot_overview
    from .plot.panels import map_name

    folder.mkdir(parents=True, exist_ok=True)
    for fused in maps:
        path = folder / f"{map_name(fused)}.hspy"
        fused.save(path, overwrite=True)
        _logger.info("%s: %.0f net counts in %s", map_name(fused), fused.data.sum(), path)
    picture = folder / "overview.png"
    figure = plot_overview(maps, output["raw_maps"], haadf)[0, 0].figure
    figure.savefig(picture, dpi=120)
    matplotlib.pyplot.close(figure)
    used = "HAADF left out"
    if output["uses_haadf"]:
        used = f"HAADF used, gamma {output['gamma']:g}"
    elif any(output["directional"]):
        used = "of the HAADF only edges used"
    names = [map_name(fused) for fused in maps]
    _logger.info(
        "%s; lambda_1 %s; lambda_2 %s; picture in %s",
        used,
        _by_name(names, output["lambda_1"]),
        _by_name(names, output["lambda_2"]),
        picture,
    )


def _by_name(names, values):
    """Return a number for all, or one for each name."""
    if len(set(values)) == 1:
        return f"{values[0]:g}"
    return ", ".join(f"{value:g} ({name})" for name, value in zip(names, values, strict=True))


def _snr(data, truth):
    """Return the signal-to-noise ratio of ``data`` in dB."""
    import numpy as np

    return 10 * np.log10(np.square(truth).sum() / np.square(data - truth).sum())
