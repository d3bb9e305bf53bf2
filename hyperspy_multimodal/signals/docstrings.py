"""Descriptions that the docstrings of several methods share.

eXSpy imports this module while it is being imported itself: it needs the standard library alone.
"""

import inspect
import string

#: Descriptions by name, some with ``$words`` that differ between methods.
DESCRIPTIONS = {
    "cost": r""".. math::

    \tfrac12 \sum_p \Bigl( h - c_0 - \sum_i w_i (x_i/s_i)^\gamma \Bigr)^2
    + \lambda_1 \sum_{i,p} \bigl[ x_i + B_i - y_i \log(x_i + B_i) \bigr]
    + \lambda_2 \sum_i \mathrm{TV}(x_i) / \sqrt{s_i} ,""",
    "haadf": """haadf : Signal2D, BaseSignal or array_like
    HAADF image of the scan, as Signal2D or with navigation axes, or an array (rows, columns). A
    finer image over the same field is averaged over the pixels of the scan. For a line of
    spectra the HAADF along it; for a stack one image, or one per slice.""",
    "gamma": """gamma : float or "auto"
    Exponent of the maps in the HAADF model, > 0. 1 suits thin nanoparticles, 1.6 to 2 suits
    atomic columns. "auto" chooses among 1, 1.4 and 1.8: with ``lambdas="auto"`` what predicts
    held-out counts best, otherwise that with which the maps explain most of the HAADF. Default
    1.7, as published.""",
    "lambdas": """lambdas : "auto" or tuple of (float, float)
    Weights (lambda_1, lambda_2) of the $counts and of the regulariser, each a number or one an
    element. The smaller lambda_1 > 0, the stronger the HAADF; the larger lambda_2 / lambda_1, the
    smoother the maps: of sieves it is half the square of the Gaussian's standard deviation in
    pixels. (0.01, 0.02) is a start. "auto" (default) chooses what
    predicts held-out $counts best, among it "no HAADF", which stays unless the HAADF gains three
    standard errors.""",
    "regulariser": """regulariser : str or list of str
    What keeps maps smooth. "isotropic": total variation, which prefers few edges. "directional":
    the same, but an edge of a map costs nothing where the HAADF has one along it $guide; no edge is
    forced. "huber" and "directional huber": the same two, but small differences count by their
    squares, which makes fewer stairs. "sieve": instead of total variation, maps no sharper than a
    Gaussian, as those of atomic columns. "smooth": the same, but soft, for slopes and few counts.
    "tv": one of the first two, element by element. "auto" (default): what predicts held-out $counts
    best. Where lambdas are given "auto" and "tv" are "directional". A list has one an element.
    ``tv`` is its former, deprecated name, whose "auto" is "tv".""",
    "weights": """weights : "auto", "Z", None or sequence of float
    HAADF weights w, one an element. "auto" (default): fitted, and where the data leave them
    open those of Rutherford scattering, Z^1.7 times the atoms that a count stands for, or, with
    ``lambdas="auto"``, even ones if these predict better. "Z": Rutherford scattering for all.
    None: all 1, as published. Or given; 0 leaves an element out of the HAADF.""",
    "haadf_blur": """haadf_blur : "auto" or float
    Blur, in pixels, that takes the HAADF to the resolution of the maps: the standard deviation
    of a Gaussian. At atomic resolution columns are sharper in HAADF than in the spectra.
    "auto" (default): the one of 0, 0.5, ... 3 with which the maps explain most of the HAADF, if
    that is clearly more than without.""",
    "align": """align : bool
    Move the HAADF over the maps, by the shift that phase correlation finds with the HAADF that
    the measured maps make, if it fits clearly better; the record has it as ``haadf_shift``,
    pixels (y, x). Default False: then a shift of more than a pixel is warned of.""",
    "keep_totals": """keep_totals : "auto" or bool
    Keep each element's net total exactly, as far as it is positive. "auto" (default): unless
    the scan shows vacuum and an element seems to be there, which means that its background is
    wrong; the log says so.""",
    "keep_significant": """keep_significant : bool
    Where the $counts contradict a fused map significantly, over any box, disc or line of the
    scan, bring its sum there to theirs: total variation and the HAADF erase weak structure
    otherwise. A scan of which nothing was lost is changed with a chance of two per cent; the
    record has it as ``relaxed``, and the log names what still differs. Default True.""",
    "tolerance": """tolerance : float
    Stop at this relative gap (see `hyperspy_multimodal.solve_fusion`), default 1e-4.""",
    "max_iterations": """max_iterations : int
    Stop after this many iterations at the latest, default 5000.""",
    "seed": """seed : int
    Seed of the count splitting of ``lambdas="auto"`` and of ``uncertainty``, default 0.""",
    "uncertainty": """uncertainty : bool
    Estimate the standard deviation of each map, pixel by pixel, from 30 fusions of $counts and
    HAADF that are drawn anew; where the noise of the counts is known, how far the maps are from
    them sets the scale, so that the HAADF's misfit is in it too. It takes the time of about 31
    fusions. The array is kept in ``metadata.Multimodal_fusion.standard_deviation``; HyperSpy does
    not slice or stack it along with the map; ``standard_deviations`` of full_output are maps.
    ``draws`` of full_output hold the errors of sums, ratios and all else. Default False.""",
    "navigation_mask": """navigation_mask : None, BaseSignal or array_like
    Scan positions to leave out where True, as HyperSpy has it: bool, shape (rows, columns).
    Their $values have no say, also where they are NaN; maps there follow the HAADF and their
    neighbours. What is masked in the data or HAADF (``numpy.ma``) is left out, too. None
    (default): all are used.""",
    "slices": """slices : "each" or "shared"
    Of a signal with more navigation axes, such as (x, y, tilt), each image is fused by itself.
    "each" (default): with its own parameters. "shared": with gamma, lambdas, regulariser and
    blur of the slice in the middle.""",
    "maps": """maps : None, list, dict or BaseSignal
    Maps of this scan to fuse instead of what the spectra hold, such as model fits: signals, or
    a dictionary from element to signal or array. They come back in their own units. For the
    rest see `hyperspy_multimodal.fuse_maps`, which also takes their gain and background;
    arguments that say how spectra are read are refused, and the result is in memory. None
    (default): the spectra are read.""",
    "lazy_output": """lazy_output : None or bool
    Return lazy maps, which are read and fused when they are computed, all by one graph of Dask:
    compute them together, with `hyperspy_multimodal.compute_maps`. None (default): if the
    signal is lazy. False reads a lazy signal chunk by chunk at once.""",
    "show_progressbar": """show_progressbar : None or bool
    Show a progress bar; None (default) follows HyperSpy's preferences.""",
    "full_output": """full_output : bool
    Return a dictionary too. Default False.""",
    "output": """output : dict
    Only with ``full_output=True``; of lazy maps ``raw_maps``, ``haadf``, ``modelled_haadf``,
    ``haadf_residual``, ``standard_deviations`` and ``draws``, all lazy, and ``record``, a task of
    Dask that gives the numbers; of a stack ``raw_maps``, and ``slices``, a dictionary for each.
    Signals: ``raw_maps`` (net counts as measured, a list; ``raw_noise``, a dictionary, has their
    variances, covariances, and what all pixels have in common), ``cost_terms`` (HAADF, Poisson and
    regulariser's term by iteration), ``haadf`` (unit range, blurred), ``modelled_haadf``,
    ``haadf_residual``; with ``uncertainty=True`` ``standard_deviations``, a list, and ``draws``: 30
    lists of maps as they might be, whose spread about the fused maps is the error of these and of
    whatever is computed from them. Numbers: ``gamma``, ``weights``, ``offset``, ``haadf_blur``,
    ``haadf_shift``, ``scales`` (in $counts), ``r_squared`` (share of the HAADF that the measured
    maps explain), ``uses_haadf``, ``iterations``, ``converged``, ``optimality``; one an element:
    ``lambda_1``, ``lambda_2``, ``regularisers`` (as ``regulariser`` takes them), ``directional``,
    ``totals_kept``, ``apart`` (True: the HAADF does not pull the element), ``bright_bias`` (by how
    many per cent the map is above the counts where the HAADF is bright) and ``bright_bias_errors``
    (its standard errors); with ``uncertainty=True`` ``error_ratios`` (variances that counts call
    for, over those of draws, in bright pixels; None where their noise is not known) and
    ``common_errors`` (of the total beyond noise, as a share: calibration, weights of lines).
    ``relaxed``: where erased structure was given back, a dictionary of lists with one item a
    window, or None; ``differing``: the same of what still differs. ``selection``: what
    ``lambdas="auto"`` tried, a list of dictionaries; their ``bright_bias`` is that of halves of the
    counts against the other halves. ``verdicts``: a dictionary a map, with ``verdict`` ("sound",
    "with care", "not to be trusted"), ``because`` (what alone makes it, in a few words),
    ``reasons`` (in full, with what to do), ``counts_per_pixel``, and ``standard_errors`` that the
    total is above 0. ``messages``: all that was found, also what harms no map.""",
    "raises": """TypeError, ValueError
    If the signal is no map of spectra or has no elements, if the HAADF does not fit the scan,
    or if an argument is not as described.""",
    "large_scans": """Of scans of more than about 400 000 pixels, ``lambdas="auto"`` looks only
at the part of 512 x 512 pixels whose maps have most structure; the record holds it as
``chosen_on``. HAADF weights, totals and fusion are of the whole.""",
    "published_cost": """J. Schwartz et al., Microsc. Microanal. 27 (S1), 1226 (2021),
       doi:10.1017/S1431927621004608; npj Comput. Mater. 8, 16 (2022),
       doi:10.1038/s41524-021-00692-5. Background, scales, weights, blur,
       and totals are additions.""",
    "directional_tv": """M. J. Ehrhardt, M. M. Betcke, SIAM J. Imaging Sci. 9, 1084 (2016),
       doi:10.1137/15M1047325.""",
}


def fill_docstring(**words):
    """Return a decorator that puts `DESCRIPTIONS` into a docstring, for each ``$name`` in it.

    Parameters
    ----------
    **words
        What stands for the words that differ: ``counts``, ``values``, ``guide`` (the reference of
        directional total variation).
    """

    def filled(method):
        if method.__doc__:  # none with python -OO
            texts = {
                name: string.Template(text).safe_substitute(words)
                for name, text in DESCRIPTIONS.items()
            }
            method.__doc__ = string.Template(inspect.cleandoc(method.__doc__)).substitute(texts)
        return method

    return filled
