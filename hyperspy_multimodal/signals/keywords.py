"""Errors for missing or unknown arguments, former names of arguments, and options in any case."""

import difflib
import functools
import inspect
import warnings

# Names of the same argument in other programs or methods.
_OTHER_NAMES = {
    "mask": ("navigation_mask",),
    "elements": ("xray_lines", "edges", "elements"),
    "lines": ("xray_lines", "edges"),
    "edges": ("xray_lines",),
    "xray_lines": ("edges",),
    "only_lines": ("xray_lines",),
    "lambda_": ("lambdas",),
    "lambdaTV": ("lambdas",),
    "lambdaEDS": ("lambdas",),
    "method": ("map_method",),
    "windows": ("integration_windows",),
    "lazy": ("lazy_output",),
    "blur": ("haadf_blur",),
    "errors": ("uncertainty",),
}
#: How to obtain the HAADF image.
HAADF_NEEDED = (
    "The HAADF image of the same scan is often in the file of the spectra: print(hs.load(file)) "
    "lists what the file contains. Load it, for example with haadf = hs.load('haadf.hspy'), and "
    "pass it as the argument haadf."
)
# What to do if a required argument is missing.
_NEEDED = {
    "haadf": HAADF_NEEDED,
    "maps": "Pass the maps as a list of signals, or as a dictionary such as {'Ti': array}.",
    "s": "Pass the spectrum image.",
}
# By former name: the name, and what values have another name, too.
_FORMER_NAMES = {"tv": ("regulariser", {"auto": "tv"})}
# Options of other arguments than ``regulariser`` that are words.
_WORDS = {
    "gamma": ("auto",),
    "lambdas": ("auto",),
    "map_method": ("auto", "fit", "windows"),
    "background_windows": ("auto",),
    "weights": ("auto", "Z"),
    "haadf_blur": ("auto",),
    "keep_totals": ("auto",),
    "share_structure": ("auto",),
    "slices": ("each", "shared"),
    "pedestal": ("vacuum",),
}


def explain_missing(method):
    """Make ``method`` explain how to obtain a missing required argument."""
    required = [
        name
        for name, each in inspect.signature(method).parameters.items()
        if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    ]

    @functools.wraps(method)
    def explained(*args, **kwargs):
        missing = [name for name in required[len(args) :] if name not in kwargs]
        if missing:
            hints = " ".join(_NEEDED[name] for name in missing if name in _NEEDED)
            raise TypeError(f"{method.__name__} needs {' and '.join(missing)}. {hints}".strip())
        return method(*args, **kwargs)

    return explained


def explain_keywords(method):
    """Make ``method`` list its keywords when it is called with an unknown one.

    Former names are accepted with a `FutureWarning`, and options that are words in upper or lower
    case. Missing arguments are explained as in
    `explain_missing`.
    """
    signature = inspect.signature(method)
    method = explain_missing(method)

    @functools.wraps(method)
    def explained(*args, **kwargs):
        unknown = [name for name in kwargs if name not in signature.parameters]
        for former in [name for name in unknown if name in _FORMER_NAMES]:
            _rename(method.__name__, former, kwargs)
            unknown.remove(former)
        if unknown:
            known = [name for name in signature.parameters if name != "self"]
            close = closest(unknown[0], known)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            if unknown[0] == "elements" and close[:1] != ["elements"]:
                hint = (
                    " Elements are those of the signal: set them with s.add_elements(('Ti', "
                    f"'O')) or s.set_elements; {close[0]!r} chooses among them."
                )
            raise TypeError(
                f"{method.__name__} got an unknown keyword {unknown[0]!r}.{hint} It takes "
                f"{', '.join(known)}."
            )
        args = [_as_known(*each) for each in zip(signature.parameters, args, strict=False)]
        return method(*args, **{name: _as_known(name, each) for name, each in kwargs.items()})

    return explained


def closest(unknown, known):
    """Return the arguments that an unknown one may mean, in a list that may be empty.

    Parameters
    ----------
    unknown : str
        What was given.
    known : list of str
        Names that exist.
    """
    reverse = [name for name, same in _OTHER_NAMES.items() if unknown in same and name in known]
    close = difflib.get_close_matches(unknown, reverse, n=1, cutoff=0.0)
    close += [name for name in _OTHER_NAMES.get(unknown, ()) if name in known]
    return close or difflib.get_close_matches(unknown, known, n=1)


def _as_known(name, value):
    """Return a value of an argument, an option that is a word in its usual case."""
    if name not in _WORDS and name != "regulariser":
        return value
    if isinstance(value, str):
        words = _WORDS.get(name) or _regularisers()
        return {word.lower(): word for word in words}.get(value.lower(), value)
    if name == "regulariser" and isinstance(value, (list, tuple)):
        return type(value)(_as_known(name, each) for each in value)
    return value


def _regularisers():
    from ..fusion.regularisers import CHOICES, REGULARISERS

    return *CHOICES, *REGULARISERS


def _rename(method, former, kwargs):
    """Give an argument its present name, with a warning."""
    name, values = _FORMER_NAMES[former]
    if name in kwargs:
        raise TypeError(
            f"{method} got {name!r} and {former!r}, which is its former name. Pass {name!r} alone."
        )
    value = kwargs.pop(former)
    kwargs[name] = values.get(value, value) if isinstance(value, str) else value
    warnings.warn(
        f"{former!r} is deprecated: pass {name}={kwargs[name]!r}.", FutureWarning, stacklevel=3
    )
