"""Automatic fusions of simulated specimens, and how near they come to the truth."""

import numpy as np


def snr(found, truth):
    """Signal-to-noise ratio of each map in dB, against its truth."""
    power = np.square(truth).sum(axis=(1, 2))
    return 10 * np.log10(power / np.square(found - truth).sum(axis=(1, 2)))


def stacked(maps):
    """Return the data of maps as one array, (K, ny, nx)."""
    return np.stack([np.asarray(each.data, float) for each in maps])


def automatic(specimen, method="auto"):
    """Return fused and raw maps of a call with ``gamma="auto"``, and its output."""
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf,
        gamma="auto",
        map_method=method,
        full_output=True,
        show_progressbar=False,
    )
    return stacked(maps), stacked(output["raw_maps"]), output
