r"""Maps that are no sharper than the probe: x = K u, with a Gaussian blur K and sources u >= 0.

This is the method of sieves [1]_. The sources minimise the HAADF and Poisson terms of x = K u and a
small ridge, which makes the minimum unique. The cost is smooth, so scaled gradient projection [2]_
minimises it in some tens of steps. Each step follows the gradient, scaled in each pixel as in
expectation maximisation, with step lengths of Barzilai and Borwein, and is then projected onto u >=
0 and onto the totals to keep.

References
----------
.. [1] D. L. Snyder, M. I. Miller, IEEE Trans. Nucl. Sci. 32, 3864 (1985),
       doi:10.1109/TNS.1985.4334521.
.. [2] S. Bonettini, R. Zanella, L. Zanni, Inverse Probl. 25, 015002 (2009),
       doi:10.1088/0266-5611/25/1/015002.
"""

from collections import deque

import numpy as np

from ..kernels import blur, descent, displaced, secants, slopes_of_cost, source_gap, square_sums
from ..threads import one_thread_where_cores_are_shared, take_what_is_left
from .problem import Evaluation
from .regularisers import RIDGES

# A Gaussian is cut off at this many standard deviations.
_CUT_OFF = 3.5
_WIDEST = 2.0  # of the longer side of the scan
_ITERATIONS_PER_RECORD = 10
_SHORTEST, _LONGEST = 1e-5, 1e5
# Threshold that selects one of the two step lengths, and how it changes.
_THRESHOLD, _RAISED, _LOWERED = 0.5, 1.1, 0.9
_LATEST = 5  # costs that a step may not exceed
_SUFFICIENT = 1e-4
_SHORTENED, _LEAST_SHARE = 0.4, 1e-3
# Lower limit of the pace: this share of the mean source over lambda_1, if that is at least this.
_FLOOR, _LEAST_MEAN = 1e-2, 1e-3
# Lower limit of sources, as a share of the brightest, at a start that is not from sources.
_DIMMEST = 0.02
_SMOOTH = 2.0  # pixels
_PRICE_STEPS = 30
# Relative deviation of a total at which the steps and the certificate accept it.
_ROUNDING, _CERTIFIED = 1e-7, 1e-6


class _Place:
    """Sources u, their maps K u, and cost and slopes there."""

    def __init__(self, shape):
        self.u, self.x, self.back, self.curvatures = (np.empty(shape, np.float32) for _ in range(4))
        self.residual = np.empty(shape[1:], np.float32)
        self.haadf = self.poisson = self.ridge = np.inf

    @property
    def cost(self):
        return self.haadf + self.poisson + self.ridge


