"""A measured scan with part of its counts taken away, and what those say about maps of the rest.

Nobody knows the true maps of a measured scan. But Poisson counts that are split at random are two
independent scans of the same specimen (A. Neufeld et al., Biostatistics 25, 270 (2024),
doi:10.1093/biostatistics/kxac047). One part is processed; the maps of the other, whose noise has a
known variance, stand for the truth.
"""

from dataclasses import dataclass

import numpy as np

from hyperspy_multimodal import fit_maps


@dataclass(frozen=True)
class HeldOut:
    """Maps (K, ny, nx) of the counts that were taken away, scaled to the dose of those that stay.

    Attributes
    ----------
    maps : numpy.ndarray
        Net counts, by a fit of these spectra alone.
    variance : numpy.ndarray
        Variance of their noise, by pixel.
    ratio : float
        Counts that stay, over those that were taken away.
    """

    maps: np.ndarray
    variance: np.ndarray
    ratio: float

    @property
    def signal(self):
        """Sum over the pixels of the square of the true map, for each element, without bias."""
        return (np.square(self.maps) - self.variance).sum(axis=(1, 2))

    def error(self, found):
        """Return the sum over the pixels of the squared error of maps, without bias.

        The squared difference holds the variance of the held-out map, which is known, as the noise
        of both parts is independent.
        """
        return (np.square(found - self.maps) - self.variance).sum(axis=(1, 2))

    def error_spread(self, found):
        """Return the standard error of `error`, from the noise of the held-out maps."""
        squared = np.square(found - self.maps)
        variance = 4 * self.variance * squared - 2 * np.square(self.variance)
        least = 2 * np.square(self.variance).sum(axis=(1, 2))
        return np.sqrt(np.maximum(variance.sum(axis=(1, 2)), least))

    def scaled(self, found):
        """Return maps on the straight line that takes them nearest to the held-out ones."""
        axes = (1, 2)
        means = found.mean(axis=axes, keepdims=True)
        centred = found - means
        power = np.square(centred).sum(axis=axes, keepdims=True)
        product = (centred * self.maps).sum(axis=axes, keepdims=True)
        flat = power <= 1e-12 * np.square(found).sum(axis=axes, keepdims=True)
        slope = np.divide(product, power, out=np.zeros_like(power), where=~flat)
        return self.maps.mean(axis=axes, keepdims=True) + slope * centred

    def best_of(self, tried):
        """Return for each element the map with the least error."""
        errors = np.nan_to_num([self.error(maps) for maps in tried], nan=np.inf)
        return np.stack([tried[n][i] for i, n in enumerate(errors.argmin(axis=0))])

    def total_ratio(self, found):
        """Return the total of each map over that of the held-out one."""
        return found.sum(axis=(1, 2)) / self.maps.sum(axis=(1, 2))

    @property
    def total_ratio_spread(self):
        """Return the standard error of `total_ratio` of raw maps, from the noise of both parts."""
        variance = self.variance.sum(axis=(1, 2)) * (1 + 1 / self.ratio)
        return np.sqrt(variance) / self.maps.sum(axis=(1, 2))


def thin(signal, share, seed):
    """Split the counts of a scan at random.

    Parameters
    ----------
    signal : EDSSpectrum
        Spectrum image of whole counts.
    share : float
        Probability of a count to stay, 0 < share < 1.
    seed : int

    Returns
    -------
    thinned, rest : EDSSpectrum
    """
    counts = np.asarray(signal.data)
    if not np.array_equal(counts, np.rint(counts)) or counts.min() < 0:
        raise ValueError(
            f"Only whole counts can be thinned, but the data ({counts.dtype}) hold others. Give "
            "the spectra as they were counted, neither scaled nor filtered."
        )
    there = counts > 0
    kept = np.zeros(counts.shape, np.int32)
    rng = np.random.default_rng(seed)
    kept[there] = rng.binomial(counts[there].astype(np.int64), share)
    parts = kept, counts.astype(np.int32) - kept
    return tuple(_with_data(signal, part) for part in parts)


def held_out(rest, share):
    """Return the `HeldOut` maps of what was taken away from a scan of which ``share`` stays."""
    maps = fit_maps(rest, show_progressbar=False)
    ratio = share / (1 - share)
    variance = np.stack([each.metadata.Spectrum_fit.variance for each in maps])
    return HeldOut(ratio * stacked(maps), ratio**2 * variance.astype(float), ratio)


def stacked(maps):
    """Return the data of maps as one array."""
    return np.stack([np.asarray(each.data, float) for each in maps])


def _with_data(signal, counts):
    result = signal.deepcopy()
    result.data = counts
    return result
