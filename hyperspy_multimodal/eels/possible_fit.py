"""EELS: whether edges overlap, so that a fit suits them, and whether one is possible."""

from ..notes import Speaker
from ..physics.edges import edge_onsets, onset_energy
from ..physics.hydrogenic import edge_subshells
from ..physics.microscope import EELS_PARAMETERS, microscope_of
from .edge_windows import edges_on_axis
from .select_edges import listed_elements

_logger = Speaker(__name__)

# What the tails of other edges may add to a total, for the verdict.
_TAIL = 0.1
# The fit begins this far below the lowest onset.
_BELOW = 0.7
_PRE_EDGE_CHANNELS = 4


def suits_fit(signal, edges):
    """Return whether an edge lies on the tail of one of another element, and a fit is possible.

    A tail does not follow a power law, even far above its onset, so a power law extrapolated from
    before an edge is wrong beneath it. A fit is possible if all elements, mapped or not, have K or
    L edges, if one edge per element is mapped, if the metadata contain the beam energy and the
    angles, and if the axis begins below the edges.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image.
    edges : None or list of str
        As in `multimodal_fusion`.

    Returns
    -------
    bool
    """
    axis = signal.axes_manager.signal_axes[0]
    if not axis.is_uniform:
        return False
    found = _edges_on_axis(signal, edges)
    names, onsets, _ = found
    if min(onsets.values()) == max(map(onset_energy, names)):
        return False
    refusal = _refusal(signal, *found)
    if refusal:
        _logger.warning(
            "The edges overlap: the tail of one lies under the next. A fit would separate them, "
            "but windows are used, because: %s",
            refusal,
            kind="background",
            about=_TAIL,
        )
    return not refusal


def refusal_of_fit(signal, edges):
    """Return why the edges cannot be fitted, an empty string if they can; as for `suits_fit`."""
    return _refusal(signal, *_edges_on_axis(signal, edges))


def _refusal(signal, names, onsets, energy):
    """Return why edges with these onsets cannot be fitted on an axis of these energies."""
    try:
        check_one_edge_an_element(names)
        instrument_of(signal)
        for name in onsets:
            edge_subshells(name, edge_onsets(name.split("_")[0]), (energy[0], energy[-1]))
        check_room_below(energy, onsets)
    except ValueError as error:
        return str(error).replace(" Use map_method='windows'.", "")
    return ""


def _edges_on_axis(signal, edges):
    """Return edges to map, onsets of all edges of listed elements, and energies in eV."""
    axis = signal.axes_manager.signal_axes[0]
    names = edges_on_axis(signal, edges)
    energy = axis.axis * (1e3 if axis.units == "keV" else 1.0)
    others, shapeless = edges_of_other_elements(signal, names, energy)
    return names, {**{name: onset_energy(name) for name in names}, **others, **shapeless}, energy


def fitted_channels(energy, lowest):
    """Return the channels of a fit of edges above the lowest onset, bool, by energies in eV."""
    return energy > _BELOW * lowest


def check_room_below(energy, onsets):
    """Refuse an axis that begins so close to the first edge that the background is not seen."""
    first = min(onsets, key=onsets.get)
    lowest = onsets[first]
    before = fitted_channels(energy, lowest) & (energy < lowest)
    if int(before.sum()) < _PRE_EDGE_CHANNELS:
        element = first.split("_")[0]
        others = sorted({name.split("_")[0] for name in onsets} - {element})
        remedy = (
            f"If {element} is not in the specimen, list only the other elements: "
            f"s.metadata.Sample.elements = {others}. "
        )
        raise ValueError(
            f"map_method='fit' needs at least {_PRE_EDGE_CHANNELS} channels below the lowest "
            f"edge, {first} at {lowest:g} eV, to fit the background, but the axis begins at "
            f"{energy[0]:g} eV. {remedy if others else ''}Use map_method='windows'."
        )


def check_one_edge_an_element(names):
    """Refuse several edges of one element."""
    elements = [name.split("_")[0] for name in names]
    repeated = sorted({element for element in elements if elements.count(element) > 1})
    if repeated:
        raise ValueError(
            "map_method='fit' fits all edges of an element together, but `edges` names several "
            f"of {repeated}. Name one per element, or use map_method='windows'."
        )


def edges_of_other_elements(signal, names, energy):
    """Return edges on the axis, with onsets, of elements of the signal that are not mapped.

    First those of which a fit knows the shape, one per element, then the others.
    """
    known = listed_elements(signal)
    others, shapeless = {}, {}
    for element in sorted(known - {name.split("_")[0] for name in names}):
        for edge, onset in edge_onsets(element, only_major=True).items():
            if energy[0] < onset < energy[-1]:
                try:
                    edge_subshells(edge, edge_onsets(element), (energy[0], energy[-1]))
                except ValueError:
                    shapeless[edge] = onset
                    continue
                others[edge] = onset
                break
    return others, shapeless


def instrument_of(signal):
    """Return beam energy and angles, or raise an error that names the missing ones."""
    found = microscope_of(signal)
    missing = [name for name, value in found.items() if value is None]
    if missing:
        items, examples = zip(*(EELS_PARAMETERS[name] for name in missing), strict=True)
        raise ValueError(
            f"map_method='fit' needs the {', '.join(missing).replace('_', ' ')} for the shapes "
            f"of edges, but {', '.join(items)} of metadata.Acquisition_instrument "
            f"{'are' if len(missing) > 1 else 'is'} not set. Set "
            f"{'them' if len(missing) > 1 else 'it'}, for example with "
            f"s.set_microscope_parameters({', '.join(examples)})."
        )
    return {name: float(value) for name, value in found.items()}
