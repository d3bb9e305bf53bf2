"""Parameters that every fusion method shares, checked before any data are read."""

from dataclasses import dataclass, replace

import numpy as np

from ..checks import (
    checked_count,
    checked_flag,
    checked_number,
    checked_seed,
    is_auto,
    per_element,
)
from ..fusion.ahead import compile_ahead
from ..fusion.inputs import checked_lambdas
from ..fusion.minimise import run_late, run_sieve
from ..fusion.regularisers import CHOICES, REGULARISERS, are_sieves
from ..selection import GAMMAS
from ..selection.lost_structure import run_tests

_NAMES = ("tv", *REGULARISERS)
_KNOWN = ", ".join(repr(name) for name in _NAMES)


@dataclass(frozen=True)
class Parameters:
    """Arguments of a fusion, as given."""

    gamma: object
    lambdas: object
    regulariser: object
    weights: object
    haadf_blur: object
    align: bool
    keep_totals: object
    keep_significant: bool
    share_structure: object
    tolerance: float
    max_iterations: int
    seed: int
    uncertainty: bool
    show_progressbar: bool | None
    full_output: bool

    def checked(self):
        """Return a copy after checking everything that does not depend on the number of maps."""
        if isinstance(self.lambdas, str):
            if self.lambdas != "auto":
                raise ValueError(
                    "lambdas must be 'auto' or a pair (lambda_1, lambda_2), but "
                    f"{self.lambdas!r} was given."
                )
        else:
            lambdas = self.lambdas
            checked_lambdas(lambdas, _length(lambdas))
        if isinstance(self.weights, str) and self.weights not in ("auto", "Z"):
            raise ValueError(
                "weights must be 'auto', 'Z', None or one number >= 0 per element, but "
                f"{self.weights!r} was given."
            )
        self._check_regulariser()
        flags = {name: () for name in ("align", "keep_significant", "uncertainty", "full_output")}
        flags |= {name: ("auto",) for name in ("keep_totals", "share_structure")}
        flags = {
            name: checked_flag(name, getattr(self, name), *others) for name, others in flags.items()
        }
        return replace(
            self,
            **flags,
            gamma=_number_or_auto("gamma", self.gamma, include_zero=False),
            haadf_blur=_number_or_auto("haadf_blur", self.haadf_blur, include_zero=True),
            tolerance=checked_number("tolerance", self.tolerance, low=0, include_low=False),
            max_iterations=checked_count("max_iterations", self.max_iterations),
            seed=checked_seed(self.seed),
            show_progressbar=shows_progress(self.show_progressbar),
        )

    def _check_regulariser(self):
        given = self.regulariser
        one = isinstance(given, str) or not np.iterable(given)
        names = [given] if one else list(given)
        if not is_auto(given) and not all(_is_regulariser(name) for name in names):
            raise ValueError(
                f"regulariser must be 'auto', {_KNOWN}, or one of the latter per element, but "
                f"{given!r} was given."
            )

    @property
    def chooses_lambdas(self):
        """Whether lambdas, and with them regularisers, are chosen from the data."""
        return is_auto(self.lambdas)

    @property
    def splits_counts(self):
        """Whether halves of the counts are needed: to compare predictions of one by the other."""
        return self.chooses_lambdas or self.shares_structure

    @property
    def shares_structure(self):
        """Whether maps may follow those of other elements."""
        return self.chooses_lambdas if is_auto(self.share_structure) else self.share_structure

    @property
    def chooses_gamma(self):
        """Whether gamma is chosen from the data."""
        return is_auto(self.gamma)

    @property
    def gammas(self):
        """Exponents to choose from."""
        return GAMMAS if self.chooses_gamma else (self.gamma,)

    @property
    def fits_weights(self):
        """Whether HAADF weights are fitted, or a common factor of them."""
        return isinstance(self.weights, str)

    @property
    def chooses_blur(self):
        """Whether the blur of the HAADF is chosen from the data."""
        return is_auto(self.haadf_blur)

    @property
    def chooses_totals(self):
        """Whether the data determine which totals are kept."""
        return is_auto(self.keep_totals)

    def check_number_of(self, names):
        """Refuse lists that do not have one value per map."""
        if not self.chooses_lambdas:
            self.lambdas_of(len(names))
        self.weights_of(len(names))
        self.candidates(len(names))

    def lambdas_of(self, n_maps):
        """Return lambda_1 and lambda_2, given by hand, with one value per element."""
        return checked_lambdas(self.lambdas, n_maps)

    def candidates(self, n_maps):
        """Return the names of the regularisers that each element may have, the default first."""
        given = self.regulariser
        names = [given] * n_maps if isinstance(given, str) else list(given)
        if len(names) != n_maps:
            raise ValueError(
                f"regulariser must be 'auto', {_KNOWN}, or {n_maps} of the latter, one per "
                f"element, but {given!r} was given."
            )
        return tuple(CHOICES.get(name, (name,)) for name in names)

    def compile_ahead(self, n_maps):
        """Start to compile the kernels for fusions of ``n_maps`` elements before there are maps."""
        candidates = self.candidates(n_maps)
        if not self.chooses_lambdas:
            candidates = tuple(names[:1] for names in candidates)
        functions = [run_late]
        if are_sieves(sum(candidates, ())).any():
            functions.append(run_sieve)
        if self.keep_significant:
            functions.append(run_tests)
        compile_ahead(functions)

    def weights_of(self, n_maps):
        """Return "auto", "Z", None or an array with one weight per element."""
        if self.weights is None or isinstance(self.weights, str):
            return self.weights
        return per_element("weights", self.weights, n_maps, low=0, include_low=True)


def _is_regulariser(value):
    return isinstance(value, str) and value in _NAMES


def _number_or_auto(name, value, include_zero):
    """Return "auto" or a checked number."""
    if is_auto(value):
        return value
    if isinstance(value, str):
        raise ValueError(f"{name} must be 'auto' or a number, but {value!r} was given.")
    return checked_number(name, value, low=0, include_low=include_zero)


def shows_progress(show):
    """Return whether to show a progress bar; None follows HyperSpy's preferences."""
    import hyperspy.api as hs

    if checked_flag("show_progressbar", show, None) is None:
        return bool(hs.preferences.General.show_progressbar)
    return bool(show)


def check_map_method(map_method, background_windows, extra_lines, known=("fit", "windows")):
    """Refuse an unknown ``map_method``, and arguments that belong to the other method."""
    if not isinstance(map_method, str) or map_method not in known:
        names = " or ".join(repr(name) for name in known)
        raise ValueError(f"map_method must be {names}, but {map_method!r} was given.")
    automatic = is_auto(background_windows)
    if map_method == "fit" and not automatic:
        raise ValueError(
            "background_windows belong to map_method='windows', but map_method is 'fit', which "
            "fits the background. Set map_method='windows', or leave background_windows out."
        )
    if map_method == "windows" and extra_lines is not None:
        raise ValueError(
            "extra_lines belong to map_method='fit', but map_method is 'windows'. Leave one of "
            "them out."
        )


def _length(lambdas):
    """Return the number of elements in a pair of lambdas, or 1 if the values are common to all."""
    if np.iterable(lambdas):
        for value in lambdas:
            if np.iterable(value) and not isinstance(value, str):
                return len(list(value))
    return 1
