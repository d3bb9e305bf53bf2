"""Show warnings of the package in the widgets instead of the log.

Log messages from the callback of a button appear in no cell, and those of a cell in a red box.
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
    """Yield a list that receives the messages of warnings, which are not logged.

    If an error occurs, they are logged after all.
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
