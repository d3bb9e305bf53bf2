"""Errors for keywords that a method does not have."""

import difflib
import functools
import inspect

# What other programs, or other methods, call it.
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


def explain_keywords(method):
    """Make ``method`` say which keywords it takes when it is called with another."""
    signature = inspect.signature(method)

    @functools.wraps(method)
    def explained(*args, **kwargs):
        unknown = [name for name in kwargs if name not in signature.parameters]
        if unknown:
            known = [name for name in signature.parameters if name != "self"]
            close = [name for name in _OTHER_NAMES.get(unknown[0], ()) if name in known]
            close = close or difflib.get_close_matches(unknown[0], known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            if unknown[0] == "elements" and close[:1] != ["elements"]:
                hint = (
                    " Elements are those of the signal: s.add_elements(('Ti', 'O')) or "
                    f"s.set_elements; {close[0]!r} chooses among them."
                )
            raise TypeError(
                f"{method.__name__} got an unknown keyword {unknown[0]!r}.{hint} It takes "
                f"{', '.join(known)}."
            )
        return method(*args, **kwargs)

    return explained