class Sieve:
    """Steps of the sources of a `Problem` in which all maps are sieves.

    Its HAADF may change between steps if `evaluate_again` is called afterwards.
    """

    def __init__(self, problem):
        self.problem = problem
        data = problem.data
        self.shape = data.counts.shape
        n_maps, ny, _ = self.shape
        self.fidelity = data.fidelity.astype(np.float64)
        ridges = np.array([RIDGES[code] for code in data.regularisers])
        self.ridges = (ridges * self.fidelity).astype(np.float32)
        widths = np.sqrt(2 * data.bounds.astype(np.float64) / self.fidelity)
        # With mirrored borders, a Gaussian much wider than the scan is constant.
        widths = np.minimum(widths, _WIDEST * max(self.shape[1:]))
        self.taps, self.radii = gaussian_taps(widths)
        self.kept = np.isfinite(data.totals)
        self.here, self.there = _Place(self.shape), _Place(self.shape)
        self._slopes = np.empty(self.shape, np.float32)
        self._squares, self._sums = np.empty(ny), np.empty((4, n_maps, ny))
        self._step, self._threshold = 1.0, _THRESHOLD
        self._prices = np.zeros(n_maps)  # of the step
        self.prices = np.zeros(n_maps)  # of the certificate

    def start(self, sources):
        """Start from ``sources`` >= 0, which are scaled to the totals."""
        here = self.here
        here.u[:] = sources
        self.problem.meet_totals(here.u)
        self._blur(here.u, here.x)
        self._evaluate(here)
        self._first = here.cost
        self._latest = deque([here.cost], maxlen=_LATEST)

    def evaluate_again(self):
        """Continue from the present sources after the HAADF of the problem has changed."""
        before = self.here.cost
        self._evaluate(self.here)
        change = self.here.cost - before
        self._first += change
        self._latest = deque([self.here.cost], maxlen=_LATEST)

    def _blur(self, images, out):
        with one_thread_where_cores_are_shared():
            blur(images, self.taps, self.radii, out)

    def _evaluate(self, place):
        slopes_of_cost(
            self.problem.data,
            place.x,
            self._slopes,
            place.curvatures,
            place.residual,
            self._squares,
            self._sums[0],
        )
        place.haadf = float(self._squares.sum()) / 2
        place.poisson = float(self.fidelity @ self._sums[0].sum(axis=1))
        square_sums(place.u, self._sums[1])
        place.ridge = float(self.ridges @ self._sums[1].sum(axis=1)) / 2
        self._blur(self._slopes, place.back)

    @one_thread_where_cores_are_shared(watched=False)
    def advance(self):
        """Do one step, or none if even a thousandth of it would increase the cost."""
        take_what_is_left(self.here.u.size)
        here, there = self.here, self.there
        means = np.maximum(here.u.mean(axis=(1, 2)), _LEAST_MEAN)
        floors = (_FLOOR * means / self.fidelity).astype(np.float32)
        self._displace(floors)
        descent(here.u, there.u, here.back, self.ridges, self._sums[0])
        fall = float(self._sums[0].sum())
        self._blur(there.u, there.x)
        self._evaluate(there)
        share, highest = 1.0, max(self._latest)
        while not there.cost <= highest + _SUFFICIENT * share * fall:
            if share < _LEAST_SHARE:
                if there.cost <= self._first:
                    break
                self._step = max(share * self._step, _SHORTEST)
                return
            share *= _SHORTENED
            for moved, before in ((there.u, here.u), (there.x, here.x)):
                moved -= before
                moved *= np.float32(_SHORTENED)
                moved += before
            self._evaluate(there)
        self._latest.append(there.cost)
        self._lengthen(floors)
        self.here, self.there = there, here

    def _displace(self, floors):
        """Write the sources after a whole step, with the totals to keep, to ``there``."""
        here, there = self.here, self.there
        sums = self._sums[:2]
        for _ in range(_PRICE_STEPS):
            displaced(
                here.u,
                here.back,
                here.curvatures,
                self.ridges,
                floors,
                np.float32(self._step),
                self._prices.astype(np.float32),
                there.u,
                sums,
            )
            if not self.kept.any():
                return
            total, rise = sums.sum(axis=2)
            wanted = self.problem.data.totals
            missed = np.where(self.kept, wanted - total, 0.0)
            if (np.abs(missed) <= _ROUNDING * np.abs(total)).all():
                break
            # From a price at which the sum does not change, towards the first pixels that do.
            self._prices += missed / np.maximum(rise, 1e-3 * floors * self.shape[1] * self.shape[2])
        self.problem.meet_totals(there.u, total)

    def _lengthen(self, floors):
        """Set the length of the next step from the change of the slopes.

        It is the same for all maps, because the HAADF couples them.
        """
        here, there = self.here, self.there
        secants(
            here.u,
            here.back,
            there.u,
            there.back,
            here.curvatures,
            self.ridges,
            floors,
            self._sums,
        )
        first, second, third, fourth = self._sums.sum(axis=(1, 2))
        long = first / second if second > 0 else _LONGEST
        short = third / fourth if third > 0 else _LONGEST
        is_short = short < self._threshold * long
        self._threshold *= _LOWERED if is_short else _RAISED
        self._step = float(np.clip(short if is_short else long, _SHORTEST, _LONGEST))

    def evaluation(self):
        """Return the `Evaluation` at the present sources, with the best prices."""
        here, kept = self.here, self.kept
        wanted = self.problem.data.totals
        for _ in range(_PRICE_STEPS):
            source_gap(here.u, here.back, self.ridges, self.prices, self._sums)
            _, gap, total, rise = self._sums.sum(axis=2)
            missed = np.where(kept, wanted - total, 0.0)
            if not kept.any() or (np.abs(missed) <= _CERTIFIED * np.abs(total)).all():
                break
            self.prices += missed * self.ridges / np.maximum(rise, 1.0)
            # From a price at which no sum changes, to one at which all pixels would share it
            # evenly.
            for i in np.flatnonzero(kept & (rise == 0) & (wanted > 0)):
                mean = here.back[i].mean(dtype=np.float64)
                self.prices[i] = mean + wanted[i] * self.ridges[i] / here.u[i].size
        # <prices, K u - totals> is 0 up to rounding, because the totals are kept.
        return Evaluation(
            haadf=here.haadf,
            poisson=here.poisson,
            variation=here.ridge,
            gap=float(gap.sum()),
            residual=here.residual,
        )


