"""Names of X-ray lines and edges, such as "Ti_Ka" and "Cu_L3"."""

import difflib
import functools
import re

import numpy as np

# What separates an element from its line.
_WITHIN_NAME = re.compile(r"[\s_-]+")
_SHELL = re.compile(r"[KLMNO]\d?", re.IGNORECASE)
_GREEK = str.maketrans({"α": "a", "β": "b", "γ": "g", "ζ": "z", "η": "n"})
# How many symbols a message offers for another, and the share of letters that they have in common.
_OFFERED, _CLOSE = 3, 0.5
_WRITTEN = {"a": "α", "b": "β", "g": "γ", "n": "η", "z": "ζ", "l": "ℓ"}


def texts_in(found, kind="X-ray line"):
    """Return the strings of what files and users give: text, bytes, or some of either.

    Parameters
    ----------
    found : object
        A list, tuple, set or array of names, or one text with names between commas or spaces;
        "Co La" is a line, not two elements.
    kind : str
        As in `known_name`.

    Returns
    -------
    list
        Strings; what is none stays as it is.
    """
    if isinstance(found, np.ndarray):
        found = found.ravel().tolist()
    if isinstance(found, (str, bytes)):
        parts = [part.strip() for part in re.split("[,;]", _decoded(found))]
        split = ([part] if known_name(part, kind) else part.split() for part in parts)
        return [each for part in split for each in part]
    return [_decoded(each) for each in found]


def known_element(text):
    """Return the symbol of an element, written in any case; None if there is none."""
    symbol = str(text).strip().capitalize()
    return symbol if symbol in _database() else None


def did_you_mean(text):
    """Return a question with names that are close to an unknown one, or an empty string.

    Parameters
    ----------
    text : str
        A name whose element is not known, such as "Coo", "Coo_Ka", "Mm" or "cobalt".

    Returns
    -------
    str
        Begins with a space.
    """
    element, *rest = _WITHIN_NAME.split(str(text).strip(), maxsplit=1)
    close = [repr("_".join([symbol, *rest])) for symbol in _close_symbols(element)]
    *others, last = close or [""]
    listed = " or ".join([", ".join(others), last] if others else [last])
    return f" Did you mean {listed}?" if close else ""


def _close_symbols(text):
    """Return symbols of elements whose symbol or name is close to a text, in a list.

    Of two letters, the second may be wrong. The closest in the alphabet come first.
    """
    letters = text.lower()
    close = [each for each in _swapped(letters) if each in _symbols()][:1]
    if not close and len(letters) > 2:
        close = difflib.get_close_matches(letters, _symbols(), n=1)
    if not close and letters.isalpha() and len(letters) < 3:
        alike = [each for each in _symbols() if len(each) < 3 and each[0] == letters[0]]
        alike.sort(key=lambda each: abs(ord(each[-1]) - ord(letters[-1])))
        close = alike[:_OFFERED]
    return [_symbols()[each] for each in close]


def _swapped(letters):
    """Return a word with each pair of neighbouring letters swapped."""
    return [
        letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :]
        for at in range(len(letters) - 1)
    ]


@functools.lru_cache
def _symbols():
    """Return symbols of elements by their symbols and names in lower case."""
    found = {}
    for symbol, data in _database().as_dictionary().items():
        if isinstance(data, dict):
            found[symbol.lower()] = symbol
            found[str(data.get("General_properties", {}).get("name", symbol)).lower()] = symbol
    return found


def known_name(text, kind):
    """Return a line or edge as eXSpy writes it, None if the element has no such line or edge.

    Parameters
    ----------
    text : str
        Such as "Ti_Ka", "ti ka", "TiKa", "Ti Kα", "Ti_K" (its Ka) or "cu-l3"; or an element.
    kind : str
        What it is: "X-ray line" or "edge".

    Returns
    -------
    str or None
    """
    text = text.strip()
    if known_element(text):
        return known_element(text)
    return _by_letters(kind).get(_letters(text))


def not_in_tables(text, kinds=("X-ray line", "edge")):
    """Return what is wrong with a line or edge that its element does not have, or "".

    Parameters
    ----------
    text : str
        A name, such as "Mn_L9".
    kinds : sequence of str
        What it may be: "X-ray line", "edge" or both (default).

    Returns
    -------
    str
        Names the lines and edges of the element; empty for what does not begin with an element.
    """
    element = known_element(_WITHIN_NAME.split(text.strip())[0])
    if element is None or any(known_name(text, kind) for kind in kinds):
        return ""
    own = [[n for n in _by_letters(kind).values() if n.split("_")[0] == element] for kind in kinds]
    listed = [
        f"the {kind}s {', '.join(sorted(set(names)))}"
        for kind, names in zip(kinds, own, strict=True)
        if names
    ]
    known = " and ".join(listed) or f"no {'s or '.join(kinds)}s"
    return f"{element} has no {' or '.join(kinds)} {text!r}. The tables list {known}."


def names_shell(text):
    """Return whether a text names a shell of an element, such as "Zn_K", in the tables or not."""
    element, *shell = _WITHIN_NAME.split(text.strip())
    return known_element(element) is not None and _SHELL.fullmatch("".join(shell)) is not None


