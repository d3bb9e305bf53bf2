"""Methods that log one summary at their end.

eXSpy imports this module during its own import, so other imports are deferred to the first call.
"""

import functools


def summed_up(method):
    """Make a fusion log all its messages in one summary."""

    @functools.wraps(method)
    def fused(*args, **kwargs):
        from ..recovery.summary import one_summary

        with one_summary(kwargs.get("full_output") is True):
            return method(*args, **kwargs)

    return fused
