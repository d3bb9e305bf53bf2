"""`multimodal_fusion` of EELS spectrum images."""

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
@fill_docstring(counts="electrons", values="spectra", guide="[4]_")
def multimodal_fusion(
    self,
    haadf: Image,
    gamma: float | Auto = 1.7,
    lambdas: Lambdas = "auto",
    *,
    edges: Sequence[str] | None = None,
    map_method: Literal["auto", "windows", "fit"] = "auto",
    integration_windows: Auto | ArrayLike | None = None,
    background_windows: Auto | ArrayLike | None = "auto",
    background_type: str = "PowerLaw",
    gain: float | None = None,
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

    The net electrons :math:`x_i \ge 0` at the edges of all elements are estimated jointly by
    minimising [1]_

    $cost

    where h is the normalised HAADF, :math:`c_0` is the brightness of the HAADF where none of
    the elements is present, :math:`w_i` is the HAADF weight of an element, and :math:`s_i` is the
    scale of its map, a value typical of its bright pixels. :math:`\gamma` (``gamma``) is the
    exponent of the maps in the HAADF model. y are the electrons in the integration windows, B is
    their expected background, and TV is the total variation of each map. :math:`\lambda_1` and
    :math:`\lambda_2` (``lambdas``) are the weights of the Poisson term, which measures the misfit
    to the electrons, and of the regulariser.

    Parameters
    ----------
    $haadf
    $gamma
    $lambdas
    edges : None or list of str
        Edges to map, such as ``["Cu_L3", "Zn_L3"]``, in upper or lower case. An element symbol
        stands for its default edge. None (default) uses, for each element of the signal (see
        ``add_elements``), the major edge with the lowest onset whose windows lie within the energy
        axis, in the order of the onsets.
    map_method : "auto", "windows" or "fit"
        How electrons are extracted from the spectra. "windows": by summing one window per edge,
        above a background extrapolated from below the edge. "fit": by fitting hydrogenic edges and
        white lines above a common power-law background, for K and L edges of thin specimens. A fit
        separates an edge from the tail of the previous one. It requires the beam energy,
        convergence angle and collection angle in the metadata, at least 4 channels below the lowest
        edge, and counts without background subtraction. The signal must list all elements with
        edges on the axis, mapped or not. "auto" (default): a fit if an element of the signal has an
        edge on the axis below a mapped edge of a different element, if a fit is possible, and if
        ``background_windows`` and ``background_type`` have their default values; otherwise windows.
    integration_windows : None, "auto" or array_like
        Windows in which the counts of the edges are summed. With None or "auto" (default), each
        window starts at the onset and is 10 % of the onset energy wide (at least 5 channels), but
        ends where the next edge of a listed element starts, mapped or not. An array has one row
        (left, right) per edge, in units of the energy axis. Limits are rounded to whole channels.
    background_windows : "auto", None or array_like
        Only for ``map_method="windows"``: pre-edge windows, to which the background A E^-r is
        fitted. With "auto" (default), they are 10 % of the onset energy wide and end 1 % (at least
        2 channels) below the onset. If an edge of a listed element lies in such a window, the
        window starts above it where possible, and a warning is logged. An array has one row (left,
        right) per edge. No other edge should begin between such a window and the end of the
        integration window; otherwise, its electrons are also counted, and a warning is logged. With
        None, no background is subtracted.
    background_type : str
        Only for ``map_method="windows"``: shape of the background, as in HyperSpy's
        ``remove_background``. "PowerLaw" (default): A E^-r, with r from the neighbourhood of each
        pixel. "Exponential", "Offset", "Polynomial", "Gaussian", "Lorentzian", "Doniach",
        "SkewNormal", "SplitVoigt" and "Voigt" are fitted to the sum of all spectra before the edge
        and then scaled to each pixel.
    gain : None or float
        Counts per electron, > 0. None (default) uses ``gain_factor`` of
        ``metadata.Signal.Noise_properties.Variance_linear_model``. If this value is not set, the
        gain is assumed to be 1 if all counts are whole numbers. Otherwise, it is estimated from the
        noise, and a warning is logged. If the noise clearly contradicts the metadata or a gain of
        1, the gain estimated from the noise is used. A gain passed as an argument is always used,
        with a warning if the noise contradicts it by more than a factor of two. The noise floor of
        a camera (its noise without electrons) is estimated together with the gain and included in
        the variance. It is recorded as ``noise_floor``, in counts per channel.
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
        One map per edge, in the order of ``edges``, in the counts of the signal (electrons times
        gain), with its navigation axes and metadata.
        ``metadata.Multimodal_fusion`` records all parameters.
    $output

        ``gain``: counts per electron. ``spectrum_fit``: the summed spectrum with its fit, or with
        the backgrounds of the windows, for `hyperspy_multimodal.plot.plot_sum_spectrum`.

    Raises
    ------
    $raises

    See Also
    --------
    add_elements, edges_at_energy
    hyperspy_multimodal.solve_fusion : Minimise the same cost for arrays.

    Notes
    -----
    $large_scans

    For windows, the exponent r is determined by the two-area method [2]_, with the areas pooled
    over as many neighbours as are needed for a background accurate to 0.5 %. The amplitude A varies
    with the thickness, so it is pooled only where it changes by no more than its noise.

    Counts divided by the gain are treated as electrons, with Poisson statistics. The sums in the
    windows are rounded to whole electrons only when they are split for ``lambdas="auto"``. This
    adds 1/12 to the variance, which is negligible above a few electrons.

    A fit determines one exponent and one common shift of all edges, of at most 5 eV or two channels
    (whichever is more), from the summed spectrum. The cross-sections of the K and L shells come
    from eXSpy's hydrogenic model [3]_. L edges have white lines at L3 and L2 if the summed spectrum
    shows them clearly. Each is the sum of a Gaussian and a Lorentzian with free areas. All white
    lines have the same width, 1.5 to 10 eV, and the same distance from the onset, 0 to 6 eV. Their
    ratio to the edge is the same in every pixel. The model does not include other fine structure,
    plural scattering or shifts that differ between elements; a warning is logged if the fit
    deviates strongly from the summed spectrum. The amplitudes in each pixel are determined by
    weighted linear least squares and scaled to the electrons in the integration window. If the
    counts are not whole electrons, halves for ``lambdas="auto"`` are drawn with Gaussian noise. The
    record contains ``exponent``, ``edge_shift`` in eV, and ``white_lines``, the fraction of the
    electrons in each integration window that belongs to white lines.

    ``cross_sections`` in the record contains the hydrogenic cross-sections of the integration
    windows in barns, or None if they cannot be computed. Those of a fit include the fitted white
    lines.

    A lazy signal is read chunk by chunk, once (twice for a fit), when its maps are computed. Each
    map is fused as a whole.

    References
    ----------
    .. [1] $published_cost
    .. [2] R. F. Egerton, Electron Energy-Loss Spectroscopy in the Electron Microscope, 3rd ed.,
           Springer (2011), section 4.4.2.
    .. [3] The same, appendix B.
    .. [4] $directional_tv

    Examples
    --------
    A bar of titanium, simulated with a step for its edge, and its HAADF image:

    >>> import numpy as np
    >>> from exspy.signals import EELSSpectrum
    >>> energy = 350 + 2.0 * np.arange(100)
    >>> bar = np.zeros((16, 16))
    >>> bar[:, 5:11] = 1
    >>> expected = 40 * (energy / 400) ** -3 + bar[..., None] * 10 * (energy >= 456)
    >>> s = EELSSpectrum(np.random.default_rng(0).poisson(expected))
    >>> s.axes_manager[-1].offset, s.axes_manager[-1].scale = 350, 2
    >>> s.axes_manager[-1].units = "eV"
    >>> s.add_elements(("Ti",))
    >>> [ti] = s.multimodal_fusion(1 + bar, gamma=1, show_progressbar=False)
    >>> ti.metadata.Sample.edges
    ['Ti_L3']
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
        edges=edges,
        map_method=map_method,
        integration_windows=integration_windows,
        background_windows=background_windows,
        background_type=background_type,
        gain=gain,
    )
    return fuse_spectra(
        scan, parameters=parameters, navigation_mask=navigation_mask, lazy_output=lazy_output
    )


