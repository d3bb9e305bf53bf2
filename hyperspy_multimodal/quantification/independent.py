"""Counts in two parts with independent noise: one to find regions in, one to sum over them."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import uniform_filter

from ..fusion.regularisers import are_directional
from ..fusion.scaled import fuse_scaled
from ..selection.normalised_haadf import guide_directions
from .found_regions import found_regions
from .map_lines import recorded_name
from .map_units import check_noise_is_known
from .measured import measured_of

#: Line below a table of sums over such regions.
ADDED_NOISE = (
    "regions were found in these data: so that their outlines do not bias the counts, noise was "
    "added to them, and sums of regions may exceed the total of the scan within their errors"
)
_NEIGHBOURS = 5
_SHARE = 0.5  # of the counts that are as noisy as each part
_SOFTENING = 2.0  # as fitted maps have it: the background is twice the variance beyond the counts'
_DROWNED = 30.0  # bright values of background where pixels are ignored
_TOLERANCE, _MAX_ITERATIONS = 1e-3, 300


def independent_regions(measured, output, factors, seed):
    """Return counts, and the names and pixels of regions found in others of independent noise.

    Parameters
    ----------
    measured : Measured
        Of the lines that are wanted.
    output : dict
        Of `multimodal_fusion`.
    factors : numpy.ndarray
        What a count of each line stands for where shares are compared, shape (K,).
    seed : int

    Returns
    -------
    measured : Measured
        What is to be summed over the regions.
    names : list of str
        "1" is the largest region.
    masks : numpy.ndarray
        Bool, shape (R, ny, nx).
    """
    if "raw_maps" not in output or "haadf" not in output:
        raise ValueError(
            "regions must be given if the maps are not fused, but None was given. To find "
            "regions, pass the maps and the output of multimodal_fusion."
        )
    parts = independent_parts(measured, output, seed)
    masks = found_regions(parts, factors, seed)
    # the outline of the whole scan follows no noise
    if not (len(masks) == 1 and masks[0][measured.used].all()):
        measured = parts
    return measured, [str(number) for number in range(1, len(masks) + 1)], masks


def independent_parts(measured, output, seed):
    """Return `Measured` counts whose fused maps have nothing of the noise of their net counts.

    With e drawn at random as the noise of the counts n is distributed, n + e and n - e have
    independent noise (J. Leiner et al., J. Am. Stat. Assoc. 120, 135, 2025: data fission), each
    that of half the counts. The first is fused with the recorded parameters, the second is what is
    summed. The variance of e is that expected of fused counts, whose edges are sharp: a mean of
    neighbours would add the noise of bright pixels to dark ones beside them.

    Parameters
    ----------
    measured : Measured
        Of the lines that are wanted.
    output : dict
        Of `multimodal_fusion`.
    seed : int
    """
    whole = measured_of(output["raw_maps"], output, is_ratio=False)
    check_noise_is_known(whole)
    background = np.array([_pooled(each) for each in whole.background])
    gains = whole.per_count[:, None, None]
    expected = background + gains * _fused(whole, whole.net, 1.0, output)
    deviation = np.sqrt(np.maximum(expected, 0.0)) * whole.used
    values, vectors = np.linalg.eigh(whole.correlation)
    drawn = np.random.default_rng(seed).standard_normal(whole.net.shape)
    noise = deviation * np.tensordot(vectors * np.sqrt(values.clip(0)), drawn, 1)
    fused = _fused(whole, whole.net + noise, _SHARE, output)
    at = [whole.names.index(recorded_name(name, whole.names)) for name in measured.names]
    units = measured.divided_by[:, None, None]
    fused, noise, deviation = (each[at] / units for each in (fused, noise, deviation))
    covariances = {
        (i, j): covariance + measured.correlation[i, j] * deviation[i] * deviation[j]
        for (i, j), covariance in measured.covariances.items()
    }
    return replace(
        measured,
        fused=fused,
        net=measured.net - noise,
        variance=measured.variance + np.square(deviation),
        background=measured.background / _SHARE,
        added=np.square(deviation) - measured.variance,
        covariances=covariances,
        per_count=measured.per_count / _SHARE,
    )


def _pooled(variance):
    """Return the mean of neighbours."""
    return uniform_filter(variance, (_NEIGHBOURS, _NEIGHBOURS), mode="nearest")


def _fused(whole, net, share, output):
    """Return maps fused as the output records, of counts as noisy as a share of them."""
    gains = whole.per_count[:, None, None]
    # running sums leave a little less than 0
    variance, own = (
        np.array([_pooled(each) for each in maps]) for maps in (whole.variance, whole.net)
    )
    excess = np.maximum(np.maximum(variance, 0.0) / gains**2 - own / gains, 0.0)
    background = share * _SOFTENING * excess
    counts = np.maximum(share * net / gains + background, 0.0)
    bright = np.maximum(np.percentile(counts[:, whole.used], 99, axis=1), 1.0)
    drowned = np.broadcast_to(_DROWNED * bright[:, None, None], counts.shape)
    counts, background = (np.where(whole.used, each, drowned) for each in (counts, background))
    haadf = np.asarray(output["haadf"].data, float)
    regularisers = tuple(output["regularisers"])
    result = fuse_scaled(
        counts.astype(np.float32),
        background.astype(np.float32),
        haadf.astype(np.float32),
        scales=share * np.array(output["scales"]) / whole.per_count,
        weights=np.array(output["weights"]),
        offset=output["offset"],
        gamma=output["gamma"],
        lambda_1=np.array(output["lambda_1"]),
        lambda_2=np.array(output["lambda_2"]),
        totals=None,
        regularisers=regularisers,
        directions=guide_directions(haadf, 0.0) if any(are_directional(regularisers)) else None,
        tolerance=_TOLERANCE,
        max_iterations=_MAX_ITERATIONS,
    )
    return np.asarray(result.maps, float) * gains / share
