"""`multimodal_fusion` of EDS spectrum images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..given.maps_argument import or_given_maps
from ..signals.as_found import as_found
from ..signals.docstrings import fill_docstring
from ..signals.keywords import explain_keywords
from ..signals.stacks import over_slices
from ..signals.summed_up import summed_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from numpy.typing import ArrayLike

    from ..hints import Auto, Image, Lambdas, Maps, Regularisers, Results, Weights


@explain_keywords
@summed_up
@as_found
@or_given_maps
@over_slices
@fill_docstring(counts="counts", values="spectra", guide="[2]_")
def multimodal_fusion(
    self,
    haadf: Image,
    gamma: float | Auto = 1.7,
    lambdas: Lambdas = "auto",
    *,
    xray_lines: Sequence[str] | None = None,
    map_method: Literal["fit", "windows"] = "fit",
    integration_windows: float | ArrayLike = 2.0,
    background_windows: Auto | ArrayLike | None = "auto",
    extra_lines: Sequence[str] | None = None,
    regulariser: Regularisers = "auto",
    weights: Weights = "auto",
    haadf_blur: float | Auto = "auto",
    align: bool = False,
    keep_totals: bool | Auto = "auto",
    keep_significant: bool = True,
    share_structure: bool | Auto = "auto",
    tolerance: float = 1e-4,
    max_iterations: int = 5000,
    seed: int = 0,
    uncertainty: bool = False,
    navigation_mask: Image | None = None,
    slices: Literal["each", "shared"] = "each",
    maps: Maps | None = None,
    lazy_output: bool | None = None,
    show_progressbar: bool | None = None,
    full_output: bool = False,
) -> Results:
    r"""Compute elemental maps by fusing the spectrum image with the HAADF image of the same scan.

    The net counts :math:`x_i \ge 0` of all elements are estimated jointly by minimising [1]_

    $cost

    where h is the normalised HAADF, :math:`c_0` is the brightness of the HAADF where none of
    the elements is present, :math:`w_i` is the HAADF weight of an element, and :math:`s_i` is the
    scale of its map, a value typical of its bright pixels. :math:`\gamma` (``gamma``) is the
    exponent of the maps in the HAADF model. y are the gross counts, B is their expected background,
    and TV is the total variation of each map. :math:`\lambda_1` and :math:`\lambda_2` (``lambdas``)
    are the weights of the Poisson term, which measures the misfit to the counts, and of the
    regulariser.

    Parameters
    ----------
    $haadf
    $gamma
    $lambdas
        "auto" requires integer counts.
    xray_lines : None or list of str
        X-ray lines to map, such as ``["Ti_Ka", "O_Ka"]``, in upper or lower case. An element symbol
        stands for its default line. None (default) uses the lines in ``metadata.Sample``.
    map_method : "fit" or "windows"
        How counts are extracted from the spectra: by fitting all lines of all elements and the
        continuum (default; see `hyperspy_multimodal.fit_maps`), or by summing one window per
        line.
    integration_windows : float or array_like
        Width of the integration windows in units of the FWHM of each line (default 2), or an array
        with one row (left, right) per line, in units of the energy axis. With ``map_method="fit"``,
        the fitted intensities, too, are scaled to the counts of the element within this window.
    background_windows : "auto", None or array_like
        Only for ``map_method="windows"``: windows adjacent to the lines, from which the expected
        background is estimated. "auto" (default) uses ``estimate_background_windows``. An array has
        one row (left, right, left, right) per line. With None, no background is subtracted.
    extra_lines : None or list of str
        Only for ``map_method="fit"``: elements, or their lines, that are present in the spectra but
        not mapped, such as ``["Cu"]`` for a copper grid.
    $regulariser
    $weights
    $haadf_blur
    $align
    $keep_totals
    $keep_significant
    $share_structure
    $tolerance
    $max_iterations
    $seed
    $uncertainty
    $navigation_mask
    $slices
    $maps
    $lazy_output
    $show_progressbar
    $full_output

    Returns
    -------
    maps : list of BaseSignal
        One map per line, in the order of ``xray_lines`` (or of the metadata), with the same axes,
        class, units (counts) and metadata structure as maps from ``get_lines_intensity``.
        ``metadata.Multimodal_fusion`` records all parameters and assumptions.
    $output

        ``spectrum_fit``: for ``map_method="fit"``, the output of `hyperspy_multimodal.fit_maps`.

    Raises
    ------
    $raises

    See Also
    --------
    get_lines_intensity, estimate_background_windows, quantification
    hyperspy_multimodal.fit_maps : The raw maps of ``map_method="fit"``, with their variance.
    hyperspy_multimodal.solve_fusion : Minimise the same cost for arrays.

    Notes
    -----
    $large_scans

    When the maps of a lazy signal are computed, the signal is read chunk by chunk: once, or twice
    with ``map_method="fit"``. Each map is fused as a whole. For fitted counts z, the cost is
    evaluated with y = z + 2v and B = 2v, where v is the variance in excess of the Poisson variance.
    Using 2v rather than v means that fewer values are clipped at zero. The maps are thus modelled
    by a shifted Poisson distribution, with z in units such that its Poisson variance equals z.

    References
    ----------
    .. [1] $published_cost
    .. [2] $directional_tv

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> specimen = core_shell((32, 32), counts=5)
    >>> maps = specimen.signal.multimodal_fusion(specimen.haadf, gamma=1, show_progressbar=False)
    >>> [m.metadata.Sample.xray_lines[0] for m in maps]
    ['Co_Ka', 'O_Ka', 'S_Ka']
    """
    from ..recovery.parameters import Parameters
    from ..signals.scan import fuse_spectra

    parameters = Parameters(
        gamma=gamma,
        lambdas=lambdas,
        regulariser=regulariser,
        weights=weights,
        haadf_blur=haadf_blur,
        align=align,
        keep_totals=keep_totals,
        keep_significant=keep_significant,
        share_structure=share_structure,
        tolerance=tolerance,
        max_iterations=max_iterations,
        seed=seed,
        uncertainty=uncertainty,
        show_progressbar=show_progressbar,
        full_output=full_output,
    ).checked()
    scan = scan_of(
        self,
        haadf,
        xray_lines=xray_lines,
        map_method=map_method,
        integration_windows=integration_windows,
        background_windows=background_windows,
        extra_lines=extra_lines,
    )
    return fuse_spectra(
        scan, parameters=parameters, navigation_mask=navigation_mask, lazy_output=lazy_output
    )


def scan_of(
    signal,
    haadf,
    *,
    xray_lines=None,
    map_method="fit",
    integration_windows=2.0,
    background_windows="auto",
    extra_lines=None,
):
    """Return the `Scan` of an EDS spectrum image; arguments as those of `multimodal_fusion`."""
    from ..physics.scattering import xray_scattering
    from ..recovery.parameters import check_map_method
    from ..signals.haadf_image import haadf_array
    from ..signals.scan import Scan
    from .fit_maps import output_of
    from .xray_fit import plan_fit
    from .xray_windows import line_titles, plan_windows

    haadf = haadf_array(haadf, signal)
    check_map_method(map_method, background_windows, extra_lines)
    if map_method == "fit":
        plan = plan_fit(signal, xray_lines, integration_windows, extra_lines)
    else:
        plan = plan_windows(signal, xray_lines, integration_windows, background_windows)
    return Scan(
        signal,
        haadf,
        plan,
        item="xray_lines",
        titles=line_titles(signal, plan.names),
        per_count=xray_scattering(signal, plan.names, plan.windows),
        known={"map_method": map_method},
        output_of=output_of if map_method == "fit" else None,
    )
