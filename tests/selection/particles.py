"""Particles in vacuum, as maps of few counts and as a HAADF image."""

import numpy as np

from hyperspy_multimodal.counts.element_maps import ElementMaps

SHAPE = (96, 112)
ATOMIC_NUMBERS = np.array([22, 30, 8])
PER_COUNT = np.array([0.17, 0.1, 0.05])
PEDESTAL = 0.1


def blobs(seed, shape=SHAPE, width=6):
    """A map of Gaussian particles in vacuum, up to 1."""
    rng = np.random.default_rng(seed)
    y, x = np.ogrid[: shape[0], : shape[1]]
    centres = rng.uniform(0, 1, (14, 2)) * shape
    image = sum(np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 2 / width**2) for cy, cx in centres)
    return image / image.max()


def truth(peak=3.0, **options):
    return peak * np.stack([blobs(seed, **options) for seed in (1, 2, 3)])


def measured(expected, background=0.05, seed=0, ratio=1.0):
    """Poisson counts in a window and beside it, for each element.

    A count beside stands for one of the background in the window; ``ratio`` is what the maps take.
    """
    rng = np.random.default_rng(seed)
    n_maps = len(expected)
    own, none = np.eye(n_maps), np.zeros((n_maps, n_maps))
    beside = np.broadcast_to(np.asarray(background, float), expected.shape)
    segments = np.concatenate([rng.poisson(expected + background), rng.poisson(beside)])
    return ElementMaps(
        ["Ti", "Zn", "O"][:n_maps],
        segments,
        np.c_[own, none],
        np.c_[none, own],
        np.full((n_maps, 1, 1), ratio),
    )


def modelled(expected, per_count=PER_COUNT, noise=0.02, seed=99):
    image = PEDESTAL + np.tensordot(per_count, expected, axes=1)
    return image + np.random.default_rng(seed).normal(0, noise, image.shape)
