"""Collect warnings of the package, to be shown in the widgets instead of the log.

Messages logged in the callback of a button do not appear in any cell, and those logged in a cell
appear in a red box.
"""

import contextlib
import logging

_ROOT = __name__.partition(".")[0]


class _Collector(logging.Handler):
    def __init__(self, messages):
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record):
        self._messages.append(record.getMessage())


@contextlib.contextmanager
def package_warnings():
    """Yield a list that collects the messages of warnings instead of logging them.

    If an error occurs, the collected messages are logged.
    """
    messages = []
    logger, collector = logging.getLogger(_ROOT), _Collector(messages)
    handlers, propagates = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [collector], False
    try:
        yield messages
    except BaseException:
        failed = True
        raise
    else:
        failed = False
    finally:
        logger.handlers, logger.propagate = handlers, propagates
        if failed:
            for message in messages:
                logger.log(logging.WARNING, "%s", message)
