"""From element maps and HAADF to fused signals: model, lambdas, solve, results."""

import logging

import numpy as np
from hyperspy.signals import Signal1D

from .. import __version__
from ..fusion.scaled import fuse_scaled
from ..fusion.solver import warn_if_unconverged
from ..selection import choose_lambdas, fit_haadf_model, normalise_haadf
from .native import image
from .progress import Progress

_logger = logging.getLogger(__name__)

_POOR_R_SQUARED = 0.2
_FLAT = 0.02


def fuse(signal, maps, haadf, atomic_numbers, parameters):
    """Fuse measured maps with a HAADF image.

    Parameters
    ----------
    signal : BaseSignal
        Spectrum image that the maps come from.
    maps : ElementMaps
        Measured maps.
    haadf : numpy.ndarray
        HAADF image, shape (ny, nx).
    atomic_numbers : list of int
        Z of each map's element.
    parameters : Parameters
        Checked parameters.

    Returns
    -------
    fused : numpy.ndarray
        Fused maps in counts, shape (K, ny, nx).
    record : dict
        Every parameter, given or chosen, in types that metadata can hold.
    output : dict
        The ``full_output`` of the method, but for what concerns its own maps.
    """
    automatic = isinstance(parameters.lambdas, str)
    if automatic and not (maps.are_integers or maps.splits_rounded):
        raise ValueError(
            "lambdas='auto' splits the counts into two halves and needs whole counts, but the "
            "spectra hold fractions. Give the counts as recorded, or lambdas=(lambda_1, lambda_2)."
        )
    if maps.are_integers and maps.common_factor > 1:
        _logger.warning(
            "All counts are multiples of %d, as if they had been scaled. Poisson noise is then "
            "underestimated: give the counts as recorded.",
            maps.common_factor,
        )
    n_maps = len(maps.names)
    lambdas = None if automatic else parameters.lambdas_of(n_maps)
    normalised, lowest_offset = normalise_haadf(haadf)
    model = fit_haadf_model(
        maps,
        normalised,
        lowest_offset,
        parameters.gamma,
        atomic_numbers,
        parameters.weights_of(n_maps),
    )
    table = []
    uses_haadf = model.has_weights
    with Progress("Fusing", parameters.show_progressbar) as progress:
        if automatic:
            choice = choose_lambdas(
                maps,
                normalised,
                model,
                parameters.gamma,
                parameters.seed,
                parameters.keep_totals,
                progress.step,
            )
            lambdas = choice.lambda_1, choice.lambda_2
            table = choice.table
            uses_haadf = choice.uses_haadf
        weights = model.weights * uses_haadf
        result = fuse_scaled(
            maps.counts,
            maps.background,
            normalised,
            scales=model.scales,
            weights=weights,
            offset=model.offset,
            gamma=parameters.gamma,
            lambda_1=lambdas[0],
            lambda_2=lambdas[1],
            totals=maps.totals if parameters.keep_totals else None,
            tolerance=parameters.tolerance,
            max_iterations=parameters.max_iterations,
            callback=progress.callback,
        )
    warn_if_unconverged(result, parameters.tolerance)
    if automatic and not uses_haadf:
        _logger.warning(
            "At gamma = %g the HAADF does not help to predict held-out counts, so it is left out: "
            "the maps come from their counts alone. Either the counts are too few to tell, or "
            "another gamma fits better, or the image is turned, shifted or of another scan.",
            parameters.gamma,
        )
    if uses_haadf and model.r_squared < _POOR_R_SQUARED:
        _logger.warning(
            "The maps explain only %.0f %% of the HAADF's variance at gamma = %g. Check that the "
            "image is of this scan, and compare `haadf_residual` of full_output.",
            100 * max(model.r_squared, 0),
            parameters.gamma,
        )
    for name, fused in zip(maps.names, result.maps, strict=True):
        if np.ptp(fused) < _FLAT * fused.mean():
            _logger.warning("%s is flat: its counts show no structure beyond their noise.", name)
    gains = maps.gains
    modelled = model.offset + np.tensordot(
        weights, (result.maps / model.scales[:, None, None]) ** parameters.gamma, axes=1
    )
    shown = {
        "gamma": parameters.gamma,
        "lambda_1": np.broadcast_to(lambdas[0], n_maps).tolist(),
        "lambda_2": np.broadcast_to(lambdas[1], n_maps).tolist(),
        "lambdas_chosen": automatic,
        "uses_haadf": uses_haadf,
        "weights": weights.tolist(),
        "weights_fitted": isinstance(parameters.weights, str),
        "offset": model.offset,
        "scales": (gains * model.scales).tolist(),
        "r_squared": model.r_squared,
        "iterations": result.iterations,
        "converged": result.converged,
        "optimality": result.optimality,
    }
    record = {
        **shown,
        "keep_totals": parameters.keep_totals,
        "tolerance": parameters.tolerance,
        "max_iterations": parameters.max_iterations,
        "seed": parameters.seed,
        "version": __version__,
    }
    output = {
        **shown,
        "cost_terms": cost_signal(result),
        "haadf": image(signal, normalised, "HAADF, unit range"),
        "modelled_haadf": image(signal, modelled, "Modelled HAADF"),
        "haadf_residual": image(signal, normalised - modelled, "HAADF residual"),
        "selection": table,
    }
    return gains[:, None, None] * result.maps, record, output


def cost_signal(result):
    """Return the three cost terms by iteration as a Signal1D with three spectra."""
    cost = Signal1D(
        result.cost_terms,
        axes=[
            {"size": 3, "name": "Term: HAADF, Poisson, total variation", "navigate": True},
            {"axis": result.cost_iterations, "name": "Iteration", "navigate": False},
        ],
    )
    cost.metadata.General.title = "Cost terms by iteration"
    cost.metadata.set_item("Signal.quantity", "Cost")
    return cost