def scan_of(
    signal,
    haadf,
    *,
    edges=None,
    map_method="auto",
    integration_windows=None,
    background_windows="auto",
    background_type="PowerLaw",
    gain=None,
):
    """Return the `Scan` of an EELS spectrum image; arguments as those of `multimodal_fusion`."""
    from ..physics.edges import onset_energy
    from ..physics.microscope import microscope_of
    from ..physics.scattering import edge_cross_sections, edge_scattering, windows_in_ev
    from ..recovery.parameters import check_map_method
    from ..signals.haadf_image import haadf_array
    from ..signals.scan import Scan
    from .background_shape import POWER_LAW, checked_background_type
    from .edge_fit import plan_edge_fit
    from .edge_measurement import plan_edges
    from .possible_fit import refusal_of_fit, suits_fit
    from .sum_output import output_of

    haadf = haadf_array(haadf, signal)
    check_map_method(map_method, background_windows, None, ("auto", "windows", "fit"))
    background_type = checked_background_type(background_type)
    if map_method == "fit" and background_type != POWER_LAW:
        raise ValueError(
            f"map_method='fit' has a power law for background, but background_type is "
            f"{background_type!r}. Use map_method='windows'."
        )
    if map_method == "auto":
        automatic = isinstance(background_windows, str)
        automatic = automatic and background_type == POWER_LAW
        map_method = "fit" if automatic and suits_fit(signal, edges) else "windows"
    if map_method == "fit":
        plan = plan_edge_fit(signal, edges, integration_windows, gain)
    else:
        plan = plan_edges(
            signal,
            *(edges, integration_windows, background_windows, gain, background_type),
            can_fit=background_type == POWER_LAW and not refusal_of_fit(signal, edges),
        )
    onsets = [onset_energy(name) for name in plan.names]
    windows = windows_in_ev(signal, plan.windows)
    sections = edge_cross_sections(plan.names, windows, microscope_of(signal))
    if sections is not None and not min(sections) > 0:
        sections = None
    return Scan(
        signal,
        haadf,
        plan,
        item="edges",
        titles=[
            f"EELS edge intensity of {signal.metadata.General.title}: {edge} at {onset:.0f} eV"
            for edge, onset in zip(plan.names, onsets, strict=True)
        ],
        per_count=edge_scattering(signal, plan.names, plan.windows),
        known={
            "map_method": map_method,
            "onset_energies": onsets,
            "cross_sections": None if sections is None else sections.tolist(),
        },
        output_of=output_of,
    )
