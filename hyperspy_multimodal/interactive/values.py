"""Values of the widgets of the tuner, and the corresponding arguments of `multimodal_fusion`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..fusion.regularisers import REGULARISERS

# lambda_1 on the slider if the HAADF is left out; only ratios of lambdas matter in this case.
_LAMBDA_1 = 0.01
#: Options for the regulariser: as chosen for each element, or the same for all.
KINDS = ("as chosen", *REGULARISERS)


@dataclass(frozen=True)
class Values:
    """Values of the widgets.

    Parameters
    ----------
    gamma, lambda_1, lambda_2 : float
        As in `multimodal_fusion`, for all elements.
    kind : str
        One of `KINDS`.
    uses_brightness : bool
        Whether the cost includes the HAADF term.
    balance : tuple of tuple of (float, float)
        Pair of factors for each element, by which lambda_1 and lambda_2 are multiplied. They result
        from the automatic choice, which chooses lambdas separately for each element, from the given
        lambdas, or from changes to a single element.
    regularisers : tuple of str
        Regulariser of each element that applies if ``kind`` is "as chosen".
    blur : float
        Blur of the HAADF in pixels, which does not change with gamma.
    weights : tuple of float, "auto" or None
        HAADF weights that replace the initial ones: those chosen automatically for this gamma, or
        "auto" if weights of 0 were given but the HAADF is to be used. None: the initial weights.
    """

    gamma: float
    lambda_1: float
    lambda_2: float
    kind: str
    uses_brightness: bool
    balance: tuple
    regularisers: tuple
    blur: float
    weights: tuple | str | None = None

    def lambdas(self):
        """Return lambda_1 and lambda_2 of each element, to four digits, with shape (2, K)."""
        middles = np.array([[self.lambda_1], [self.lambda_2]])
        return np.vectorize(_rounded)(middles * np.array(self.balance, float).T)

    def arguments(self):
        """Return the corresponding arguments of `multimodal_fusion`."""
        lambda_1, lambda_2 = self.lambdas()
        given = {
            "gamma": _rounded(self.gamma),
            "lambdas": (_short(lambda_1), _short(lambda_2)),
            "regulariser": list(self.kinds()),
            "haadf_blur": self.blur,
        }
        if len(set(given["regulariser"])) == 1:
            given["regulariser"] = given["regulariser"][0]
        if self.weights is not None:
            given["weights"] = self.weights if self.weights == "auto" else list(self.weights)
        if not self.uses_brightness:
            given["weights"] = [0] * len(lambda_1)
        return given

    def changed(self, name, value, element=None):
        """Return a copy with the change of one widget applied.

        Parameters
        ----------
        name : str
            Name of the field.
        value : object
            New value.
        element : int or None
            Index of the element, or None to change all elements. Only ``lambda_1``, ``lambda_2``
            and ``kind`` can differ between elements.
        """
        if element is not None and name in ("lambda_1", "lambda_2"):
            return replace(self, balance=self._balanced(name, value, element))
        if element is not None and name == "kind":
            own = list(self.kinds())
            own[element] = value
            return replace(self, kind=KINDS[0], regularisers=tuple(own))
        changes = {name: value}
        if name == "gamma" and self.weights != "auto":
            changes["weights"] = None  # they were chosen for the former one
        if name == "lambda_2" and not any(second for _, second in self.balance):
            changes["balance"] = tuple((first, 1.0) for first, _ in self.balance)  # it was 0
        return replace(self, **changes)

    def kinds(self):
        """Return the regulariser of each element."""
        if self.kind == KINDS[0]:
            return self.regularisers
        return (self.kind,) * len(self.regularisers)

    def shown(self, name, element=None):
        """Return the value that the slider of a lambda shows, for one element or for all."""
        middle = getattr(self, name)
        own = self.balance[element][name == "lambda_2"] if element is not None else 1.0
        return middle * own if own else middle  # a logarithmic slider has no 0

    def _balanced(self, name, value, element):
        """Return the balance after a change of one lambda of one element."""
        balance = [list(pair) for pair in self.balance]
        balance[element][name == "lambda_2"] = value / getattr(self, name)
        return tuple(map(tuple, balance))


def values_of(output):
    """Return the `Values` that correspond to a ``full_output``."""
    lambda_1, lambda_2 = np.array(output["lambda_1"]), np.array(output["lambda_2"])
    if not output["uses_brightness"]:  # then only their ratios matter
        lambda_2, lambda_1 = _LAMBDA_1 * lambda_2 / lambda_1, np.full(lambda_1.shape, _LAMBDA_1)
    smooth = lambda_2[lambda_2 > 0]
    middle = lambda_1.min(), np.exp(np.log(smooth).mean()) if smooth.size else 2 * lambda_1.min()
    return Values(
        gamma=output["gamma"],
        lambda_1=float(middle[0]),
        lambda_2=float(middle[1]),
        kind=KINDS[0],
        uses_brightness=output["uses_brightness"],
        balance=tuple(zip(lambda_1 / middle[0], lambda_2 / middle[1], strict=True)),
        regularisers=tuple(output["regularisers"]),
        blur=float(output["haadf_blur"]),
    )


def _rounded(value):
    """Return a number with four significant digits."""
    return float(f"{value:.4g}")


def _short(values):
    """Return one number, or a list of them."""
    numbers = [float(value) for value in values]
    return numbers[0] if len(set(numbers)) == 1 else numbers