def gaussian_taps(widths):
    """Return Gaussian kernels, the middle and one side of each, and their values per side."""
    radii = np.maximum(np.ceil(_CUT_OFF * np.asarray(widths)), 0).astype(np.int64)
    places = np.arange(radii.max() + 1)
    taps = np.exp(-0.5 * np.square(places / np.maximum(widths, 1e-3)[:, None]))
    taps[places > radii[:, None]] = 0
    taps /= taps[:, :1] + 2 * taps[:, 1:].sum(axis=1, keepdims=True)
    return taps.astype(np.float32), radii


def iterate_sieve(problem, tolerance, max_iterations, initial, callback):
    """Minimise the cost of ``problem``, from smoothed counts or an earlier result.

    Return the final `Sieve`, and a list of (iteration, `Evaluation`, relative gap).
    """
    sieve = Sieve(problem)
    sieve.start(first_sources(sieve, initial))
    records, done = [_recorded(sieve, 0)], 0
    while done < max_iterations:
        for _ in range(min(_ITERATIONS_PER_RECORD, max_iterations - done)):
            sieve.advance()
            done += 1
        records.append(_recorded(sieve, done))
        gap = records[-1][2]
        stop = callback is not None and callback(done, problem.physical(sieve.here.x), gap)
        if gap <= tolerance or stop:
            break
    return sieve, records


def _recorded(sieve, iteration):
    found = sieve.evaluation()
    gap = max(sieve.problem.relative(found), sieve.problem.total_error(sieve.here.x))
    return iteration, found, float(gap)


def first_sources(sieve, initial):
    """Return initial sources, in the units of the problem, from a result or from counts."""
    scales = sieve.problem.scales.astype(np.float32)[:, None, None]
    if initial is not None and initial.sources is not None:
        sources = initial.sources / scales
        # Maps without sources, from other regularisers, would gain them slowly.
        is_known = sources.any(axis=(1, 2), keepdims=True)
        return np.where(is_known, sources, _brightened(initial.maps / scales))
    if initial is not None:
        sources = initial.maps / scales
    else:
        data = sieve.problem.data
        net = np.ascontiguousarray(data.counts - data.background)
        sources = np.empty_like(net)
        blur(net, *gaussian_taps(np.full(len(net), _SMOOTH)), sources)
    return _brightened(sources)


def _brightened(sources):
    brightest = sources.max(axis=(1, 2), keepdims=True)
    return np.maximum(sources, _DIMMEST * np.where(brightest > 0, brightest, 1))
