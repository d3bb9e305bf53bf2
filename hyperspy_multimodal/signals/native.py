"""HyperSpy signals for results, with the axes and metadata of their scan."""

import operator
import textwrap
from copy import deepcopy

from hyperspy.signals import BaseSignal, Signal2D

from .records import record_of_map

_LONGEST = 24  # letters of the name of an image


def scan_axes(signal, navigate):
    """Return the two scan axes of ``signal`` as dictionaries, in array order."""
    axes = [axis.get_axis_dictionary() for axis in signal.axes_manager.navigation_axes[::-1]]
    for axis in axes:
        axis["navigate"] = navigate
    return axes


def metadata_of(signal):
    """Return metadata and original metadata of a signal as dictionaries."""
    return signal.metadata.as_dictionary(), signal.original_metadata.as_dictionary()


def element_map(
    signal,
    data,
    element,
    line_item,
    title,
    record=None,
    node="Multimodal_fusion",
    metadata=None,
):
    """Return a map as `get_lines_intensity` returns it: scan axes, and no signal axis.

    Parameters
    ----------
    signal : BaseSignal
        Spectrum image.
    data : numpy.ndarray
        Shape (ny, nx).
    element : str
        Chemical symbol.
    line_item : tuple
        Metadata item that names the line or edge, such as ("xray_lines", ["Ti_Ka"]).
    title : str
        Title of the map.
    record : dict, optional
        Parameters, kept in the metadata.
    node : str
        Node of the metadata that keeps them, default "Multimodal_fusion".
    metadata : tuple of (dict, dict), optional
        From `metadata_of`, which takes long for some files; by default read from the signal.

    Returns
    -------
    BaseSignal
    """
    own, original = deepcopy(metadata or metadata_of(signal))
    result = BaseSignal(
        data, axes=scan_axes(signal, navigate=True), metadata=own, original_metadata=original
    )
    result.tmp_parameters.add_dictionary(signal.tmp_parameters.as_dictionary())
    result.metadata.General.title = title
    result.metadata.set_item("Sample.elements", [element])
    result.metadata.set_item(f"Sample.{line_item[0]}", line_item[1])
    for item in ("Signal.Noise_properties", "Markers"):
        # variance and markers of the spectra do not apply to the map
        if result.metadata.has_item(item):
            home, _, name = f"metadata.{item}".rpartition(".")
            delattr(operator.attrgetter(home)(result), name)
    if record is not None:
        result.metadata.add_dictionary({node: record})
    return result


def element_maps(
    signal, arrays, names, item, titles, suffix, record=None, node="Multimodal_fusion"
):
    """Return a list of maps, one per line or edge.

    Parameters
    ----------
    signal : BaseSignal
        Spectrum image.
    arrays : numpy.ndarray
        Shape (K, ny, nx).
    names : list of str
        Lines or edges, such as "Ti_Ka" or "Cu_L3".
    item : str
        Item of metadata.Sample that names them, such as "xray_lines".
    titles : list of str
        Titles of the maps.
    suffix : str
        What is added to each title.
    record, node
        As in `element_map`.

    Returns
    -------
    list of BaseSignal
    """
    metadata = metadata_of(signal)
    maps = []
    for number, (array, name, title) in enumerate(zip(arrays, names, titles, strict=True)):
        own = name.split("_")[0], (item, [name]), title + suffix
        known = None if record is None else record_of_map(record, number)
        maps.append(element_map(signal, array, *own, known, node, metadata))
    return maps


def image(signal, data, title):
    """Return an image (ny, nx) over the scan of ``signal`` as a Signal2D."""
    result = Signal2D(data, axes=scan_axes(signal, navigate=False))
    result.metadata.General.title = title
    return result


def with_errors(signal, maps, errors, described, record=None):
    """Store standard deviations in the metadata of maps, and return them as maps.

    Not as ``Signal.Noise_properties.variance``: HyperSpy cannot stack maps that have one, as
    quantification does.

    Parameters
    ----------
    signal : BaseSignal
        Spectrum image.
    maps : list of BaseSignal
        Fused maps, changed in place.
    errors : numpy.ndarray
        Standard deviations in the units of the maps, shape (K, ny, nx).
    described : tuple
        Names, metadata item and titles, as `element_maps` takes them.
    record : dict, optional
        Of the maps that are returned.

    Returns
    -------
    list of BaseSignal
    """
    for result, error in zip(maps, errors, strict=True):
        result.metadata.set_item("Multimodal_fusion.standard_deviation", error)
    return element_maps(signal, errors, *described, ", standard deviation", record)


def draw_suffix(number):
    """Return what is added to the titles of a draw."""
    return f", draw {number + 1}"


def drawn_maps(signal, draws, described, record=None):
    """Return draws (draws, K, ny, nx) as a list with a list of maps for each."""
    return [
        element_maps(signal, draw, *described, draw_suffix(number), record)
        for number, draw in enumerate(draws)
    ]


def image_name(image):
    """Return the name of the image beside the maps: that of its detector, as its title has it."""
    title = ""
    if hasattr(image, "metadata"):
        title = str(image.metadata.get_item("General.title", "") or "").strip()
    if not title or "HAADF" in title.upper():
        return "HAADF"
    return textwrap.shorten(title, _LONGEST, placeholder=" ...")
