"""What the values of maps are: the names of their units on colour bars and in tables."""

#: Counts after subtraction of background, counts as summed or given, and anything else.
NET_COUNTS, COUNTS, MAP_UNITS = "net counts", "counts", "units of the map"


def quantity_of_spectra(plan):
    """Return what maps from spectra are of: net counts, unless no background is subtracted.

    Parameters
    ----------
    plan : Plan
        How counts are read. A fit always has a background, windows may have none.
    """
    return COUNTS if getattr(plan, "sides", plan) is None else NET_COUNTS
