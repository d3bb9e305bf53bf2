"""A scan, and its tuner."""

import numpy as np
import pytest

from hyperspy_multimodal.data import core_shell

from .tuning import GIVEN


@pytest.fixture(scope="module")
def specimen():
    # A scan without sums so near their threshold that the last iterations decide.
    return core_shell((40, 48), counts=10, seed=2)


@pytest.fixture
def sketched(monkeypatch):
    """Let a picture be the arrays in its panels: to paint these takes longer than a fusion.

    `test_preview.py` and `test_tuner_crop.py` have them painted.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    def sketch(canvas, file, **options):
        for axis in canvas.figure.axes:
            for image in axis.images:
                file.write(np.ma.getdata(image.get_array()).tobytes())

    monkeypatch.setattr(FigureCanvasAgg, "print_png", sketch)


@pytest.fixture
def tuner(specimen):
    return specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN)
