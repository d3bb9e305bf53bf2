"""Types that the hints of several functions share.

Only type checkers import this module: what it imports takes seconds.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from hyperspy.signal import BaseSignal
from numpy.typing import ArrayLike, NDArray

Auto: TypeAlias = Literal["auto"]
Image: TypeAlias = BaseSignal | ArrayLike
PerElement: TypeAlias = float | Sequence[float] | NDArray
PerMap: TypeAlias = PerElement | Mapping[str, float]
Lambdas: TypeAlias = Auto | tuple[PerElement, PerElement]
Regulariser: TypeAlias = Literal[
    "directional", "isotropic", "sieve", "smooth", "directional tgv", "tgv"
]
_Choice: TypeAlias = Literal["tv", "huber", "directional huber"] | Regulariser
Regularisers: TypeAlias = Auto | _Choice | Sequence[_Choice]
Weights: TypeAlias = Literal["auto", "Z"] | Sequence[float] | NDArray | None
Maps: TypeAlias = (
    Sequence[BaseSignal | NDArray] | Mapping[str, BaseSignal | NDArray] | BaseSignal | NDArray
)
Output: TypeAlias = dict[str, Any]
Results: TypeAlias = list[BaseSignal] | tuple[list[BaseSignal], Output]
