"""Warnings that the package logs, for a place where the user sees them.

What a button's callback logs goes to no cell.
"""

import contextlib
import logging


class _Collector(logging.Handler):
    def __init__(self, messages):
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record):
        self._messages.append(record.getMessage())


@contextlib.contextmanager
def package_warnings():
    """Yield a list that receives the messages of warnings logged meanwhile; they are logged too."""
    messages = []
    logger, collector = logging.getLogger(__name__.partition(".")[0]), _Collector(messages)
    logger.addHandler(collector)
    try:
        yield messages
    finally:
        logger.removeHandler(collector)
