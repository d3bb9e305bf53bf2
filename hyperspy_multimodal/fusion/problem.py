"""One fusion problem in the units in which the kernels solve it."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..kernels import Data, State, certificate, room_to_certify, squared_differences
from ..threads import one_thread_where_cores_are_shared, rows_per_chunk
from . import fields
from .regularisers import are_directional, are_huber, codes, follow_directions, have_fields
from .scaled_counts import ScaledCounts, averaged, block_starts, deviance_of_flat

# Lower limit of the reference of a gap: this share of the excess of constant maps ...
_SHARE_OF_FLAT = 0.01
# ... plus this share of lambda_1 times the counts, for maps that are constant.
_SHARE_OF_COUNTS = 1e-4
# For gamma = 1, the gap is that among maps up to this many times as bright, plus this.
_CEILING = np.float32(1.5), np.float32(0.25)
# For gamma != 1, where the cost is not convex, among maps within this share of their maximum.
_REACH = np.float32(0.1), np.float32(0.01)
_DIMMEST = 1e-6
_LEAST_BOUND = 1e-20
_BEYOND = (
    "The cost is beyond float32: its terms differ by more than 30 orders of magnitude. Check "
    "lambdas, weights and the units of counts and haadf."
)


class Cost(NamedTuple):
    """Data of the cost of `solve_fusion`: checked float arrays and numbers."""

    counts: np.ndarray  # (K, ny, nx)
    haadf: np.ndarray  # (ny, nx)
    background: np.ndarray  # (K, ny, nx)
    weights: np.ndarray  # (K,)
    offset: float
    gamma: float
    lambda_1: np.ndarray  # (K,)
    lambda_2: np.ndarray  # (K,)
    totals: np.ndarray  # (K,), NaN where free
    regularisers: tuple  # K names
    directions: tuple | None = None  # along y and along x, (ny, nx); for directional ones
    knees: np.ndarray | float = 0.0  # differences up to which Huber's form is quadratic, in counts
    in_units: ScaledCounts | None = None  # of counts and background, if known


@dataclass
class Evaluation:
    """Cost and gap of a state, in the problem's units."""

    haadf: float
    poisson: float  # lambda_1 times the deviance
    variation: float
    gap: float
    residual: np.ndarray  # the dual variable of the HAADF term that the gap is for
    sums: np.ndarray | None = None  # of the maps, (K,), if known

    @property
    def cost(self):
        """The cost, but for a constant."""
        return self.haadf + self.poisson + self.variation


