"""The composition by pixel."""

import numpy as np

from .propagation import percentages


def percent_maps(maps, fused, there, factors, units, absorption, masks, left_out):
    """Return the composition by pixel as signals, NaN where there is nothing.

    Parameters
    ----------
    maps : list of BaseSignal
        Fused maps, whose axes and metadata are taken.
    fused : numpy.ndarray
        The same in the unit of the factors, shape (K, ny, nx).
    there : numpy.ndarray
        Where there is something, bool, shape (ny, nx).
    factors : Factors
    units : "atomic" or "weight"
    absorption : Absorption or None
        Of the regions; where they differ, pixels outside all regions are NaN.
    masks : numpy.ndarray
        Pixels of the regions, bool, shape (R, ny, nx).
    left_out : numpy.ndarray
        Elements that are left out and have no composition, bool, shape (K,).
    """
    counts = np.moveaxis(np.clip(fused, 0, None), 0, -1)
    counts[..., left_out] = 0
    by_weight = factors.per_weight
    if absorption is not None and len(masks):
        region = np.where(masks.any(axis=0), masks.argmax(axis=0), -1)
        if absorption.is_uniform:
            region[region < 0] = 0
        there = there & (region >= 0)
        own = absorption.of_regions(region[there])
        by_weight = np.broadcast_to(by_weight, counts.shape).copy()
        by_weight[there] = own.corrected(counts[there], factors.per_weight)
    shares = percentages(counts, by_weight)
    if units == "atomic":
        shares = percentages(shares, factors.per_atom / factors.per_weight)
    shares[~there] = np.nan
    shares[..., left_out] = np.nan
    results = []
    for each, values in zip(maps, np.moveaxis(shares, -1, 0), strict=True):
        result = each._deepcopy_with_new_data(np.ascontiguousarray(values))
        element = each.metadata.Sample.elements[0]
        result.metadata.General.title = f"{units} percent of {element}"
        if result.metadata.has_item("Multimodal_fusion.standard_deviation"):
            del result.metadata.Multimodal_fusion.standard_deviation  # that of the counts
        results.append(result)
    return results
