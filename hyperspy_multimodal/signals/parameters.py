"""Parameters that every fusion method shares, checked before any data are read."""

from dataclasses import dataclass, replace

import numpy as np

from ..fusion.checks import checked_count, checked_lambdas, checked_number, per_element


@dataclass(frozen=True)
class Parameters:
    """The arguments of a fusion, as they were given."""

    gamma: float
    lambdas: object
    weights: object
    keep_totals: bool
    tolerance: float
    max_iterations: int
    seed: int
    show_progressbar: bool | None
    full_output: bool

    def checked(self):
        """Return a copy in which all that does not depend on the number of maps is checked."""
        if isinstance(self.lambdas, str):
            if self.lambdas != "auto":
                raise ValueError(
                    "lambdas must be 'auto' or a pair (lambda_1, lambda_2), but "
                    f"{self.lambdas!r} was given."
                )
        else:
            lambdas = self.lambdas
            checked_lambdas(lambdas, _length(lambdas))
        if isinstance(self.weights, str) and self.weights != "auto":
            raise ValueError(
                "weights must be 'auto', None or one number >= 0 an element, but "
                f"{self.weights!r} was given."
            )
        for name in ("keep_totals", "full_output"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(
                    f"{name} must be True or False, but {getattr(self, name)!r} was given."
                )
        seed = self.seed
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
            raise ValueError(f"seed must be an integer >= 0, but {seed!r} was given.")
        return replace(
            self,
            gamma=checked_number("gamma", self.gamma, low=0, include_low=False),
            tolerance=checked_number("tolerance", self.tolerance, low=0, include_low=False),
            max_iterations=checked_count("max_iterations", self.max_iterations),
            seed=int(seed),
            show_progressbar=shows_progress(self.show_progressbar),
        )

    def lambdas_of(self, n_maps):
        """Return lambda_1 and lambda_2, given by hand, with one value an element."""
        return checked_lambdas(self.lambdas, n_maps)

    def weights_of(self, n_maps):
        """Return "auto", None or an array with one weight an element."""
        if self.weights is None or isinstance(self.weights, str):
            return self.weights
        return per_element("weights", self.weights, n_maps, low=0, include_low=True)


def shows_progress(show):
    """Return whether to show a progress bar; None follows HyperSpy's preferences."""
    import hyperspy.api as hs

    if show is None:
        return bool(hs.preferences.General.show_progressbar)
    if not isinstance(show, bool):
        raise TypeError(f"show_progressbar must be True, False or None, but {show!r} was given.")
    return show


def check_map_method(map_method, background_windows, extra_lines):
    """Refuse an unknown ``map_method``, and arguments that belong to the other."""
    if not isinstance(map_method, str) or map_method not in ("fit", "windows"):
        raise ValueError(f"map_method must be 'fit' or 'windows', but {map_method!r} was given.")
    automatic = isinstance(background_windows, str) and background_windows == "auto"
    if map_method == "fit" and not automatic:
        raise ValueError(
            "background_windows belong to map_method='windows', but map_method is 'fit', which "
            "fits the background. Add map_method='windows', or leave background_windows out."
        )
    if map_method == "windows" and extra_lines is not None:
        raise ValueError(
            "extra_lines belong to map_method='fit', but map_method is 'windows'. Leave one of "
            "them out."
        )


def _length(lambdas):
    """Return the number of elements that a pair of lambdas speaks of, 1 if it speaks of none."""
    if np.iterable(lambdas):
        for value in lambdas:
            if np.iterable(value) and not isinstance(value, str):
                return len(list(value))
    return 1
