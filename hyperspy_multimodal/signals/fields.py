"""Fields of view of images and scans, compared by their axes."""

import numpy as np
import pint

# Lengths of two fields that differ by no more than this share are the same.
_SAME_FIELD = 0.02


def same_field(own, other):
    """Return whether two axes are equally long, None if they cannot be compared."""
    ratio = field_ratio(own, other)
    return None if ratio is None else bool(np.isclose(ratio, 1, rtol=_SAME_FIELD))


def field_ratio(own, other):
    """Return the length of an axis over that of another, None if they cannot be compared."""
    if not (own.is_uniform and other.is_uniform):
        return None
    try:
        unit = in_units(own.units, other.units)
    except (TypeError, ValueError):
        return None
    return own.size * own.scale * unit / (other.size * other.scale)


def pixels_away(own, other):
    """Return by how many whole pixels two axes of one length differ; None if by a fraction."""
    if field_ratio(own, other) is None:
        return None
    away = (own.offset * in_units(own.units, other.units) - other.offset) / other.scale
    whole = abs(away - round(away)) < 1e-3 and abs(away) < 10 * own.size
    return round(away) if whole else None


def calibrations(axes, scan):
    """Return the calibrations of an image and a scan as text."""
    both = zip(axes, scan, strict=True)
    return "haadf against scan: " + "; ".join(f"{_field(a)} against {_field(b)}" for a, b in both)


def in_units(units, other):
    """Return the length of one of ``units`` in ``other``; ValueError where it is not defined."""
    if not isinstance(units, str) or not isinstance(other, str):
        raise ValueError("not calibrated")
    try:
        return pint.get_application_registry().Quantity(1, units).to(other).magnitude
    except Exception as error:
        raise ValueError("not comparable") from error


def _field(axis):
    return f"{axis.size} pixels of {axis.scale:g} {axis.units}"
