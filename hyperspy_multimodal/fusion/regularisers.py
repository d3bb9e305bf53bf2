"""The regularisers that a map can have: their names, as users give them, and what they need."""

from typing import NamedTuple

import numpy as np

from ..kernels import CODES


class Regulariser(NamedTuple):
    """What is known of a regulariser, besides its kernels."""

    name: str  # as ``regulariser`` takes it
    code: int  # by which kernels know it
    is_directional: bool  # whether it follows the directions of a guide
    is_huber: bool = False  # whether small differences count by their squares
    is_sieve: bool = False  # whether the map is a blur of sources
    ridge: float = 0.0  # of sources: lambda_1 u^2 / 2 times this, for maps of order one
    has_field: bool = False  # whether a field takes slopes off the differences
    is_automatic: bool = True  # whether "auto" tries it


#: By name, in the order in which they are tried; the first is the default.
REGULARISERS = {
    each.name: each
    for each in (
        Regulariser("directional", CODES["directional"], is_directional=True),
        Regulariser("isotropic", CODES["isotropic"], is_directional=False),
        Regulariser("directional huber", CODES["directional"], is_directional=True, is_huber=True),
        Regulariser("huber", CODES["isotropic"], is_directional=False, is_huber=True),
        Regulariser("sieve", -1, is_directional=False, is_sieve=True, ridge=0.001),
        Regulariser("smooth", -2, is_directional=False, is_sieve=True, ridge=0.1),
        Regulariser(
            "directional tgv",
            CODES["directional tgv"],
            is_directional=True,
            has_field=True,
            is_automatic=False,
        ),
        Regulariser("tgv", CODES["tgv"], is_directional=False, has_field=True, is_automatic=False),
    )
}


#: Weights of the ridge of sources, by code.
RIDGES = {each.code: each.ridge for each in REGULARISERS.values()}

#: What a choice is made of, by the name of the choice.
CHOICES = {
    "auto": tuple(name for name, each in REGULARISERS.items() if each.is_automatic),
    "tv": ("directional", "isotropic"),
}


def codes(names):
    """Return the codes of regularisers, int64, as `Data` holds them."""
    return np.array([REGULARISERS[name].code for name in names], np.int64)


def are_directional(names):
    """Return whether each regulariser follows a guide: ``directional`` of records and tables."""
    return [REGULARISERS[name].is_directional for name in names]


def follow_directions(numbers):
    """Return whether each code belongs to a regulariser that follows a guide."""
    return np.isin(numbers, [each.code for each in REGULARISERS.values() if each.is_directional])


def are_huber(names):
    """Return whether each regulariser penalises small differences by their squares."""
    return np.array([REGULARISERS[name].is_huber for name in names], bool)


def are_sieves(names):
    """Return whether each map is a blur of sources."""
    return np.array([REGULARISERS[name].is_sieve for name in names], bool)


def have_fields(names):
    """Return whether each regulariser has a field."""
    return np.array([REGULARISERS[name].has_field for name in names], bool)


def names_of(directional):
    """Return the names of regularisers from ``directional`` of records, tables and arguments."""
    return tuple("directional" if each else "isotropic" for each in directional)
