"""Maps of both kinds in one fusion: some are blurs of sources, others have total variation.

Only the HAADF couples them. The two kinds are updated in turn by their own steps, each with the
HAADF minus the contribution of the other kind (block coordinate descent). The duality gap is that
of the whole cost: the dual variable of the HAADF that certifies the total variation is also used
for the sources.
"""

import numpy as np

from .fields import physical, relative_dual
from .loop import Passes, start
from .problem import Evaluation
from .sieve import Sieve, first_sources

_ITERATIONS_PER_RECORD = 10
# Iterations of one kind before the other takes its turn.
_TURN = 5


class Mixed:
    """Sources and maps of one `Problem`, from a cold start or an earlier result."""

    def __init__(self, problem, initial=None):
        self.problem = problem
        self.are_sieves = problem.data.regularisers < 0
        self.sources, self.others = problem.part(self.are_sieves), problem.part(~self.are_sieves)
        self.sieve = Sieve(self.sources)
        self.sieve.start(first_sources(self.sieve, _part_of(initial, self.are_sieves)))
        self._give_way(self.others, self.sources, self.sieve.here.x)
        self.state = start(self.others, _part_of(initial, ~self.are_sieves))
        self.passes = Passes(self.others, self.state)

    def _give_way(self, to, other, maps):
        """Subtract the contribution of the ``maps`` of one kind from the HAADF of the other."""
        np.subtract(self.problem.data.haadf, other.haadf_model(maps), out=to.data.haadf)

    def advance(self, n_iterations):
        """Do this number of iterations of each kind."""
        while n_iterations > 0:
            n = min(n_iterations, _TURN)
            self._give_way(self.sources, self.others, self.state.maps)
            self.sieve.evaluate_again()
            for _ in range(n):
                self.sieve.advance()
            self._give_way(self.others, self.sources, self.sieve.here.x)
            self.passes.advance(n, balance=self.passes.done % _ITERATIONS_PER_RECORD == 0)
            n_iterations -= n

    def recorded(self, iteration):
        """Return (iteration, `Evaluation`, gap), after scaling the maps to their totals."""
        state = self.state
        self.others.meet_totals(state.maps)
        left = self.others.data.haadf - self.others.haadf_model(state.maps)
        found = self.others.record(state._replace(residual=left))
        # Slopes of the sources for the dual variable that certifies the other maps.
        model = self.sources.haadf_model(self.sieve.here.x)
        np.add(model, found.residual, out=self.sources.data.haadf)
        self.sieve.evaluate_again()
        of_sources = self.sieve.evaluation()
        found = Evaluation(
            haadf=found.haadf,
            poisson=found.poisson + of_sources.poisson,
            variation=found.variation + of_sources.variation,
            gap=found.gap + of_sources.gap,
            residual=found.residual,
        )
        missed = self.problem.total_error(self.maps)
        return iteration, found, float(max(self.problem.relative(found), missed))

    @property
    def maps(self):
        """The maps of both kinds, in the problem's units, (K, ny, nx)."""
        return self._whole(self.sieve.here.x, self.state.maps)

    @property
    def u(self):
        """The sources of sieves, 0 for other maps."""
        return self._whole(self.sieve.here.u, 0)

    @property
    def prices(self):
        """The prices of the totals, with the sign of the primal-dual loop."""
        return self._whole(-self.sieve.prices, self.state.prices.astype(np.float64), np.float64)

    def relative_dual(self):
        """Return the dual variable of the total variation over its bounds, 0 for sieves."""
        dual = np.zeros((2, *self.problem.data.counts.shape), np.float32)
        dual[:, ~self.are_sieves] = relative_dual(self.others, self.state)
        return dual

    def fields(self):
        """Return fields and stresses of a `FusionResult`, 0 for sieves."""
        found = physical(self.others, self.state)
        for name, of_others in found.items():
            if of_others is not None:
                whole = np.zeros((len(of_others), *self.problem.data.counts.shape), np.float32)
                whole[:, ~self.are_sieves] = of_others
                found[name] = whole
        return found

    def _whole(self, of_sieves, of_others, dtype=np.float32):
        whole = np.zeros(self.problem.data.counts.shape[: max(np.ndim(of_sieves), 1)], dtype)
        whole[self.are_sieves], whole[~self.are_sieves] = of_sieves, of_others
        return whole


def _part_of(initial, chosen):
    return None if initial is None else initial.part(chosen)


def iterate_mixed(problem, tolerance, max_iterations, initial, callback):
    """Minimise the cost of ``problem``, some of whose maps are sieves.

    Return the final `Mixed`, and a list of (iteration, `Evaluation`, relative gap).
    """
    mixed = Mixed(problem, initial)
    records, done = [mixed.recorded(0)], 0
    while done < max_iterations:
        n = min(_ITERATIONS_PER_RECORD, max_iterations - done)
        mixed.advance(n)
        done += n
        records.append(mixed.recorded(done))
        gap = records[-1][2]
        stop = callback is not None and callback(done, problem.physical(mixed.maps), gap)
        if gap <= tolerance or stop:
            break
    if records[-1][1].cost > records[0][1].cost:
        # Too few iterations to improve on the start.
        mixed = Mixed(problem, initial)
        records[-1] = mixed.recorded(done)
    return mixed, records
