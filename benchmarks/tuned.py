"""Fusion with the weights that are best by the truth: what a method can do at most."""

import itertools

import numpy as np
from scipy import optimize

from hyperspy_multimodal.counts.reading import SPLITS
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.eds.xray_windows import plan_windows
from hyperspy_multimodal.fusion.directions import directions_of
from hyperspy_multimodal.fusion.scaled import fuse_scaled, map_scales
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.selection import normalise_haadf

LAMBDAS_1 = (None, 1e-1, 1e-2, 1e-3, 1e-4)  # None: without the HAADF
RATIOS = (0.5, 1.0, 2.0, 4.0, 8.0)


def measured(signal, method, seed=0):
    """Maps of a spectrum image, by "windows" or "fit", and their net counts in the windows."""
    if method == "fit":
        plan = plan_fit(signal, None, 2.0, None, pile_up=False)
    else:
        plan = plan_windows(signal, None, 2.0, "auto")
    maps = read_now(signal, plan, SPLITS, seed).maps
    return maps, maps.gains[:, None, None] * maps.net


def snr(found, truth):
    """Signal-to-noise ratio of each map in dB, against its truth."""
    power = np.square(truth).sum(axis=(1, 2))
    return 10 * np.log10(power / np.square(found - truth).sum(axis=(1, 2)))


def haadf_model_by_truth(maps, haadf, truth, gamma):
    """Weights >= 0 and pedestal with which the true maps make the HAADF, and scales."""
    scales = map_scales(maps.counts, maps.background)
    terms = (truth / (maps.gains * scales)[:, None, None]).reshape(len(truth), -1) ** gamma
    columns = np.vstack([terms, np.ones(haadf.size)])
    found = optimize.lsq_linear(
        columns @ columns.T, columns @ haadf.ravel(), bounds=(np.r_[0 * scales, -np.inf], np.inf)
    ).x
    return found[:-1], found[-1], scales


def best_by_truth(maps, haadf, truth, gamma=1.0, lambdas_1=LAMBDAS_1, keep_totals=True):
    """Fused maps with the weights that have the best SNR, in counts, and these weights.

    The weights of the HAADF model are those of the true maps. lambda_1 is common and best in the
    mean over the elements; the regulariser, isotropic or directional total variation, and the ratio
    lambda_2 / lambda_1 are read off for each element.
    """
    directions = directions_of(haadf)
    normalised, _ = normalise_haadf(haadf)
    weights, offset, scales = haadf_model_by_truth(maps, normalised, truth, gamma)
    best = None
    for lambda_1 in lambdas_1:
        scale = lambda_1 or 1.0
        tried = []
        kinds = list(itertools.product(("isotropic", "directional"), RATIOS))
        for kind, ratio in kinds:
            result = fuse_scaled(
                maps.counts,
                maps.background,
                normalised,
                scales=scales,
                weights=weights if lambda_1 else 0 * weights,
                offset=offset,
                gamma=gamma,
                lambda_1=scale,
                lambda_2=scale * ratio,
                totals=maps.totals if keep_totals else None,
                regularisers=[kind] * len(maps.counts),
                directions=directions,
                tolerance=3e-4,
                max_iterations=500,
            )
            tried.append(maps.gains[:, None, None] * result.maps)
        scores = np.array([snr(fused, truth) for fused in tried])
        chosen = scores.argmax(axis=0)
        score = scores.max(axis=0).mean()
        if best is None or score > best[0]:
            fused = np.stack([tried[number][i] for i, number in enumerate(chosen)])
            best = score, fused, (lambda_1, [kinds[number] for number in chosen])
    return best[1:]
