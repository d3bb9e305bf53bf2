"""`multimodal_fusion_interactive` of EDS and EELS spectrum images.

eXSpy imports this module during its own import, so other imports are deferred to the first call.
"""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING

from ..signals.keywords import explain_missing

if TYPE_CHECKING:
    from typing import Any

    from ..hints import Auto, Image, Lambdas
    from .tuner import Tuner

# Arguments of `multimodal_fusion` that tuning does not accept: they concern only the result, or
# would differ between preview and final fusion.
_OTHERS = {
    "self", "haadf", "gamma", "lambdas", "regulariser", "align", "tolerance", "max_iterations",
    "keep_significant", "share_structure", "uncertainty", "slices", "maps", "lazy_output",
    "show_progressbar", "full_output",
}  # fmt: skip
# Arguments that do not concern how spectra are read.
_SHARED = ("weights", "haadf_blur", "keep_totals", "seed")


@explain_missing
def multimodal_fusion_interactive(
    self,
    haadf: Image,
    gamma: float | Auto = "auto",
    lambdas: Lambdas = "auto",
    *,
    show_progressbar: bool | None = None,
    **arguments: Any,
) -> Tuner:
    """Tune the fusion parameters by hand in Jupyter, and apply them to the whole scan.

    The sliders for gamma, lambda_1 and lambda_2 start at the values that ``lambdas="auto"``
    chooses, or at the given values. "Change" selects whether changes to the lambdas and the
    regulariser apply to all elements or to a single one. A rectangle on the HAADF selects a region.
    After each change, this region is fused again and displayed with its raw maps and the HAADF
    residual. "Auto" repeats the automatic choice, "Undo" returns to the previous parameters, and
    "Apply to all" fuses the whole scan. The maps of the whole scan are then available as ``maps``
    of the returned object. Verdicts and messages appear beside the HAADF. The line of code below
    the picture gives the same result without widgets.

    Parameters
    ----------
    haadf : Signal2D, BaseSignal or array_like
        HAADF image of the scan, as in `multimodal_fusion`.
    gamma : float or "auto"
        Initial value. Default "auto".
    lambdas : "auto" or tuple of (float, float)
        Initial values. "auto" (default) takes a few seconds, as in `multimodal_fusion`. With values
        such as (0.01, 0.02), the widgets appear immediately.
    show_progressbar : None or bool
        Whether to show a progress bar when the whole scan is fused. None (default) follows
        HyperSpy's preferences.
    **arguments
        Arguments of `multimodal_fusion` that specify how spectra are read (``xray_lines`` or
        ``edges``, ``map_method``, ``integration_windows`` and others), ``weights``, ``haadf_blur``,
        ``keep_totals``, ``navigation_mask`` and ``seed``. They apply to both the preview and the
        final fusion.

    Returns
    -------
    hyperspy_multimodal.interactive.Tuner
        An ipywidget for Jupyter. After "Apply to all", ``maps`` and ``output`` contain the results
        for the whole scan. ``parameters`` contains the arguments of `multimodal_fusion` that
        correspond to the current widgets.

    Raises
    ------
    ImportError
        If ipywidgets or ipympl is not installed.
    TypeError, ValueError
        As for `multimodal_fusion`, and if the signal is a stack or an argument cannot be tuned.

    See Also
    --------
    multimodal_fusion

    Notes
    -----
    Counts are read once and kept as maps; a lazy signal is read chunk by chunk. The preview is a
    fusion of the region only, to a relative optimality gap of 2e-3. It uses the HAADF model of the
    whole scan and the totals measured in the region. Near the border of the region, the preview
    differs from the fusion of the whole scan, which also uses pixels outside the region. A first
    picture appears after 60 iterations; the fusion then continues until a setting is changed. The
    raw and fused maps of an element share one colour scale, from 0 to the 99.8th percentile of the
    fused map. In the line of code, large arrays and signals are represented by the names of their
    arguments.

    Examples
    --------
    In a notebook:

    >>> from hyperspy_multimodal.data import core_shell
    >>> specimen = core_shell((32, 32))
    >>> tuner = specimen.signal.multimodal_fusion_interactive(
    ...     specimen.haadf, gamma=1, lambdas=(0.01, 0.02), show_progressbar=False
    ... )  # doctest: +SKIP
    >>> tuner  # shows the widgets  # doctest: +SKIP
    >>> tuner.maps  # in a later cell, after "Apply to all"  # doctest: +SKIP
    """
    from ..modalities import modality_of

    module = importlib.import_module(modality_of(self).module)
    _check_arguments(module, arguments)
    manager = self.axes_manager
    if manager.navigation_dimension > 2:
        raise ValueError(
            f"A stack with {manager.navigation_dimension} navigation axes cannot be tuned. Tune "
            "one slice, s.inav[:, :, 0], and pass its parameters to multimodal_fusion."
        )
    if manager.navigation_dimension == 1 and manager.signal_dimension == 1:
        raise ValueError(
            "A line of spectra cannot be tuned, as there is no map to show. Call "
            "s.multimodal_fusion(haadf) with the HAADF along the line."
        )
    try:
        from .tuner import Tuner
    except ImportError as error:
        raise ImportError(
            f"multimodal_fusion_interactive needs ipywidgets and ipympl, but {error.name} is not "
            'installed. In the clone of this package type: pip install ".[gui]"'
        ) from error
    from ..recovery.parameters import Parameters
    from ..signals.as_found import tidied
    from ..signals.native import image_name
    from .line_of_code import call
    from .session import TuningSession
    from .shown_warnings import package_warnings

    parameters = Parameters(
        gamma=gamma,
        lambdas=lambdas,
        regulariser="auto",
        weights=arguments.get("weights", "auto"),
        haadf_blur=arguments.get("haadf_blur", "auto"),
        align=False,
        keep_totals=arguments.get("keep_totals", "auto"),
        keep_significant=True,
        share_structure="auto",
        tolerance=1e-4,
        max_iterations=5000,
        seed=arguments.get("seed", 0),
        uncertainty=False,
        show_progressbar=show_progressbar,
        full_output=True,
    ).checked()
    reading = {
        name: value
        for name, value in arguments.items()
        if name not in (*_SHARED, "navigation_mask")
    }
    spectra = tidied(self, haadf)
    image, mask = spectra.haadf_of(haadf)
    with package_warnings() as warnings:
        scan = module.scan_of(spectra.signal, image, **reading)
        mask = spectra.mask_of(arguments.get("navigation_mask"), mask)
        session = TuningSession(scan, parameters, mask, image_name(haadf))

    def apply(tuned):
        options = {"full_output": True, "lazy_output": False, "show_progressbar": show_progressbar}
        return self.multimodal_fusion(haadf, **{**arguments, **tuned, **options})

    def line(tuned):
        fixed = {name: value for name, value in arguments.items() if name not in tuned}
        return call({**tuned, **fixed})

    return Tuner(session, apply, line, scan.quantity, warnings)


def _check_arguments(module, arguments):
    """Raise an error for arguments that are unknown or that cannot be used for tuning."""
    known = [
        name
        for name in inspect.signature(module.multimodal_fusion).parameters
        if name not in _OTHERS
    ]
    for name in arguments:
        if name not in known:
            raise TypeError(
                f"multimodal_fusion_interactive takes {', '.join(known)} in addition to haadf, "
                f"gamma and lambdas, but {name!r} was given. Pass arguments that concern only the "
                "result to multimodal_fusion afterwards, with the parameters of the tuner."
            )
