"""The signals of ``full_output``."""

from hyperspy.signals import Signal1D

from .native import image

#: Titles of the images of ``full_output``.
IMAGES = {
    "haadf": "HAADF, normalised",
    "modelled_haadf": "Modelled HAADF",
    "haadf_residual": "HAADF residual",
}


def output_signals(fused, signal):
    """Return the ``full_output`` of a fusion, except the parts specific to its maps.

    Parameters
    ----------
    fused : Fused
        Result of the fusion.
    signal : BaseSignal
        Spectrum image or map, which determines the axes of the images.
    """
    images = {name: image(signal, each, IMAGES[name]) for name, each in fused.images.items()}
    return {**fused.numbers, "cost_terms": cost_signal(*fused.cost), **images}


def cost_signal(iterations, terms):
    """Return the three cost terms by iteration as a Signal1D with three spectra."""
    cost = Signal1D(
        terms,
        axes=[
            {"size": 3, "name": "Term: HAADF, Poisson, total variation", "navigate": True},
            {"axis": iterations, "name": "Iteration", "navigate": False},
        ],
    )
    cost.metadata.General.title = "Cost terms by iteration"
    cost.metadata.set_item("Signal.quantity", "Cost")
    return cost
