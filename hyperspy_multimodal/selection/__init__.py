"""What the data say about the free parameters: HAADF model and lambdas."""

from .count_splitting import Choice, choose_lambdas
from .haadf_model import HaadfModel, fit_haadf_model, normalise_haadf

__all__ = ["Choice", "HaadfModel", "choose_lambdas", "fit_haadf_model", "normalise_haadf"]
