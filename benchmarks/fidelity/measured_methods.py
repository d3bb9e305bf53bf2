"""Ways to elemental maps of a thinned scan, with what only the held-out counts can say.

Each returns maps in counts, (K, ny, nx). What has a parameter has the value that is best for each
element by the held-out counts, which a user does not have; all but the last.
"""

from pathlib import Path

import numpy as np
from decompositions import poisson_pca
from published_package import published_grid
from scipy import ndimage
from skimage.restoration import denoise_tv_chambolle
from thinned_scan import stacked

from hyperspy_multimodal import fit_maps

WIDTHS = np.r_[0, np.geomspace(0.4, 20, 30)]
TV_WEIGHTS = np.geomspace(0.3, 30, 9)


def maps_by_method(thinned, haadf, reference, python=None):
    """Return the maps of all methods.

    Parameters
    ----------
    thinned : EDSSpectrum
        What is left of the spectrum image; its metadata name elements and lines.
    haadf : Signal2D
        HAADF image.
    reference : HeldOut
        Maps of the counts that were taken away.
    python : str or Path, optional
        Python that has the published package.

    Returns
    -------
    found : dict
        Maps by the name of the method.
    uses_brightness : bool
        Whether the automatic choice used the brightness of the HAADF.
    """
    raw = stacked(fit_maps(thinned, show_progressbar=False))
    found = {
        "raw, windows": windows(thinned),
        "raw, fit": raw,
        "mean everywhere": np.broadcast_to(raw.mean(axis=(1, 2), keepdims=True), raw.shape),
        "best Gaussian": reference.best_of(gaussian(raw)),
        "best TV": reference.best_of(total_variation(raw)),
        "Poisson PCA": reference.best_of(poisson_pca(thinned.data, raw)),
    }
    if python:
        image = np.asarray(haadf.data, float)
        grid = published_grid(python, np.maximum(raw, 0), image)
        found["published"] = reference.best_of([reference.scaled(maps) for maps in grid])
    found["automatic"], uses_brightness = automatic(thinned, haadf)
    return found, uses_brightness


def windows(signal):
    """Net counts in windows, as eXSpy places them and their background."""
    return stacked(
        signal.get_lines_intensity(background_windows=signal.estimate_background_windows())
    )


def gaussian(raw):
    """Raw maps under Gaussian filters of some widths."""
    return [ndimage.gaussian_filter(raw, (0, width, width)) for width in WIDTHS]


def total_variation(raw):
    """Raw maps under scikit-image's TV filter, of some weights."""
    scale = raw.std(axis=(1, 2), keepdims=True)
    return [
        scale
        * np.stack(
            [
                denoise_tv_chambolle(each, weight=weight, eps=1e-5, max_num_iter=300)
                for each in raw / scale
            ]
        )
        for weight in TV_WEIGHTS
    ]


def automatic(signal, haadf):
    """The automatic call, nothing touched but gamma; maps, and whether they use the HAADF."""
    fused, output = signal.multimodal_fusion(
        haadf, gamma="auto", full_output=True, show_progressbar=False
    )
    return stacked(fused), bool(output["uses_brightness"])


def usable(python):
    """Return the Python of the published package, or None, said in a line, if there is none."""
    if python is None:
        print("The published package is left out: --published names no Python that has it.\n")
    elif not Path(python).is_file():
        print(f"The published package is left out: there is no {python}.\n")
        return None
    return python