@functools.lru_cache
def _by_letters(kind):
    """Return all lines or edges by their letters alone, without ambiguous ones."""
    found = {}
    for element, data in _database().as_dictionary().items():
        if not isinstance(data, dict):
            continue
        properties = data.get("Atomic_properties", {})
        own = [*properties.get("Xray_lines" if kind == "X-ray line" else "Binding_energies", {})]
        if kind == "X-ray line":
            own += [family[0] for family in own if family.endswith("a")]
        for shell in own:
            whole = shell if kind != "X-ray line" or len(shell) > 1 else f"{shell}a"
            found.setdefault(_letters(element + shell), set()).add(f"{element}_{whole}")
    return {letters: names.pop() for letters, names in found.items() if len(names) == 1}


def _letters(text):
    return _WITHIN_NAME.sub("", text).translate(_GREEK).lower()


def _decoded(text):
    return text.decode() if isinstance(text, bytes) else text


def written_name(name):
    """Return a line or edge as it is written in text.

    Parameters
    ----------
    name : str
        As eXSpy writes it.

    Returns
    -------
    str
        Such as "Si Kα" for "Si_Ka" and "Cu L3" for "Cu_L3"; what names no element stays as it is.
    """
    element, _, line = name.partition("_")
    if known_element(element) != element or not line:
        return name
    if len(line) > 1 and line[1] in _WRITTEN and not line[1:].isupper():
        line = line[0] + _WRITTEN[line[1]] + line[2:]
    return f"{element} {line}"


def checked_names(argument, given, kind, examples):
    """Return the names that a user gives as a list, or say what is wrong with them.

    Parameters
    ----------
    argument : str
        Name of the argument.
    given : list of str
        Lines or edges, or elements, in any case, or one text with several. Whether their elements
        have them is not looked at.
    kind : str
        What they are: "X-ray line" or "edge".
    examples : list of str
        Names to show in messages.

    Returns
    -------
    list of str
    """
    if isinstance(given, dict) or not np.iterable(given):
        raise TypeError(
            f"{argument} must be None or a list of {kind}s such as {examples}, but {given!r} was "
            "given."
        )
    names = []
    for text in texts_in(given, kind):
        if not isinstance(text, str):
            raise TypeError(
                f"{argument} must contain strings such as {examples[0]!r}, but {text!r} was given."
            )
        name = known_name(text, kind)
        if name is None and known_element(_WITHIN_NAME.split(text)[0]) is None:
            raise ValueError(
                f"Unknown {kind} {text!r}: {_WITHIN_NAME.split(text)[0]!r} is not a chemical "
                f"element. Pass a name such as {examples[0]!r}.{did_you_mean(text)}"
            )
        names.append(name or _spelled(text))
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{argument} must name each {kind} once, but repeats {repeated}.")
    return names


def check_they_exist(argument, names, kind, mapped=()):
    """Refuse names of lines or edges that no element has, such as "O_Kaa".

    Parameters
    ----------
    argument : str
        Name of the argument.
    names : list of str
        From `checked_names`.
    kind : str
        "X-ray line" or "edge". Edges may be any shell, in the tables or not.
    mapped : sequence of str
        Names of maps, which are accepted whatever they are.
    """
    for name in names:
        is_known = known_name(name, kind) is not None or name in mapped
        if is_known or (kind == "edge" and names_shell(name)):
            continue
        element = name.split("_")[0]
        raise ValueError(
            f"{argument} names {name!r}, which is not an {kind} of {element}."
            f"{close_name(name, kind)}"
        )


def close_name(text, *kinds):
    """Return a question with the line or edge that is close to an unknown one.

    It is of the same element or, if there is no such element, of the closest one.

    Parameters
    ----------
    text : str
        Such as "O_Kaa" or "Pdd_La".
    *kinds : str
        "X-ray line", "edge".

    Returns
    -------
    str
        Begins with a space; empty if there is none.
    """
    written, *line = _WITHIN_NAME.split(text.strip())
    element = known_element(written) or next(iter(_close_symbols(written)), None)
    if element and not line and not known_element(written):
        return did_you_mean(text)
    own = {
        letters: name
        for kind in kinds
        for letters, name in _by_letters(kind).items()
        if name.split("_")[0] == element
    }
    close = difflib.get_close_matches(_letters("".join([element or "", *line])), own, n=1)
    return f" Did you mean {own[close[0]]!r}?" if close else ""


def close_element(unused, without):
    """Return a question whether a factor without a map belongs to a map without a factor.

    Parameters
    ----------
    unused, without : sequence of str
        Elements, lines or edges: factors that no map has, and maps that have no factor.

    Returns
    -------
    str
        Begins with a space; empty unless two of their elements are close, such as Pb and Pd.
    """
    elements = {name.split("_")[0]: name for name in without}
    for each in unused:
        symbol, *line = each.split("_")
        close = difflib.get_close_matches(symbol, elements, n=1, cutoff=_CLOSE)
        if close:
            return f" Did you mean {(elements[close[0]] if line else close[0])!r}, not {each!r}?"
    return ""


def _spelled(text):
    """Return a name that is not known with its element as eXSpy writes it."""
    element, *rest = _WITHIN_NAME.split(text)
    return "_".join([known_element(element), *rest])


def atomic_numbers(names):
    """Return the atomic number Z of the element of each line or edge.

    Parameters
    ----------
    names : list of str
        Lines or edges.

    Returns
    -------
    list of int
    """
    return [_database()[name.split("_")[0]].General_properties.Z for name in names]


def _database():
    from exspy.material import elements

    return elements
