"""Step sizes of the primal-dual loop."""

import numpy as np

# ||grad||^2 <= 8
_STEP_PRODUCT = 1 / 8
# How free each correction of the steps is, against the one before.
_SETTLING = 0.7
# tau / sigma starts at the square of this times the noise of a map, in units of the dual's bound.
_RATIO_TO_NOISE = 0.2
_LEAST_RATIO = 0.02
# tau lambda_1 and tau w at most: beyond, terms of that size drown a map's value in rounding.
_LONGEST_STEP = 30.0
_LONGEST_COUPLED_STEP = 1000.0


class StepSizes:
    """tau and sigma of each map, with tau sigma = 1/8, and their ratio, balanced as the loop goes.

    The ratio aims at equal movement of the map and of its dual variable in the metric of the
    iteration (|dx|^2 / tau against |dp|^2 / sigma). Each correction is less free than the one
    before, so the steps settle and convergence theory holds.
    """

    def __init__(self, problem):
        ratio = np.maximum(_RATIO_TO_NOISE * problem.noise, _LEAST_RATIO)
        bounds = problem.data.bounds.astype(np.float64)
        self.longest = np.minimum(
            _LONGEST_STEP / problem.data.fidelity.astype(np.float64),
            _LONGEST_COUPLED_STEP / np.maximum(problem.data.weights, 1e-30),
        )
        self._set(np.sqrt(_STEP_PRODUCT) * ratio / np.maximum(bounds, 1e-30))
        self.freedom = 1.0

    def _set(self, primal):
        primal = np.minimum(primal, self.longest)
        self.primal = primal.astype(np.float32)
        self.dual = (_STEP_PRODUCT / primal).astype(np.float32)

    def balance(self, maps_moved, dual_moved):
        """Correct the ratio by the sums of squared movements of each map and its dual."""
        with np.errstate(over="ignore"):
            ahead = (maps_moved / self.primal) / np.maximum(dual_moved / self.dual, 1e-300)
        factor = np.clip(ahead ** (0.25 * self.freedom), 2**-self.freedom, 2**self.freedom)
        self._set(self.primal * np.where((maps_moved > 0) & (dual_moved > 0), factor, 1.0))
        self.freedom *= _SETTLING
