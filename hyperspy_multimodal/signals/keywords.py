"""Errors for keywords that a method does not have."""

import difflib
import functools
import inspect


def explain_keywords(method):
    """Make ``method`` say which keywords it takes when it is called with another."""
    signature = inspect.signature(method)

    @functools.wraps(method)
    def explained(*args, **kwargs):
        unknown = [name for name in kwargs if name not in signature.parameters]
        if unknown:
            known = [name for name in signature.parameters if name != "self"]
            close = difflib.get_close_matches(unknown[0], known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise TypeError(
                f"{method.__name__} got an unknown keyword {unknown[0]!r}; it takes "
                f"{', '.join(known)}.{hint}"
            )
        return method(*args, **kwargs)

    return explained
