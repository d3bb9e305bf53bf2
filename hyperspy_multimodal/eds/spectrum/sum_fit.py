"""The summed spectrum as a sum of lines and continuum: a Poisson fit with a calibration."""

import numpy as np
from scipy import ndimage, optimize

from .least_squares import non_negative
from .sum_model import SumModel
from .sum_result import Strain, SumFit

_ITERATIONS = 25
_CONVERGED = 3e-4  # of a prior error, or of an amplitude
_LEAST_EXPECTED = 0.05  # counts per channel, in weights
#: No model of a peak is better than this share of its height, nor of the continuum: so much is
#: allowed for in the fit. What the residuals show beyond it is in the errors.
LEAST_MISFIT, _MOST_MISFIT = 0.015, 0.2
CONTINUUM_MISFIT = 0.02
# Channels with more line than this share of the continuum tell how well peaks are described.
_PEAK_SHARE = 0.5
_BLUR = 0.03  # keV
# Channels over which observed counts are averaged, and standard errors of an excess.
_WIDE, _CERTAIN = 7, 5.0
# FWHM around the strongest line of a family within which all counts are its own.
_OWN = 1.0
# Times that parameters beyond their limits are put there, and how far beyond is none, in errors.
_BOUND_ROUNDS, _BEYOND = 6, 1e-6


def fit_sum_spectrum(setting, start=None, iterations=_ITERATIONS):
    """Fit a summed spectrum by lines and continuum.

    Amplitudes >= 0 of lines and continuum, offset, gain, resolution and its slope, escape peaks,
    tails and shelves of the detector, and a shift of each family of lines are found by Fisher
    scoring. The variance of a channel is that of its counts, and the square of what no model
    describes: a share of the peak's height, which the residuals tell. Families of lines are free
    within a factor around what their cross-sections say, the lines of a family within the errors of
    their table weights (`priors`), calibration and shifts within their errors.

    Parameters
    ----------
    setting : Setting
        What is fitted, and to what.
    start : Detector or SumFit, optional
        Where the calibration starts: as the signal says by default, or as an earlier fit has it,
        shifts and widths of lines and depths of absorption edges included.
    iterations : int
        At most, default 25.

    Returns
    -------
    SumFit
    """
    return best_sum_fit(setting, [start or setting.nominal], iterations)


def best_sum_fit(setting, starts, iterations=_ITERATIONS):
    """Return the best of the fits of `fit_sum_spectrum` from several starts, by `chi_squared`."""
    fits = [_Fit(setting, start) for start in starts]
    for fit in fits:
        fit.run(iterations)
    best = min(fits, key=lambda fit: fit.chi_squared) if len(fits) > 1 else fits[0]
    best.estimate_misfit()
    return best.result()


