"""Step sizes of the primal-dual loop.

They must make |Sigma^1/2 K T^1/2| <= 1 for the operator K and the diagonal matrices of the steps T
and Sigma [1]. For total variation K = grad, and |grad|^2 <= 8. With a field, K (x, w) = (grad x -
w, E w), and |E|^2 <= 8, too. From |a - b|^2 <= (1 + e) |a|^2 + (1 + 1/e) |b|^2 follows, with tau
and sigma of map and p, t and s of field and stress,

    sigma |grad x - w|^2 + s |E w|^2 <= 8 (1 + e) sigma |x|^2 + ((1 + 1/e) sigma + 8 s) |w|^2,

which is at most |x|^2 / tau + |w|^2 / t if 8 (1 + e) tau sigma = 1 and (1 + 1/e) t sigma + 8 t s =
1. Directions only shorten grad x - w.

[1] T. Pock, A. Chambolle, Proc. IEEE ICCV, 1762 (2011), doi:10.1109/ICCV.2011.6126441.
"""

import numpy as np

# |grad|^2 <= 8
_STEP_PRODUCT = 1 / 8
# e, and t sigma of the first balance and of late ones: long steps of fields until they are
# approximately right, then long steps of stresses, whose gap is the last to fall. These values
# needed the fewest iterations of those tested.
_SHARE = 0.5
_FIRST_PRODUCT, _LAST_PRODUCT, _SLOWING = 0.25, 0.05, 0.95
# Size of each correction of the steps, relative to the previous one.
_SETTLING = 0.7
# tau / sigma starts at the square of this times the noise of a map, in units of the dual's bound.
_RATIO_TO_NOISE = 0.2
_LEAST_RATIO = 0.02
# Upper limit of tau lambda_1 and tau w: larger terms would hide the value of a map in rounding
# errors.
_LONGEST_STEP = 30.0
_LONGEST_COUPLED_STEP = 1000.0


class StepSizes:
    """tau and sigma of each map, with tau sigma = 1/8, and a ratio that the loop balances.

    With a field, tau sigma is 1/12; ``field`` and ``stress`` are the steps of fields and stresses.

    The ratio aims at equal movement of the map and of its dual variable in the metric of the
    iteration (|dx|^2 / tau and |dp|^2 / sigma). Each correction is smaller than the previous one,
    so the steps settle and convergence theory holds.
    """

    def __init__(self, problem):
        ratio = np.maximum(_RATIO_TO_NOISE * problem.noise, _LEAST_RATIO)
        bounds = problem.data.bounds.astype(np.float64)
        has_field = problem.data.places >= 0
        self.product = _STEP_PRODUCT / np.where(has_field, 1 + _SHARE, 1.0)
        self.longest = np.minimum(
            _LONGEST_STEP / problem.data.fidelity.astype(np.float64),
            _LONGEST_COUPLED_STEP / np.maximum(problem.data.weights, 1e-30),
        )
        self.balances = 0
        self._set(np.sqrt(self.product) * ratio / np.maximum(bounds, 1e-30))
        self.freedom = 1.0

    def _set(self, primal):
        primal = np.minimum(primal, self.longest)
        self.primal = primal.astype(np.float32)
        dual = self.product / primal
        self.dual = dual.astype(np.float32)
        product = _LAST_PRODUCT + (_FIRST_PRODUCT - _LAST_PRODUCT) * _SLOWING**self.balances
        self.field = (product / dual).astype(np.float32)
        self.stress = ((1 - (1 + 1 / _SHARE) * product) / (8 * product) * dual).astype(np.float32)

    def balance(self, maps_moved, dual_moved):
        """Correct the ratio by the sums of squared movements of each map and its dual."""
        with np.errstate(over="ignore"):
            ahead = (maps_moved / self.primal) / np.maximum(dual_moved / self.dual, 1e-300)
        factor = np.clip(ahead ** (0.25 * self.freedom), 2**-self.freedom, 2**self.freedom)
        self.balances += 1
        self._set(self.primal * np.where((maps_moved > 0) & (dual_moved > 0), factor, 1.0))
        self.freedom *= _SETTLING
