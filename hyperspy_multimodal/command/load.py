"""Load the files of the command, and apply the options that describe them."""

import importlib.metadata
import logging

import hyperspy.api as hs

from .plain_files import EXTENSIONS, load_plain

_logger = logging.getLogger("hyperspy_multimodal")


def load_signals(options):
    """Return all signals in the files of the command."""
    for file in options.files:
        if not file.exists():
            raise ValueError(f"There is no file {file}.")
        if file.is_dir() and file.suffix.lower() != ".zspy":
            raise ValueError(
                f"{file} is a folder. Pass a file in it, such as the .ASW file of a JEOL project."
            )
    signals = []
    for file in options.files:
        loaded = _loaded(file, options)
        for signal in loaded:
            if not str(signal.metadata.get_item("General.title", "") or "").strip():
                signal.metadata.set_item("General.title", file.stem)
        signals += loaded
    return [_typed(signal, options) for signal in signals]


def image_in(file):
    """Return the data of the one image in a file, as it is there."""
    if not file.exists():
        raise ValueError(f"There is no file {file}.")
    try:
        loaded = load_plain(file) if file.suffix.lower() in EXTENSIONS else _listed(hs.load(file))
    except Exception as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    images = [each.data for each in loaded if each.data.ndim in (2, 3)]
    if len(images) != 1:
        raise ValueError(f"{file} must contain one image of the scan, but contains {len(images)}.")
    return images[0]


def load_image(file):
    """Return the data of the one image in a file, grey if it is a colour picture."""
    image = image_in(file)
    if image.dtype.names:  # a colour picture
        image = sum(image[name].astype(float) for name in image.dtype.names[:3])
    return image if image.ndim == 2 else image.sum(axis=-1)


def check_names(options):
    """Refuse invalid names of elements, lines and edges.

    This is seen before files are read, which takes long if they are large.
    """
    from ..names import checked_names

    if options.elements:
        _symbols(options.elements)
    for name, kind, examples in (
        ("lines", "X-ray line", ["Ti_Ka", "O_Ka"]),
        ("extra_lines", "X-ray line", ["Cu", "Mo"]),
        ("edges", "edge", ["Cu_L3", "Zn_L3"]),
    ):
        if getattr(options, name):
            checked_names(f"--{name.replace('_', '-')}", getattr(options, name), kind, examples)


def with_options(spectra, options, others=()):
    """Return the spectrum image with elements and microscope that the options give.

    Parameters
    ----------
    spectra : BaseSignal
        Spectrum image, of the part of the scan that is to be fused.
    options : argparse.Namespace
    others : sequence of BaseSignal
        Everything else that the files contain. If elements are not known, the message names those
        of maps among them.
    """
    if options.elements:
        spectra = with_elements(spectra, options.elements)
    given = {"beam_energy": options.beam_energy}
    kind = spectra.metadata.get_item("Signal.signal_type", "")
    if kind.startswith("EDS"):
        given["energy_resolution_MnKa"] = options.resolution
    else:
        given["convergence_angle"] = options.convergence_angle
        given["collection_angle"] = options.collection_angle
    given = {name: value for name, value in given.items() if value is not None}
    if given:
        _say_what_is_replaced(spectra, given)
        spectra.set_microscope_parameters(**given)
    has_elements = any(
        spectra.metadata.get_item(f"Sample.{item}", None) is not None
        for item in ("elements", "xray_lines")
    )
    if kind.startswith("EDS") and not has_elements and not options.lines:
        raise ValueError(_elements_to_give(spectra, elements_of_maps(others)))
    return spectra


def _say_what_is_replaced(spectra, given):
    """Log which parameters of the microscope are in the file with other values."""
    recorded = spectra.metadata.get_item("Acquisition_instrument", None)
    recorded = {} if recorded is None else _items(recorded.as_dictionary())
    replaced = [
        f"{name.replace('_', ' ')} {value:g} instead of {recorded[name]:g}"
        for name, value in given.items()
        if isinstance(recorded.get(name), (int, float)) and recorded[name] != value
    ]
    if replaced:
        _logger.info("Values in the file are replaced: %s.", ", ".join(replaced))


def _items(tree):
    """Return the values of a nested dictionary by their names, some of which end with a space."""
    found = {}
    for name, value in tree.items():
        found |= _items(value) if isinstance(value, dict) else {name.strip(): value}
    return found


