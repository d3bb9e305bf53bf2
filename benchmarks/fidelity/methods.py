"""Ways to elemental maps, all with the freedom that a user has, or the best that the truth allows.

Each takes a `Specimen` and returns maps in counts, shape (K, ny, nx).
"""

import numpy as np
from published_package import published_grid, rescaled
from scans import stacked, truth_of
from scipy import ndimage
from scores import snr
from skimage.restoration import denoise_tv_chambolle

from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.eds.xray_windows import plan_windows
from hyperspy_multimodal.lazy import read_now


def windows(specimen):
    """Net counts in windows, as eXSpy places them and their background."""
    plan = plan_windows(specimen.signal, None, 2.0, "auto")
    return read_now(specimen.signal, plan).maps.net


def fitted(specimen):
    """Net counts from the whole spectrum, not fused."""
    fit = read_now(specimen.signal, plan_fit(specimen.signal, None, 2.0, None, pile_up=False))
    return np.asarray(fit.net, float)


def gaussian(raw, truth):
    """Raw maps under the Gaussian filter that is best for each element."""
    widths = np.arange(0.5, 6.1, 0.25)
    return best_by_truth(
        [ndimage.gaussian_filter(raw, (0, width, width)) for width in widths], truth
    )


def total_variation(raw, truth):
    """Raw maps under scikit-image's TV filter, with the weight that is best for each element."""
    scale = raw.std(axis=(1, 2), keepdims=True)
    tried = [
        scale
        * np.stack(
            [
                denoise_tv_chambolle(each, weight=weight, eps=1e-5, max_num_iter=300)
                for each in raw / scale
            ]
        )
        for weight in np.geomspace(0.3, 10, 8)
    ]
    return best_by_truth(tried, truth)


def published(python, raw, haadf, truth):
    """The published package, by the Python that has it: best of a grid and affinely rescaled."""
    results = [rescaled(maps, truth) for maps in published_grid(python, raw, haadf)]
    scores = [np.nanmean(snr(maps, truth)) for maps in results]
    return results[int(np.nanargmax(scores))]


def automatic(specimen, **options):
    """The automatic call, nothing touched but gamma; maps and the full output."""
    fused, output = specimen.signal.multimodal_fusion(
        specimen.haadf, gamma="auto", full_output=True, show_progressbar=False, **options
    )
    return stacked(fused), output


def with_haadf_of_noise(specimen, seed):
    """Maps of the automatic call with an image that says nothing: what the HAADF is worth."""
    haadf = specimen.haadf.deepcopy()
    haadf.data = np.random.default_rng(seed).normal(1.0, 0.1, haadf.data.shape)
    return automatic(specimen._replace(haadf=haadf))[0]


def best_by_truth(tried, truth):
    """Return for each element the map with the best SNR."""
    scores = np.array([snr(maps, truth) for maps in tried])
    return np.stack([tried[n][i] for i, n in enumerate(scores.argmax(axis=0))])


def raw_of(specimen):
    """Return raw maps of windows, of the fit, and the truth."""
    return windows(specimen), fitted(specimen), truth_of(specimen)
