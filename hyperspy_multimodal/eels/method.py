"""`multimodal_fusion` of EELS spectrum images."""

from ..given.maps_argument import or_given_maps
from ..signals.as_found import as_found
from ..signals.keywords import explain_keywords
from ..signals.stacks import over_slices


@explain_keywords
@as_found
@or_given_maps
@over_slices
def multimodal_fusion(
    self,
    haadf,
    gamma=1.7,
    lambdas="auto",
    *,
    edges=None,
    map_method="auto",
    integration_windows=None,
    background_windows="auto",
    background_type="PowerLaw",
    gain=None,
    tv="auto",
    weights="auto",
    haadf_blur="auto",
    align=False,
    keep_totals="auto",
    tolerance=1e-4,
    max_iterations=5000,
    seed=0,
    uncertainty=False,
    navigation_mask=None,
    slices="each",
    maps=None,
    lazy_output=None,
    show_progressbar=None,
    full_output=False,
):
    r"""Fuse the spectrum image with the HAADF image of the same scan into elemental maps.

    Net electrons :math:`x_i \ge 0` at the edges of all elements are found together, as the minimum
    of [1]_

    .. math::

        \tfrac12 \sum_p \Bigl( h - c_0 - \sum_i w_i (x_i/s_i)^\gamma \Bigr)^2
        + \lambda_1 \sum_{i,p} \bigl[ x_i + B_i - y_i \log(x_i + B_i) \bigr]
        + \lambda_2 \sum_i \mathrm{TV}(x_i) / \sqrt{s_i} ,

    with the HAADF h in unit range, the electrons y in the integration windows, their expected
    background B, and the total variation of each map.

    Parameters
    ----------
    haadf : Signal2D, BaseSignal or array_like
        HAADF image of the scan, as Signal2D or with navigation axes, or an array (rows, columns). A
        finer image over the same field is averaged over the pixels of the scan. For a line of
        spectra the HAADF along it; for a stack one image, or one per slice.
    gamma : float or "auto"
        Exponent of the maps in the HAADF model, > 0. 1 suits thin nanoparticles, 1.6 to 2 suits
        atomic columns. "auto" chooses among 1, 1.4 and 1.8: with ``lambdas="auto"`` what predicts
        held-out counts best, otherwise that with which the maps explain most of the HAADF. Default
        1.7, as published.
    lambdas : "auto" or tuple of (float, float)
        Weights (lambda_1, lambda_2) of the electrons and of the total variation, each a number or
        one an element. The smaller lambda_1 > 0, the stronger the HAADF; the larger lambda_2 /
        lambda_1, the smoother the maps; (0.01, 0.02) is a start. "auto" (default) chooses what
        predicts held-out electrons best, among it "no HAADF", which stays unless the HAADF gains
        three standard errors.
    edges : None or list of str
        Edges to map, such as ``["Cu_L3", "Zn_L3"]``, in any case; an element stands for the edge
        that is taken by default. None (default) takes, of each element of the signal
        (see ``add_elements``), the major edge of lowest onset that has room for its windows, in the
        order of their onsets.
    map_method : "auto", "windows" or "fit"
        How electrons are read from the spectra: in one window an edge, over a background that is
        extrapolated from before it; or by a fit of hydrogenic edges and white lines over one power
        law, which takes the tail of one edge from under the next, for K and L edges of thin
        specimens. A fit needs beam energy, convergence and collection angle in the metadata, at
        least 4 channels below the lowest edge, counts from which no background was subtracted, and
        all elements with edges on the axis among those of the signal, mapped or not. "auto"
        (default): a fit where edges of several elements follow each other, that is, where another
        element of the signal has an edge on the axis below one that is mapped, if a fit can be had
        and ``background_windows`` and ``background_type`` are left as they are; else windows, as
        for a single edge.
    integration_windows : None, "auto" or array_like
        Windows whose counts belong to the edges: None or "auto" (default) lets each start at its
        onset and be 10 % of the onset energy wide (at least 5 channels), but end where the next of
        the edges starts; or an array with one row (left, right) an edge, in units of the energy
        axis. Limits are rounded to whole channels.
    background_windows : "auto", None or array_like
        Only for ``map_method="windows"``: pre-edge windows, to which the background A E^-r is
        fitted. "auto" (default): 10 % of the onset energy wide, ending 1 % (at least 2 channels)
        below the onset; where another of the edges lies in it, it starts above that edge if it can,
        and a warning is logged. Or an array
        with one row (left, right) an edge. None: no background.
    background_type : str
        Only for ``map_method="windows"``: shape of the background, one of HyperSpy's
        ``remove_background``. "PowerLaw" (default): A E^-r, with r from the neighbourhood of each
        pixel. "Exponential", "Offset", "Polynomial", "Gaussian", "Lorentzian", "Doniach",
        "SkewNormal", "SplitVoigt" and "Voigt" are fitted to the sum of all spectra before the
        edge, and their height follows each pixel.
    gain : None or float
        Counts per electron, > 0. None (default) takes ``gain_factor`` of
        ``metadata.Signal.Noise_properties.Variance_linear_model``; failing that, 1 if all counts
        are whole numbers, otherwise an estimate from the noise, with a warning.
    tv : "auto", "directional", "isotropic" or list of the latter
        Total variation. Directional: an edge of a map costs nothing where the HAADF has one along
        it [4]_; no edge is forced. "auto" (default): what predicts held-out electrons best,
        element by element; directional if lambdas are given. A list has one an element.
    weights : "auto", "Z", None or sequence of float
        HAADF weights w, one an element. "auto" (default): fitted, and where the data leave them
        open those of Rutherford scattering, Z^1.7 times the atoms that a count stands for, or, with
        ``lambdas="auto"``, even ones if these predict better. "Z": Rutherford scattering for all.
        None: all 1, as published. Or given; 0 leaves an element out of the HAADF.
    haadf_blur : "auto" or float
        Blur, in pixels, that takes the HAADF to the resolution of the maps: the standard deviation
        of a Gaussian. At atomic resolution columns are sharper in HAADF than in the spectra.
        "auto" (default): the one of 0, 0.5, ... 3 with which the maps explain most of the HAADF, if
        that is clearly more than without.
    align : bool
        Move the HAADF over the maps, by the shift that phase correlation finds with the HAADF that
        the measured maps make, if it fits clearly better; the record has it as ``haadf_shift``,
        pixels (y, x). Default False: then a shift of more than a pixel is warned of.
    keep_totals : "auto" or bool
        Keep each element's net total exactly, as far as it is positive. "auto" (default): unless
        the scan shows vacuum and an element seems to be there, which means that its background is
        wrong; the log says so.
    tolerance : float
        Stop at this relative gap (see `hyperspy_multimodal.solve_fusion`), default 1e-4.
    max_iterations : int
        Stop after this many iterations at the latest, default 5000.
    seed : int
        Seed of the count splitting of ``lambdas="auto"`` and of ``uncertainty``, default 0.
    uncertainty : bool
        Estimate the standard deviation of each map, pixel by pixel, from ten fusions of electrons
        and HAADF that are drawn anew. The array is kept in
        ``metadata.Multimodal_fusion.standard_deviation``. It holds noise and what total variation
        flattens, but not what the HAADF model lacks. HyperSpy does not slice or stack it along with
        the map; ``standard_deviations`` of full_output are maps. Default False.
    navigation_mask : None, BaseSignal or array_like
        Scan positions to leave out where True, as HyperSpy has it: bool, shape (rows, columns).
        Their spectra have no say, also where they are NaN; maps there follow the HAADF and their
        neighbours. What is masked in spectra or HAADF (``numpy.ma``) is left out, too. None
        (default): all are used.
    slices : "each" or "shared"
        Of a signal with more navigation axes, such as (x, y, tilt), each image is fused by itself.
        "each" (default): with its own parameters. "shared": with gamma, lambdas, regulariser and
        blur of the slice in the middle.
    maps : None, list, dict or BaseSignal
        Maps of this scan to fuse instead of what the spectra hold, such as model fits: signals, or
        a dictionary from element to signal or array. They come back in their own units. For the
        rest see `hyperspy_multimodal.fuse_maps`, which also takes their gain and background;
        arguments that say how spectra are read are refused, and the result is in memory. None
        (default): the spectra are read.
    lazy_output : None or bool
        Return lazy maps, which are read and fused when they are computed, all by one graph of Dask:
        compute them together, with `hyperspy_multimodal.compute_maps`. None (default): if the
        signal is lazy. False reads a lazy signal chunk by chunk at once.
    show_progressbar : None or bool
        Show a progress bar; None (default) follows HyperSpy's preferences.
    full_output : bool
        Return a dictionary too. Default False.

    Returns
    -------
    maps : list of BaseSignal
        One map an edge, in the order of ``edges``, in the counts of the signal (electrons times
        gain), with its navigation axes and metadata.
        ``metadata.Multimodal_fusion`` records every parameter.
    output : dict
        Only with ``full_output=True``; of lazy maps ``raw_maps``, ``haadf``, ``modelled_haadf``,
        ``haadf_residual`` and ``standard_deviations``, all lazy, and ``record``, a task of Dask
        that gives the numbers; of a stack ``raw_maps``, and ``slices``, a dictionary for
        each. Signals: ``raw_maps`` (net counts as measured, a list),
        ``cost_terms`` (HAADF, Poisson and TV term by iteration), ``haadf`` (unit range, blurred),
        ``modelled_haadf``, ``haadf_residual``; with ``uncertainty=True`` ``standard_deviations``, a
        list. Numbers: ``gamma``, ``weights``, ``offset``, ``haadf_blur``, ``haadf_shift``,
        ``scales`` (in electrons), ``r_squared`` (share of the HAADF that the measured maps
        explain), ``uses_haadf``, ``iterations``, ``converged``, ``optimality``, ``gain``; one an
        element: ``lambda_1``, ``lambda_2``, ``directional``, ``apart`` (True: the HAADF does not
        pull the element), ``totals_kept``. ``selection``: what ``lambdas="auto"`` tried, a list of
        dictionaries.

    Raises
    ------
    TypeError, ValueError
        If the signal is no map of spectra or has no elements, if the HAADF does not fit the scan,
        or if an argument is not as described.

    See Also
    --------
    add_elements, edges_at_energy
    hyperspy_multimodal.solve_fusion : The same cost on arrays.

    Notes
    -----
    Of scans of more than about 400 000 pixels, ``lambdas="auto"`` looks only at the part of
    512 x 512 pixels whose maps have most structure; the record holds it as ``chosen_on``. HAADF
    weights, totals and fusion are of the whole.

    In windows, the exponent r comes from the two-area method [2]_, with the areas pooled over as
    many neighbours as it takes to know the background to 0.5 %. The amplitude A is pooled only
    where it does not change by more than its noise, because it follows the thickness.

    Counts divided by the gain are taken for electrons, with Poisson statistics. Only where they are
    split for ``lambdas="auto"`` are the sums in the windows rounded to whole electrons, which adds
    1/12 to a variance: negligible above a few electrons.

    A fit takes one exponent and one shift of all edges from the summed spectrum, and cross-sections
    of the K and L shells of an element from eXSpy's hydrogenic model [3]_. L edges have white lines
    at L3 and L2 where the summed spectrum shows them clearly: each the sum of a Gaussian and a
    Lorentzian with free areas, all of one width, 1.5 to 10 eV, and one distance from the onset, 0
    to 6 eV. They belong to the edge, in every pixel in the same proportion. Other fine structure
    and plural scattering are not in the model, nor are different shifts of different elements; a
    warning is logged where the fit is far from the summed spectrum. Each pixel's amplitudes follow
    by weighted linear least squares, and are scaled to the electrons in the integration window.
    Where electrons are no whole counts, halves for ``lambdas="auto"`` are drawn by Gaussian noise.
    The record has ``exponent``, ``edge_shift`` in eV, and ``white_lines``, their share of the
    electrons in each integration window.

    A lazy signal is read chunk by chunk, once (twice for a fit), and not before its maps are
    computed; the maps are fused whole.

    References
    ----------
    .. [1] J. Schwartz et al., Microsc. Microanal. 27 (S1), 1226 (2021),
           doi:10.1017/S1431927621004608; npj Comput. Mater. 8, 16 (2022),
           doi:10.1038/s41524-021-00692-5. Background, scales, weights, blur,
           and totals are additions.
    .. [2] R. F. Egerton, Electron Energy-Loss Spectroscopy in the Electron Microscope, 3rd ed.,
           Springer (2011), section 4.4.2.
    .. [3] The same, appendix B.
    .. [4] M. J. Ehrhardt, M. M. Betcke, SIAM J. Imaging Sci. 9, 1084 (2016),
           doi:10.1137/15M1047325.

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
        tv=tv,
        weights=weights,
        haadf_blur=haadf_blur,
        align=align,
        keep_totals=keep_totals,
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
    from ..physics.scattering import edge_scattering
    from ..recovery.parameters import check_map_method
    from ..signals.haadf_image import haadf_array
    from ..signals.scan import Scan
    from .background_shape import POWER_LAW, checked_background_type
    from .edge_fit import plan_edge_fit, suits_fit
    from .edge_measurement import plan_edges

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
            signal, edges, integration_windows, background_windows, gain, background_type
        )
    onsets = [onset_energy(name) for name in plan.names]
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
        known={"map_method": map_method, "onset_energies": onsets},
    )
