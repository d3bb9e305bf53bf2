"""Maps of the published package, run by the Python that has it installed."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np

_GRID = Path(__file__).with_name("published_grid.py")


def published_grid(python, raw, haadf):
    """Return maps for each of a grid of parameters, (grid, K, ny, nx), in no unit.

    Parameters
    ----------
    python : str or Path
        Python with PyPI's multimodal-fusion 0.6.0, see `../against_published.py`.
    raw : numpy.ndarray
        Raw maps >= 0, (K, ny, nx).
    haadf : numpy.ndarray
        HAADF image, (ny, nx).
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(source, counts=raw, haadf=haadf)
        subprocess.run([python, _GRID, source, target], check=True, capture_output=True)
        return np.load(target)["maps"]


def rescaled(maps, truth):
    """Return maps on the straight line that takes them nearest to the truth, one an element."""
    found = []
    for each, true in zip(maps, truth, strict=True):
        factor, pedestal = np.polyfit(each.ravel(), true.ravel(), 1)
        found.append(factor * each + pedestal)
    return np.stack(found)
