"""The summary knows whether its call returns the messages."""

import pytest

from hyperspy_multimodal.notes import gathered_so_far
from hyperspy_multimodal.signals.summed_up import summed_up


@summed_up
def returns_messages(full_output=False):
    return gathered_so_far().full_output


@pytest.mark.parametrize("full_output", [False, True])
def test_the_summary_knows_whether_its_call_returns_the_messages(full_output):
    assert returns_messages(full_output=full_output) is full_output


def test_the_outermost_call_decides():
    """Each slice of a stack is fused with ``full_output=True``."""

    @summed_up
    def fuse_slices(full_output=False):
        return returns_messages(full_output=True)

    assert fuse_slices() is False
