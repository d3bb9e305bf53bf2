"""Ways to elemental maps, all with the freedom that a user has, or the best that the truth allows.

Each takes a `Specimen` and returns maps in counts, shape (K, ny, nx).
"""

import itertools

import numpy as np
from published_package import published_grid, rescaled
from scans import stacked, truth_of
from scipy import ndimage
from scores import snr
from skimage.restoration import denoise_tv_chambolle

from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.eds.xray_windows import plan_windows
from hyperspy_multimodal.fusion.regularisers import REGULARISERS
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.physics.scattering import xray_scattering
from hyperspy_multimodal.selection import (
    GAMMAS,
    GuidedModels,
    HaadfFit,
    Setting,
    fuse_setting,
    normalise_haadf,
)
from hyperspy_multimodal.selection.settings import effort

LAMBDAS_1 = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
RATIOS = (0.5, 1.0, 2.0, 4.0, 8.0)


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
                denoise_tv_chambolle(each, weight=weight, eps=1e-6, max_num_iter=1000)
                for each in raw / scale
            ]
        )
        for weight in np.geomspace(0.2, 20, 15)
    ]
    return best_by_truth(tried, truth)


def poisson_pca(specimen, truth):
    """Windows of the spectra after HyperSpy's PCA with Poisson weights, best number by truth."""
    signal = specimen.signal.deepcopy()
    signal.change_dtype("float32")
    # By default eXSpy leaves out pixels of few counts, which here are all.
    signal.decomposition(
        normalize_poissonian_noise=True,
        navigation_mask=None,
        output_dimension=10,
        print_info=False,
    )
    sides = signal.estimate_background_windows()
    tried = []
    for number in (1, 2, 3, 4, 5, 6, 8):
        model = signal.get_decomposition_model(number)
        maps = model.get_lines_intensity(background_windows=sides)
        tried.append(stacked(maps))
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


def tuned(specimen, truth):
    """Fused maps with common lambdas, regulariser and gamma that are best by the truth.

    Returns
    -------
    best : numpy.ndarray
        Maps.
    without : numpy.ndarray
        The best without HAADF.
    """
    fit = read_now(specimen.signal, plan_fit(specimen.signal, None, 2.0, None, pile_up=False))
    scattering = xray_scattering(specimen.signal, fit.maps.names, fit.windows)
    return tuned_maps(fit.maps, specimen.haadf, scattering, truth)


def tuned_maps(maps, haadf, scattering, truth):
    """Fused `FittedMaps` with what is best by the truth; ``scattering`` is that of a count."""
    image, lowest = normalise_haadf(np.asarray(haadf.data))
    scattering = maps.gains * scattering
    model_fit = HaadfFit(maps, image, lowest, scattering)
    found = sorted((model_fit.model(gamma) for gamma in GAMMAS), key=lambda m: -m.r_squared)
    found += [model_fit.model(found[0].gamma, "even", found[0].blur)]
    models = GuidedModels(image, found)
    n_maps = len(maps.names)
    best = {True: (-np.inf, None), False: (-np.inf, None)}
    for model, lambda_1 in [(None, 1.0), *itertools.product(found, LAMBDAS_1)]:
        for name in REGULARISERS:
            latest = None
            for ratio in ratios_of(name):
                setting = Setting(
                    model, lambda_1, (name,) * n_maps, (ratio,) * n_maps, (False,) * n_maps
                )
                latest = fuse_setting(
                    maps,
                    models,
                    setting,
                    totals=maps.totals,
                    **effort(setting, 3e-4, 600),
                    initial=latest,
                )
                fused = maps.gains[:, None, None] * latest.maps
                score = snr(fused, truth).mean()
                for used in {model is not None, True}:
                    if score > best[used][0]:
                        best[used] = score, fused
    return best[True][1], best[False][1]


def ratios_of(name):
    """Return the ratios of lambdas that are tried for a regulariser."""
    return tuple(4 * ratio for ratio in RATIOS) if REGULARISERS[name].is_huber else RATIOS


def best_by_truth(tried, truth):
    """Return for each element the map with the best SNR."""
    scores = np.array([snr(maps, truth) for maps in tried])
    return np.stack([tried[n][i] for i, n in enumerate(scores.argmax(axis=0))])


def raw_of(specimen):
    """Return raw maps of windows, of the fit, and the truth."""
    return windows(specimen), fitted(specimen), truth_of(specimen)
