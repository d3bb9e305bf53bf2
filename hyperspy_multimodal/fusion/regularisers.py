"""The regularisers that a map can have: their names, as users give them, and what they need."""

from typing import NamedTuple

import numpy as np

from ..kernels import CODES


class Regulariser(NamedTuple):
    """What is known of a regulariser, besides its kernels."""

    name: str  # as ``tv`` takes it
    code: int  # by which kernels know it
    is_directional: bool  # whether it follows the directions of a guide
    is_tried: bool = True  # whether "auto" tries it


#: By name, in the order in which they are tried; the first is the default.
REGULARISERS = {
    each.name: each
    for each in (
        Regulariser("directional", CODES["directional"], is_directional=True),
        Regulariser("isotropic", CODES["isotropic"], is_directional=False),
    )
}


def codes(names):
    """Return the codes of regularisers, int64, as `Data` holds them."""
    return np.array([REGULARISERS[name].code for name in names], np.int64)


def are_directional(names):
    """Return whether each regulariser follows a guide: ``directional`` of records and tables."""
    return [REGULARISERS[name].is_directional for name in names]


def names_of(directional):
    """Return the names of regularisers from ``directional`` of records, tables and arguments."""
    return tuple("directional" if each else "isotropic" for each in directional)
