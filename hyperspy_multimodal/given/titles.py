"""Elements, lines and edges in the titles of maps."""

import re

from ..names import known_name

# Words in a title that do not name an element.
_WORDS = frozenset(
    "map maps element elemental image eds edx edxs eels haadf fused raw counts intensity line "
    "edge x ray kev ev signal of parameter component".split()
)
# Of these, what only maps of X-ray lines have, or only those of edges.
_KINDS = {"X-ray line": {"eds", "edx", "edxs", "ray"}, "edge": {"eels", "edge"}}
# Symbols that are also words count only if they stand alone.
_ENGLISH = frozenset(("As", "At", "Be", "He", "I", "In", "No"))
# Lines and edges: K, La, Lα1, M45.
_SHELL = re.compile(r"[KLMN](?:[abαβ]?\d{0,2})")
_SYMBOL_AND_SHELL = re.compile(r"([A-Z][a-z]?)([KLMN][abαβ]?\d{0,2})")
# The number of a single line of a family, such as in "Ka1".
_NUMBER = re.compile(r"(?<=[abαβ])\d+$")


def element_in_title(title, known):
    """Return the element in a title with no other content, such as "Ti", "Ti map" or "Ti Ka"."""
    words = _words_of(title)
    if len(words) == 2 and _SHELL.fullmatch(words[1]):
        words = words[:1]
    if len(words) != 1:
        return None
    joined = _SYMBOL_AND_SHELL.fullmatch(words[0])
    symbols = set(known.keys())
    symbol = joined[1] if joined and words[0] not in symbols else words[0]
    if symbol in _ENGLISH and title.strip() not in (symbol, f"{symbol} map"):
        return None
    return symbol if symbol in symbols else None


def names_with_lines(names, titles):
    """Return names of maps, with lines or edges where their titles tell which of the two they are.

    "Cu K" is a line, because no edge of EELS has this name. "O K" alone may be either, and is a
    line beside "Cu K". Maps of one scan are all of lines or all of edges.

    Parameters
    ----------
    names : list of str or None
        Lines or edges in metadata, or elements.
    titles : list of str or None
        Titles from which elements were read, None for other maps.

    Returns
    -------
    list of str or None
        Elements where lines and edges are equally possible.
    """
    with_shells = [
        name if title is None else _with_shell(name, title)
        for name, title in zip(names, titles, strict=True)
    ]
    told = [number for number, name in enumerate(with_shells) if name and "_" in name]
    possible = []
    for kind in _KINDS:
        found = {number: _known_as(kind, with_shells[number], titles[number]) for number in told}
        if found and all(found.values()):
            possible.append(found)
    if len(possible) != 1:
        return names
    [found] = possible
    return [
        name if titles[number] is None else found.get(number, name)
        for number, name in enumerate(names)
    ]


def _words_of(title):
    words = [word for word in re.split(r"[\s_\-:;,.()\[\]|]+", title) if word]
    return [word for word in words if word.lower() not in _WORDS]


def _with_shell(element, title):
    """Return the element and the shell that follows it in a title, such as "Cu_K"."""
    shell = "".join(_words_of(title)).removeprefix(element)
    return f"{element}_{shell}" if shell else element


def _known_as(kind, name, title):
    """Return the name of a line or an edge, None if it is none."""
    words = set(re.findall("[a-z]+", (title or "").lower()))
    if any(words & own for other, own in _KINDS.items() if other != kind):
        return None
    return known_name(_NUMBER.sub("", name) if kind == "X-ray line" else name, kind)