@dataclass
class Problem:
    """The cost of `solve_fusion` with every map divided by its own scale.

    In terms of u_i = x_i / s_i, the cost keeps its form: counts and background are divided by s_i,
    w_i is multiplied by s_i^gamma, and lambda_1 and lambda_2 by s_i. The HAADF minus its pedestal
    and the weights are divided by the largest value H of the former, and the lambdas by H^2, the
    ``unit`` of the cost. Only a constant changes. All quantities are then of order one, so step
    sizes, precision and stopping do not depend on the units of counts and HAADF.
    """

    data: Data
    scales: np.ndarray
    unit: float
    unavoidable: float = 0.0  # lower limit of the cost of any maps
    reference: float = 0.0
    entropy: np.ndarray | None = None  # sums of y - y log y, (K,)

    @classmethod
    def scaled(cls, cost):
        """Convert a `Cost` to the problem's units."""
        scaled = cost.in_units or ScaledCounts.of(cost.counts, cost.background)
        scales, weights = scaled.scales, cost.weights
        haadf = cost.haadf - cost.offset
        brightest = float(np.abs(haadf).max()) if np.any(weights > 0) else 0.0
        brightest = brightest if brightest > 0 else 1.0
        unit = brightest**2
        guided = any(are_directional(cost.regularisers))
        directions = cost.directions if guided else np.zeros((2, 1, 1), np.float32)
        # A single pixel has no total variation.
        bounds = _single(cost.lambda_2 * scales / unit) * np.float32(haadf.size > 1)
        places = fields.places_of(have_fields(cost.regularisers))
        knees = np.where(are_huber(cost.regularisers), cost.knees / scales, 0.0)
        data = Data(
            counts=scaled.counts,
            background=scaled.background,
            haadf=np.ascontiguousarray(haadf / brightest, dtype=np.float32),
            directions_y=directions[0],
            directions_x=directions[1],
            weights=_single(weights * scales**cost.gamma / brightest),
            gamma=np.float32(cost.gamma),
            fidelity=_single(cost.lambda_1 * scales / unit),
            bounds=bounds,
            stress_bounds=np.float32(fields.BETA) * bounds,
            softness=_single(np.where(bounds > 0, knees / np.maximum(bounds, _LEAST_BOUND), 0)),
            regularisers=codes(cost.regularisers),
            places=places,
            totals=cost.totals / scales,
        )
        for name in ("weights", "fidelity", "bounds"):
            if not np.isfinite(getattr(data, name)).all():
                raise ValueError(_BEYOND)
        problem = cls(data, scales, unit, entropy=scaled.entropy)
        problem._set_reference(scaled)
        return problem

    def _set_reference(self, scaled):
        data = self.data
        fidelity = data.fidelity.astype(np.float64)
        # The HAADF model is never negative, and 0 without weights.
        missed = np.minimum(data.haadf, 0) if np.any(data.weights > 0) else data.haadf
        self.unavoidable = fidelity @ scaled.deviance + _half_squares(missed)

        levels, deviance = self._flat(scaled.means), scaled.flat_deviance
        if not np.array_equal(levels, scaled.means):
            deviance = deviance_of_flat(levels, data.counts, data.background)
        with np.errstate(over="ignore", invalid="ignore"):
            model = data.weights.astype(np.float64) @ levels ** float(data.gamma)
            flat = fidelity @ deviance + _half_squares(data.haadf - model)
        self.reference = _SHARE_OF_FLAT * (flat - self.unavoidable)
        self.reference += _SHARE_OF_COUNTS * (fidelity @ scaled.gross)
        if not np.isfinite(self.reference):
            raise ValueError(_BEYOND)

    def _flat(self, means):
        """Return one value per map: its mean, reduced if the HAADF is darker than its model."""
        gamma, weights = float(self.data.gamma), self.data.weights.astype(np.float64)
        with np.errstate(over="ignore"):
            model = weights @ means**gamma
        bright = max(float(self.data.haadf.mean(dtype=np.float64)), 0.0)
        dimmed = (bright / model) ** (1 / gamma) if model > bright else 1.0
        return means * max(dimmed, _DIMMEST)

    def part(self, chosen):
        """Return the problem of chosen maps, with a separate HAADF that can be changed.

        Its gaps are still relative to the cost of the whole.
        """
        data = self.data
        names = "counts", "background", "weights", "fidelity", "bounds", "stress_bounds"
        names = *names, "softness", "regularisers", "totals"
        parts = {name: getattr(data, name)[chosen] for name in names}
        parts["places"] = fields.places_of(data.places[chosen] >= 0)
        if not follow_directions(parts["regularisers"]).any():
            parts |= dict.fromkeys(("directions_y", "directions_x"), np.zeros((1, 1), np.float32))
        return replace(
            self,
            data=data._replace(haadf=data.haadf.copy(), **parts),
            scales=self.scales[chosen],
            entropy=self.entropy[chosen],
        )

    def haadf_model(self, maps):
        """Return the HAADF model from ``maps``, without pedestal, (ny, nx)."""
        model = np.zeros(maps.shape[1:], np.float32)
        gamma = self.data.gamma
        for weight, x in zip(self.data.weights, maps, strict=True):
            if weight > 0:
                model += weight * (x if gamma == 1 else x**gamma)
        return model

    def state(self):
        """Return a `State` with uninitialised maps, and dual variables of 0."""
        n_maps, ny, nx = self.data.counts.shape
        return State(
            relaxed=np.empty((n_maps, ny, nx), np.float32),
            maps=np.empty((n_maps, ny, nx), np.float32),
            dual_y=_zeros(n_maps, ny + 1, nx),
            dual_x=_zeros(n_maps, ny, nx + 1),
            residual=_zeros(ny, nx),
            prices=np.zeros(n_maps, np.float32),
            **fields.blank(self.data.places, ny, nx),
        )

    def record(self, state):
        """Return cost and duality gap of ``state``; the maps must have the totals to keep."""
        n_maps, ny, _ = state.maps.shape
        brightest = state.maps.max(axis=(1, 2))
        reaches = np.full(n_maps, np.inf, np.float32)
        if self.data.gamma != 1:
            reaches = _REACH[0] * brightest + _REACH[1]
        ceilings = _CEILING[0] * brightest + _CEILING[1]
        certified = np.empty_like(self.data.haadf)
        haadf_rows, map_rows = np.empty((2, ny)), np.empty((5, n_maps, ny))
        has_field = self.data.places >= 0
        if has_field.any():
            state, of_fields = fields.certified(self, state)
        with one_thread_where_cores_are_shared(watched=False):
            certificate(
                chunk := rows_per_chunk(state.maps.shape),
                self.data,
                state,
                room_to_certify(chunk, state.maps.shape),
                ceilings,
                reaches,
                certified,
                haadf_rows,
                map_rows,
            )
        if has_field.any():
            map_rows[2:4, has_field] = of_fields
        squares, apart = haadf_rows.sum(axis=1)
        deviance, poisson_gap, variation, variation_gap, sums = map_rows.sum(axis=2)
        missed = np.where(np.isfinite(self.data.totals), sums - self.data.totals, 0.0)
        gap = apart / 2 + poisson_gap.sum() + variation_gap.sum()
        return Evaluation(
            haadf=squares / 2,
            poisson=float(self.data.fidelity.astype(np.float64) @ deviance),
            variation=float(variation.sum()),
            gap=float(gap + np.abs(state.prices * missed).sum()),
            residual=certified,
            sums=sums,
        )

    def relative(self, record):
        """Return the gap relative to the cost above what is unavoidable.

        That is the Poisson term of the likeliest maps, and the HAADF term where the HAADF is < 0.
        A hundredth of that of constant maps and a ten-thousandth of the weighted counts are added,
        for where the maps fit their counts exactly.
        """
        excess = record.cost - self.unavoidable + self.reference
        relative = record.gap / max(excess, np.finfo(float).tiny)
        return relative if np.isfinite(relative) else np.inf

    def cost_terms(self, records):
        """Return the three terms of each record in the units of `solve_fusion`, (3, records)."""
        # x + B - y log(x + B) is the deviance plus y - y log y, here of y / s.
        gross = self.data.counts.sum(axis=(1, 2), dtype=np.float64)
        constant = self.data.fidelity.astype(np.float64) @ (
            self.entropy - np.log(self.scales) * gross
        )
        terms = [(record.haadf, record.poisson, record.variation) for record in records]
        return self.unit * (np.array(terms).T + [[0.0], [constant], [0.0]])

    @property
    def noise(self):
        """Noise of each map in its own unit, from differences between neighbours over sqrt(2)."""
        n_maps, ny, nx = self.data.counts.shape
        squares = np.empty(n_maps)
        squared_differences(self.data.counts, squares)
        pairs = (ny - 1) * nx + ny * (nx - 1)
        return np.sqrt(squares / max(2 * pairs, 1))

    def total_error(self, maps, sums=None):
        """Return the largest relative deviation of the totals of ``maps`` from those to keep.

        ``sums`` as in `meet_totals`.
        """
        kept = np.isfinite(self.data.totals)
        if not kept.any():
            return 0.0
        sums = maps.sum(axis=(1, 2), dtype=np.float64) if sums is None else sums
        missed, wanted = np.abs(sums - self.data.totals)[kept], self.data.totals[kept]
        return float((missed / np.where(wanted > 0, wanted, 1e-3)).max())

    def meet_totals(self, maps, sums=None):
        """Scale ``maps`` in place to the totals to keep; empty maps become uniform.

        ``sums`` are those of the maps, shape (K,), if known.
        """
        kept = np.isfinite(self.data.totals)
        if kept.any():
            sums = maps.sum(axis=(1, 2), dtype=np.float64) if sums is None else sums
            met = kept & (sums > 0)
            factors = np.where(met, self.data.totals / np.where(sums > 0, sums, 1), 1.0)
            factors = factors.astype(np.float32)
            if (factors != 1).any():
                maps *= factors[:, None, None]
            for i in np.flatnonzero(kept & (sums <= 0) & (self.data.totals > 0)):
                maps[i] = self.data.totals[i] / maps[i].size

    def first_guess(self):
        """Return the net counts, averaged over blocks of about 4 x 4 pixels."""
        _, ny, nx = self.data.counts.shape
        guess = np.maximum(averaged(self.data.counts - self.data.background), 0)
        rows = np.repeat(guess, np.diff(block_starts(ny), append=ny), axis=1)
        return np.repeat(rows, np.diff(block_starts(nx), append=nx), axis=2)

    def physical(self, maps):
        """Return ``maps`` in counts."""
        return maps * self.scales.astype(np.float32)[:, None, None]


def _half_squares(values):
    return float(np.square(values, dtype=np.float64).sum()) / 2


def _single(values):
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _zeros(*shape):
    # Unlike numpy.zeros, this takes large pages of memory where the system has them.
    array = np.empty(shape, np.float32)
    array.fill(0)
    return array
