"""Log of the package, for all tests of maps."""

import logging

import numpy as np
import pytest


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO, logger="hyperspy_multimodal")
    logging.getLogger("hyperspy_multimodal").addHandler(caplog.handler)
    yield caplog
    logging.getLogger("hyperspy_multimodal").removeHandler(caplog.handler)


@pytest.fixture
def rng():
    return np.random.default_rng(20220127)