def with_elements(spectra, names):
    """Return the spectrum image with other elements, and no lines or edges of the former ones."""
    symbols = _symbols(names)
    for item in ("elements", "xray_lines", "edges"):
        if spectra.metadata.has_item(f"Sample.{item}"):
            delattr(spectra.metadata.Sample, item)
    if hasattr(spectra, "subshells"):
        spectra.elements, spectra.subshells = set(), set()
    spectra.add_elements(tuple(dict.fromkeys(symbols)))
    return spectra


def _symbols(names):
    """Return chemical symbols as eXSpy writes them, or say what is none."""
    from ..names import did_you_mean, known_element

    symbols = [known_element(name) for name in names]
    for name, symbol in zip(names, symbols, strict=True):
        if symbol is None:
            raise ValueError(
                f"--elements must be chemical symbols, but {name!r} was given.{did_you_mean(name)}"
            )
    return symbols


def elements_of_maps(signals):
    """Return titles and elements of maps among signals, from their metadata or titles."""
    from exspy.material import elements

    from ..given.titles import element_in_title

    found = {}
    for signal in signals:
        title = str(signal.metadata.get_item("General.title", "") or "")
        named = list(signal.metadata.get_item("Sample.elements", None) or [])
        symbol = named[0] if len(named) == 1 else element_in_title(title, elements)
        if symbol is not None:
            found.setdefault(title or symbol, symbol)
    return found


def _elements_to_give(spectra, of_maps):
    """Return a message that lists elements of maps in the files, or of peaks in the spectrum.

    Where maps name them, the spectrum is not searched, which takes long: a fusion reports peaks of
    further elements.
    """
    from ..eds.suggest_elements import suggest_elements

    message = "The spectra list no elements. Pass all elements of the specimen, for example "
    if of_maps:
        symbols = " ".join(dict.fromkeys(of_maps.values()))
        return (
            f"{message}--elements {symbols}: these are the elements of the maps in the files, "
            f"{', '.join(of_maps)}. The spectra may show others, which the fusion will report."
        )
    message += "--elements Ti O."
    _logger.info(
        "The spectra list no elements, so nothing is fused. Looking for elements in the summed "
        "spectrum, which can take a minute."
    )
    try:
        found = suggest_elements(spectra, show_progressbar=False)
    except Exception:  # the suggestion is only additional help
        found = []
    symbols = [getattr(each, "element", each) for each in found]
    if symbols:
        message += f" The summed spectrum seems to show {' '.join(map(str, symbols))}."
    return message


def _loaded(file, options):
    plain = file.suffix.lower() in EXTENSIONS and options.reader is None
    if plain and (options.maps or file.suffix.lower() in (".npz", ".npy")):
        return load_plain(file)
    # what HyperSpy logs of a file that it cannot read is told below
    logging.getLogger("hyperspy.io").setLevel(logging.CRITICAL)
    try:
        given = {"reader": options.reader} if options.reader else {}
        return _listed(hs.load(str(file), lazy=options.lazy, escape_square_brackets=True, **given))
    except Exception as error:  # readers of foreign formats raise whatever they meet
        if plain:
            found = load_plain(file)
            if found:
                return found
        raise ValueError(f"{file} cannot be read: {why_unreadable(error, file)}") from error


def why_unreadable(error, file, zarr_version=None):
    """Return why a file cannot be read; for what is missing or too new, how to install it."""
    if isinstance(error, ImportError):
        return f"{error}. Install what is missing, for example with pip install {error.name}"
    if file.suffix.lower() == ".zspy":
        zarr_version = zarr_version or importlib.metadata.version("zarr")
        if int(zarr_version.split(".")[0]) >= 3:
            return (
                f"zarr {zarr_version} is installed, but RosettaSciIO reads .zspy with zarr 2 "
                'alone. Type: pip install "zarr<3"'
            )
    return str(error) or type(error).__name__


def _listed(loaded):
    return list(loaded) if isinstance(loaded, list) else [loaded]


def _typed(signal, options):
    """Return a signal with the type that the options give to spectra."""
    manager = signal.axes_manager
    if options.signal_type and manager.signal_dimension == 1 and manager.navigation_dimension:
        if signal.metadata.get_item("Signal.signal_type", "") != options.signal_type:
            signal.set_signal_type(options.signal_type)
    return signal
