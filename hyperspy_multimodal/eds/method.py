"""`multimodal_fusion` of EDS spectrum images."""

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
    xray_lines=None,
    map_method="fit",
    integration_windows=2.0,
    background_windows="auto",
    extra_lines=None,
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

    Net counts :math:`x_i \ge 0` of all elements are found together, as the minimum of [1]_

    .. math::

        \tfrac12 \sum_p \Bigl( h - c_0 - \sum_i w_i (x_i/s_i)^\gamma \Bigr)^2
        + \lambda_1 \sum_{i,p} \bigl[ x_i + B_i - y_i \log(x_i + B_i) \bigr]
        + \lambda_2 \sum_i \mathrm{TV}(x_i) / \sqrt{s_i} ,

    with the HAADF h in unit range, gross counts y, their expected background B, and the total
    variation of each map.

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
        Weights (lambda_1, lambda_2) of the counts and of the total variation, each a number or one
        an element. The smaller lambda_1 > 0, the stronger the HAADF; the larger lambda_2 /
        lambda_1, the smoother the maps; (0.01, 0.02) is a start. "auto" (default) chooses what
        predicts held-out counts best, among it "no HAADF", which stays unless the HAADF gains three
        standard errors; it needs whole counts.
    xray_lines : None or list of str
        X-ray lines to map, such as ``["Ti_Ka", "O_Ka"]``, in any case; an element stands for the
        line that is taken by default. None (default) takes those of ``metadata.Sample``.
    map_method : "fit" or "windows"
        How counts are read from the spectra: by a fit of all lines of all elements and of the
        continuum (default; see `hyperspy_multimodal.fit_maps`), or in one window a line.
    integration_windows : float or array_like
        Width of the integration windows in units of each line's FWHM, default 2, or an array with
        one row (left, right) a line, in units of the energy axis. A fit is scaled to the counts
        that they hold of the element.
    background_windows : "auto", None or array_like
        Only for ``map_method="windows"``: windows beside the lines from which the expected
        background is estimated: "auto" (default) takes those of ``estimate_background_windows``; or
        an array with one row (left, right, left, right) a line. None: no background.
    extra_lines : None or list of str
        Only for ``map_method="fit"``: elements, or lines of them, that the spectra show but that
        are not wanted as maps, such as ["Cu"] of the grid.
    tv : "auto", "directional", "isotropic" or list of the latter
        Total variation. Directional: an edge of a map costs nothing where the HAADF has one along
        it [2]_; no edge is forced. "auto" (default): what predicts held-out counts best,
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
        Estimate the standard deviation of each map, pixel by pixel, from ten fusions of counts and
        HAADF that are drawn anew. The array is kept in
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
        One map per line, in the order of ``xray_lines`` (None: of the metadata), and with what
        maps of ``get_lines_intensity`` have: axes, class, counts, metadata.
        ``metadata.Multimodal_fusion`` records every parameter, and what was assumed.
    output : dict
        Only with ``full_output=True``; of lazy maps ``raw_maps``, ``haadf``, ``modelled_haadf``,
        ``haadf_residual`` and ``standard_deviations``, all lazy, and ``record``, a task of Dask
        that gives the numbers; of a stack ``raw_maps``, and ``slices``, a dictionary for
        each. Signals: ``raw_maps`` (net counts as measured, a list),
        ``cost_terms`` (HAADF, Poisson and TV term by iteration), ``haadf`` (unit range, blurred),
        ``modelled_haadf``, ``haadf_residual``; with ``uncertainty=True`` ``standard_deviations``, a
        list. Numbers: ``gamma``, ``weights``, ``offset``, ``haadf_blur``, ``haadf_shift``,
        ``scales``, ``r_squared`` (share of the HAADF that the measured maps explain),
        ``uses_haadf``, ``iterations``, ``converged``, ``optimality``; one an element: ``lambda_1``,
        ``lambda_2``, ``directional``, ``apart`` (True: the HAADF does not pull the element),
        ``totals_kept``. ``selection``: what ``lambdas="auto"`` tried, a list of dictionaries.
        ``spectrum_fit``: for ``map_method="fit"``, the output of `hyperspy_multimodal.fit_maps`.

    Raises
    ------
    TypeError, ValueError
        If the signal is no map of spectra or has no elements, if the HAADF does not fit the scan,
        or if an argument is not as described.

    See Also
    --------
    get_lines_intensity, estimate_background_windows, quantification
    hyperspy_multimodal.fit_maps : The raw maps of ``map_method="fit"``, with their variance.
    hyperspy_multimodal.solve_fusion : The same cost on arrays.

    Notes
    -----
    Of scans of more than about 400 000 pixels, ``lambdas="auto"`` looks only at the part of
    512 x 512 pixels whose maps have most structure; the record holds it as ``chosen_on``. HAADF
    weights, totals and fusion are of the whole.

    A lazy signal is read chunk by chunk, once (twice for ``map_method="fit"``), and not before its
    maps are computed; the maps are fused whole. A fit hands y = x + 2 v, over a background 2 v, to
    the cost, with v the variance of the net counts x beyond their own: a shifted Poisson
    distribution, in units in which the variance of x alone is x.

    References
    ----------
    .. [1] J. Schwartz et al., Microsc. Microanal. 27 (S1), 1226 (2021),
           doi:10.1017/S1431927621004608; npj Comput. Mater. 8, 16 (2022),
           doi:10.1038/s41524-021-00692-5. Background, scales, weights, blur,
           and totals are additions.
    .. [2] M. J. Ehrhardt, M. M. Betcke, SIAM J. Imaging Sci. 9, 1084 (2016),
           doi:10.1137/15M1047325.

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
    from .fit_maps import line_titles, output_of
    from .xray_fit import plan_fit
    from .xray_windows import plan_windows

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