class _Fit:
    def __init__(self, setting, start):
        self.setting, self.model = setting, SumModel(setting, start)
        self.y = setting.observed[setting.used].astype(np.float64)
        self.smooth = ndimage.uniform_filter1d(self.y, _WIDE)
        self.calibration = self.model.initial()
        self.apart = self._apart_from_lines()
        self.centre = self.model.prior_centre()
        self.stiffness = 1 / self.model.prior_errors**2
        self.design = self.model.design(self.calibration)
        self.misfit = LEAST_MISFIT
        self.amplitudes = self._start()

    def _start(self):
        """Weighted non-negative least squares, with the counts as variances, smoothed."""
        weights = 1 / (np.maximum(self.smooth, 0.3) + (0.05 * self.smooth) ** 2)
        gram = (self.design * weights) @ self.design.T
        return non_negative(gram, self.design @ (weights * self.y))

    def variance(self, amplitudes, design):
        """Return the variance of each channel that is used."""
        n_lines = self.model.groups.number
        lines = amplitudes[:n_lines] @ design[:n_lines]
        others = amplitudes[n_lines:] @ design[n_lines:]
        counts = np.maximum(lines + others, _LEAST_EXPECTED)
        # what is there but not in the model has noise, too
        excess = self._excess(counts)
        model = (self.misfit * self._blurred(lines)) ** 2 + (CONTINUUM_MISFIT * others) ** 2
        return counts + model + excess * (excess if self.setting.robust else 1.0)

    def _excess(self, expected):
        """Return counts of peaks that are not in the model, where they are certain.

        Near the strongest line of a family there are none: the counts there are that line's to
        describe, and would never count if they were taken for another's.
        """
        noise = np.sqrt(np.maximum(ndimage.uniform_filter1d(expected, _WIDE), 1.0) / _WIDE)
        excess = self.smooth - ndimage.uniform_filter1d(expected, _WIDE)
        return np.where(self.apart & (excess > _CERTAIN * noise), excess, 0.0)

    def _apart_from_lines(self):
        """Return which of the channels are far from the strongest line of each sure family."""
        detector = self.model.detector(self.calibration)
        centres = detector.centres[self.setting.used]
        apart = np.ones(centres.shape, bool)
        sure = self.setting.sure
        for line in self.setting.lines:
            if line.weight >= 1.0 and (sure is None or line.element in sure):
                place, width = detector.position(line.energy), detector.width(line.energy)
                apart &= np.abs(centres - place) > _OWN * width
        return apart

    def _blurred(self, lines):
        """Return peaks that are blurred, as what a model lacks is largest on their flanks."""
        width = _BLUR / self.setting.nominal.channel
        return ndimage.gaussian_filter1d(lines, width, mode="nearest")

    def _objective(self, amplitudes, design, calibration, variance, ties):
        residual = self.y - amplitudes @ design
        held = np.sum(np.square(ties @ amplitudes))
        held += np.sum(np.square(calibration - self.centre) * self.stiffness)
        return float(np.sum(residual**2 / variance) + held)

    @property
    def chi_squared(self):
        """Weighted squares, with the least misfit."""
        shown, self.misfit = self.misfit, LEAST_MISFIT
        variance = self.variance(self.amplitudes, self.design)
        self.misfit = shown
        state = self.amplitudes, self.design, self.calibration
        return self._objective(*state, variance, self.model.ties(self.amplitudes))

    def run(self, iterations):
        """Iterate until amplitudes and calibration stay."""
        for _ in range(iterations):
            variance = self.variance(self.amplitudes, self.design)
            ties = self.model.ties(self.amplitudes)
            state = self.amplitudes, self.design, self.calibration
            before = self._objective(*state, variance, ties)
            step, turn = self._step(variance, ties)
            for shorter in (1.0, 0.5, 0.2, 0.05):
                calibration = self.model.bounded(self.calibration + shorter * turn)
                amplitudes = self.amplitudes + shorter * step
                design = self.design
                if self.setting.refine:
                    design = self.model.design(calibration)
                if self._objective(amplitudes, design, calibration, variance, ties) <= before:
                    break
            else:
                return
            moved = np.abs(calibration - self.calibration) * np.sqrt(self.stiffness)
            changed = np.abs(amplitudes - self.amplitudes)
            self.amplitudes, self.design, self.calibration = amplitudes, design, calibration
            small = changed < _CONVERGED * (amplitudes + 10.0) + 0.02 * np.sqrt(amplitudes)
            if moved.max(initial=0) < 30 * _CONVERGED and small.all():
                return

    def _information(self, rooted, ties):
        """Return the Gram matrix of all unknowns, with what is known beforehand.

        ``rooted`` is the full design over the errors of the channels.
        """
        n = self.model.n_amplitudes
        gram = rooted @ rooted.T
        gram[:n, :n] += ties.T @ ties
        if len(rooted) > n:
            more = np.arange(n, len(rooted))
            gram[more, more] += self.stiffness[self.model.moves]
        return gram

    def _full_design(self):
        if not self.setting.refine:
            return self.design
        return np.vstack([self.design, self.model.derivatives(self.amplitudes, self.calibration)])

    def _step(self, variance, ties):
        """Return the step of Fisher scoring: weighted least squares with amplitudes >= 0."""
        n = self.model.n_amplitudes
        errors = np.sqrt(variance)
        rooted = self._full_design() / errors
        gram = self._information(rooted, ties)
        # the linear model in the amplitudes themselves, not in their changes
        right = rooted @ (self.y / errors)
        if not self.setting.refine:
            amplitudes = non_negative(gram, right, self.amplitudes > 0)
            return amplitudes - self.amplitudes, np.zeros(len(self.calibration))
        pull = self.stiffness * (self.centre - self.calibration)
        right[n:] += pull[self.model.moves]
        amplitudes, turn = self._bounded_solution(gram, right, n)
        return amplitudes - self.amplitudes, turn

    def _bounded_solution(self, gram, right, n):
        """Return amplitudes >= 0, and changes of all else that stay within their limits.

        What would go beyond a limit is put there, and the rest is solved for again.
        """
        turn, likely = np.zeros(len(right) - n), self.amplitudes > 0
        free = np.ones(len(turn), bool)
        moves, whole = self.model.moves, np.zeros(len(self.calibration))
        for _ in range(_BOUND_ROUNDS):
            others = n + np.flatnonzero(free)
            fixed = n + np.flatnonzero(~free)
            rest = right - gram[:, fixed] @ turn[~free]
            inner = np.linalg.inv(gram[np.ix_(others, others)])
            mixed = gram[:n, others] @ inner
            amplitudes = non_negative(
                gram[:n, :n] - mixed @ gram[others, :n], rest[:n] - mixed @ rest[others], likely
            )
            likely = amplitudes > 0
            turn[free] = inner @ (rest[others] - gram[others, :n] @ amplitudes)
            whole[moves] = turn
            whole = self.model.bounded(self.calibration + whole) - self.calibration
            within = whole[moves]
            beyond = free & (np.abs(within - turn) > _BEYOND * self.model.prior_errors[moves])
            turn = np.where(beyond, within, turn)
            if not beyond.any():
                break
            free &= ~beyond
        return amplitudes, whole

    def estimate_misfit(self):
        """Find the misfit for which squared residuals of peaks have their expected size."""
        n_lines = self.model.groups.number
        lines = self.amplitudes[:n_lines] @ self.design[:n_lines]
        expected = np.maximum(self.amplitudes @ self.design, _LEAST_EXPECTED)
        others = expected - lines
        peak = lines > _PEAK_SHARE * others
        if not peak.any():
            return
        squares = (self.y - expected)[peak] ** 2
        noise = expected[peak] + (CONTINUUM_MISFIT * others[peak]) ** 2
        heights = self._blurred(lines)[peak] ** 2

        def excess(misfit):
            variance = noise + misfit**2 * heights
            # channels count by what they could tell
            return float(np.sum((squares / variance - 1) * (heights / variance)))

        if excess(LEAST_MISFIT) <= 0:
            self.misfit = LEAST_MISFIT
        elif excess(_MOST_MISFIT) >= 0:
            self.misfit = _MOST_MISFIT
        else:
            self.misfit = float(optimize.brentq(excess, LEAST_MISFIT, _MOST_MISFIT, xtol=1e-4))

    def _group_covariance(self, full, ties):
        """Return the covariance of the counts of groups, of those at 0 too."""
        variance = self.variance(self.amplitudes, self.design)
        gram = self._information(full / np.sqrt(variance), ties)
        n, n_lines = self.model.n_amplitudes, self.model.groups.number
        free = np.ones(len(gram), bool)
        free[n_lines:n] = self.amplitudes[n_lines:] > 0
        unit = np.sqrt(np.maximum(np.diag(gram)[free], 1e-300))
        scaled = gram[np.ix_(free, free)] / np.outer(unit, unit)
        inverse = np.linalg.pinv(scaled, rcond=1e-12, hermitian=True) / np.outer(unit, unit)
        return inverse[:n_lines, :n_lines]

    def result(self):
        """Return the `SumFit`."""
        model, setting = self.model, self.setting
        n = model.groups.number
        counts = model.matrix @ self.amplitudes[:n]
        detector = model.detector(self.calibration)
        moved = model.line_shifts(self.calibration), model.line_widths(self.calibration)
        one = np.zeros(len(counts), int)
        lines = detector.summed(model.energies, counts, one, 1, *moved)[0]
        others = self.amplitudes[n:, None] * model.others(self.calibration)
        continuum = others[: model.n_smooth].sum(axis=0)
        pile_up = others[model.n_smooth :].sum(axis=0)
        full, ties = self._full_design(), model.ties(self.amplitudes)
        covariance = sharp = self._group_covariance(full, ties)
        if self.misfit != LEAST_MISFIT:
            shown, self.misfit = self.misfit, LEAST_MISFIT
            sharp = self._group_covariance(full, ties)
            self.misfit = shown
        sharp = model.matrix @ sharp @ model.matrix.T
        return SumFit(
            detector=detector,
            lines=list(setting.lines),
            shifts=moved[0],
            widths=moved[1],
            amplitudes=counts,
            covariance=model.matrix @ covariance @ model.matrix.T,
            least_errors=np.sqrt(np.maximum(np.diag(sharp), 0.0)),
            continuum=continuum,
            pile_up=pile_up,
            fitted=lines + continuum + pile_up,
            edges=setting.edges,
            depths=self.calibration[len(self.calibration) - len(setting.edges) :],
            observed=setting.observed,
            used=setting.used,
            misfit=self.misfit,
            chi_squared=self.chi_squared,
            at_limits=model.at_limits(self.calibration),
            strains=self._strains(covariance),
        )

    def _strains(self, covariance):
        """Return departures of lines of named families from their table weights."""
        groups, lines = self.model.groups, self.setting.lines
        names = {}
        for i, group in enumerate(groups.of_line):
            names.setdefault(int(group), i)
            if groups.factors[i] == 1.0 and lines[names[int(group)]].weight < lines[i].weight:
                names[int(group)] = i
        found = []
        for tie in groups.ties:
            line, head = lines[names[tie.group]], lines[names[tie.head]]
            if line.family != head.family:
                continue
            counts, expected = self.amplitudes[tie.group], tie.ratio * self.amplitudes[tie.head]
            row = np.zeros(groups.number)
            row[tie.group], row[tie.head] = 1.0, -tie.ratio
            error = np.sqrt(max(row @ covariance @ row, 0.0))
            known = tie.error * max(expected, 10.0)
            strain = (abs(counts - expected) - 2 * error) / known
            if strain > 0:
                ratio = float(counts / max(expected, 1e-300))
                excess = float(self.amplitudes[tie.head] - counts / tie.ratio)
                found.append(Strain(line, head, ratio, float(strain), excess))
        return found
