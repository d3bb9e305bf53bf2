"""Errors of options that show only with what the files contain."""

import contextlib


class OptionError(ValueError):
    """An option is wrong: the command returns 2."""


@contextlib.contextmanager
def about_options():
    """Raise what is refused within as an `OptionError`."""
    try:
        yield
    except (OSError, TypeError, ValueError) as error:
        raise OptionError(str(error)) from error
