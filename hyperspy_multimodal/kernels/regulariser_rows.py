"""Dispatch to the rows of each regulariser: everything that depends on the regulariser of a map.

Each regulariser has a separate file for its rows. The functions take a map ``i`` and a segment of
its row, the n columns from ``start`` on, or a whole row. All of them move the dual variable p of
`State`, except for maps with fields: `generalised.move_fields` moves it together with the fields,
and `field_gap` certifies them.
"""

import numpy as np

from . import directional, isotropic
from .array_parts import segment
from .compile import inlined, within
from .generalised import GENERALISED
from .projection import feasible_row

# Bits of the codes.
ISOTROPIC, DIRECTIONAL = 0, 1
#: Codes in ``Data.regularisers`` by name.
CODES = {
    "isotropic": ISOTROPIC,
    "directional": DIRECTIONAL,
    "tgv": GENERALISED,
    "directional tgv": GENERALISED + DIRECTIONAL,
}

_ZERO = np.float32(0)
_ONE = np.float32(1)


@within(inlined)
def begin_chunk(i, row, data, state, above):
    """Write to ``above`` (nx) what `place` needs of the row before ``row``, where chunks begin."""
    if data.regularisers[i] & DIRECTIONAL:
        for col in range(above.size):
            above[col] = _ZERO
            if row > 0:
                above[col], _ = directional.across(
                    data.directions_y[row - 1, col],
                    data.directions_x[row - 1, col],
                    state.dual_y[i, row, col],
                    state.dual_x[i, row - 1, col + 1],
                )


@within(inlined)
def place(
    code, i, row, start, n, step, price, relaxed, dual_y, dual_x, directions_y, directions_x, above,
    shifted, out,
):  # fmt: skip
    """Write relaxed + step (div p - price), the argument of the proximal map.

    ``above`` (n) and ``shifted`` (n + 1) store values of the regulariser for the next row and for
    this segment. The arrays of `Data` and `State` are passed separately: unpacking the groups here,
    for each segment, would take a tenth of an iteration.
    """
    below = segment(dual_y, (i, row + 1, start), n)
    right = segment(dual_x, (i, row, start + 1), n)
    here = segment(relaxed, (i, row, start), n)
    if code & DIRECTIONAL:
        shifted[0] = _ZERO
        if start > 0:
            _, shifted[0] = directional.across(
                directions_y[row, start - 1],
                directions_x[row, start - 1],
                dual_y[i, row + 1, start - 1],
                dual_x[i, row, start],
            )
        directional.place_row(
            n,
            step,
            price,
            below,
            right,
            segment(directions_y, (row, start), n),
            segment(directions_x, (row, start), n),
            above,
            shifted,
            here,
            out,
        )
    else:
        isotropic.place_row(
            n,
            step,
            price,
            below,
            segment(dual_y, (i, row, start), n),
            right,
            segment(dual_x, (i, row, start), n),
            here,
            out,
        )


@within(inlined)
def move_dual(i, row, start, n, step, relaxation, data, state, ahead, ahead_below):
    """Move p along the gradient of ``ahead`` (n + 1); return the sum of its squared changes."""
    bound = data.bounds[i]
    soft = _ONE / (_ONE + step * data.softness[i])
    below = segment(state.dual_y, (i, row + 1, start), n)
    right = segment(state.dual_x, (i, row, start + 1), n)
    if data.regularisers[i] & DIRECTIONAL:
        return directional.dual_row(
            n,
            step,
            soft,
            bound,
            relaxation,
            ahead,
            ahead_below,
            segment(data.directions_y, (row, start), n),
            segment(data.directions_x, (row, start), n),
            below,
            right,
        )
    return isotropic.dual_row(n, step, soft, bound, relaxation, ahead, ahead_below, below, right)


@within(inlined)
def variation(i, row, n, data, state, ahead, py, px):
    """Return sums of the regulariser R, and of its gap lambda_2 R(x) - <p, grad x>.

    For maps with a field, the field is left out of these sums, but ``py`` and ``px`` are correct.
    ``py`` and ``px`` (n) receive p, projected onto its bounds, in the form whose divergence is
    used.
    """
    bound = data.bounds[i]
    softness = data.softness[i]
    here = segment(state.maps, (i, row, 0), n)
    for col in range(n):
        ahead[col] = here[col]
    ahead[n] = here[n - 1]
    x_below = segment(state.maps, (i, min(row + 1, state.maps.shape[1] - 1), 0), n)
    feasible_row(
        n,
        bound,
        segment(state.dual_y, (i, row + 1, 0), n),
        segment(state.dual_x, (i, row, 1), n),
        py,
        px,
    )
    if data.regularisers[i] & DIRECTIONAL:
        return directional.variation_row(
            n,
            bound,
            softness,
            ahead,
            x_below,
            segment(data.directions_y, (row, 0), n),
            segment(data.directions_x, (row, 0), n),
            py,
            px,
        )
    return isotropic.variation_row(n, bound, softness, ahead, x_below, py, px)
