"""Elements, lines or edges of given maps, from keys, arguments, metadata or titles."""

import logging
import re

from ..names import did_you_mean, known_name, not_in_tables, texts_in
from .titles import element_in_title, names_with_lines

_logger = logging.getLogger(__name__)

#: What may name a map in ``metadata.Sample``, and comes before its title.
NAMING = ("xray_lines", "edges", "elements")
# Images that do not show one element.
_IMAGES = frozenset("haadf maadf laadf adf abf bf df".split())
# Numbers of maps that a message lists.
_LISTED = 5


def labels_of(signals, given):
    """Return what messages call each map: by its element or line if that is known."""
    from exspy.material import elements as known

    named = texts_in(given) if given is not None else []
    if len(named) != len(signals):
        named = [_name_of(signal, known) for signal in signals]
    return [
        f"Map {number}" if name is None else f"Map {number} ({name})"
        for number, name in enumerate(named)
    ]


def names_of(signals, given, n_maps):
    """Return one element, line or edge per map, as given, or from metadata or titles."""
    from exspy.material import elements as known

    _check_metadata(signals)
    if given is not None:
        texts = texts_in(given)
        if len(texts) != n_maps:
            raise ValueError(f"elements must name {n_maps} maps, one each, but {texts} was given.")
        names = [known_map_name(text) for text in texts]
        for number, (name, signal) in enumerate(zip(names, signals, strict=True)):
            own = _name_of(signal, known)
            if own is not None and own.split("_")[0] != name.split("_")[0]:
                raise ValueError(
                    f"Map {number} is of {own} by its metadata or title, but `elements` or a key "
                    f"names it {name}. Pass names in the order of the maps, or leave them out."
                )
    else:
        names = _names_of(signals, known)
        unknown = [number for number, name in enumerate(names) if name is None]
        if unknown:
            images = [
                _image_in(signals[number].metadata.General.title)
                for number in unknown
                if signals[number] is not None
            ]
            if any(images):
                _refuse_image(next(filter(None, images)))
            listed = ", ".join(map(str, unknown[:_LISTED]))
            listed += f", ... ({len(unknown)} maps)" * (len(unknown) > _LISTED)
            raise ValueError(
                f"The elements of the maps [{listed}] are neither in their metadata nor in their "
                "titles. Pass elements=['Ti', ...], one per map."
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"Each map must show a different element or line, but {repeated} repeat.")
    return names


def known_map_name(text):
    """Return the standard name of an element, line or edge, or raise an error."""
    if isinstance(text, str):
        name = known_name(text, "edge") or known_name(text, "X-ray line")
        if name is not None:
            return name
        if _image_in(text):
            _refuse_image(text)
        wrong = not_in_tables(text)
        if wrong:
            raise ValueError(wrong)
    raise ValueError(
        "elements must be chemical symbols or lines, such as 'Ti' or 'Ti_Ka', but "
        f"{text!r} was given.{did_you_mean(text)}"
    )


def _check_metadata(signals):
    """Refuse maps whose metadata name a line or edge that is not in the tables."""
    for number, signal in enumerate(signals):
        for item, kind in (("xray_lines", "X-ray line"), ("edges", "edge")):
            found = [] if signal is None else texts_of(signal, item)
            wrong = not_in_tables(str(found[0]), [kind]) if len(found) == 1 else ""
            if wrong:
                raise ValueError(
                    f"metadata.Sample.{item} of map {number} is wrong: {wrong} Correct or delete "
                    "it."
                )


def _image_in(title):
    """Return a title that names an image of no element, or an empty string."""
    words = re.split(r"[\W_]+", (title or "").lower())
    return title if _IMAGES.intersection(words) else ""


def _refuse_image(title):
    raise ValueError(
        f"maps must show one element each, but {title!r} was given. Leave this image out of the "
        "maps, and pass the HAADF as the argument haadf."
    )


def texts_of(signal, item):
    """Return the names in an item of ``metadata.Sample``."""
    found = signal.metadata.get_item(f"Sample.{item}", None)
    return [] if found is None else texts_in(found)


def _name_of(signal, known):
    """Return the line, edge or element in the metadata or title of a map, None if there is none."""
    if signal is None:
        return None
    return _name_in_metadata(signal) or element_in_title(_title(signal), known)


def _names_of(signals, known):
    """Return names of all maps, with the lines or edges in their titles, and log what was read."""
    names = [_name_of(signal, known) for signal in signals]
    titles = [
        None if name is None or _name_in_metadata(signal) else _title(signal)
        for name, signal in zip(names, signals, strict=True)
    ]
    names = names_with_lines(names, titles)
    for name, title in zip(names, titles, strict=True):
        if title is not None:
            _logger.info("Map %r is taken to be %s.", title, name)
    return names


def _title(signal):
    return signal.metadata.General.title or ""


def _name_in_metadata(signal):
    for item in NAMING:
        found = texts_of(signal, item)
        if len(found) == 1:
            return str(found[0])
    return None


def line_in_metadata(signal):
    """Return the line or edge in the metadata of a map if there is exactly one, otherwise None."""
    for item in NAMING[:2]:
        found = texts_of(signal, item)
        if len(found) == 1:
            return str(found[0])
    return None
