"""Descriptions shared by the docstrings of several methods.

eXSpy imports this module during its own import, so this module needs only the standard library.
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
    HAADF image of the scan: a Signal2D, a signal with two navigation axes, or an array (rows,
    columns). An image of the same field of view with finer sampling is binned to the scan grid by
    averaging. For a line scan, pass the HAADF line profile. For a stack, pass one image or one per
    slice.""",
    "gamma": """gamma : float or "auto"
    Exponent of the maps in the HAADF model, > 0. Use 1 for thin nanoparticles and 1.6 to 2 for
    atomic columns. "auto" chooses among 1, 1.4 and 1.8: with ``lambdas="auto"``,
    the value that best predicts held-out counts; otherwise, the value for which the maps explain
    the largest fraction of the variance of the HAADF. Default 1.7, as in [1]_.""",
    "lambdas": """lambdas : "auto" or tuple of (float, float)
    Weights (lambda_1, lambda_2) of the Poisson term, which measures the misfit to the $counts, and
    of the regulariser, each a scalar or one value per element. A smaller lambda_1 (> 0) gives the
    HAADF more influence. A larger lambda_2 / lambda_1 gives smoother maps. For
    ``regulariser="sieve"`` and "smooth", this ratio is sigma^2 / 2, where sigma is the standard
    deviation of the Gaussian in pixels. A good starting point is (0.01, 0.02). "auto" (default)
    chooses the values that predict held-out $counts best. Fusion without the HAADF is also tried;
    the HAADF is used only if it improves the prediction by at least three standard errors.""",
    "regulariser": """regulariser : str or list of str
    Regulariser for all elements, or a list with one per element:

    - "isotropic": total variation, which favours piecewise-constant maps.
    - "directional": total variation in which an edge of a map is not penalised where the HAADF has
      a parallel edge $guide. Edges of the HAADF are never imposed on the maps.
    - "huber" and "directional huber": like "isotropic" and "directional", but with a quadratic
      penalty on small differences, which reduces staircase artefacts on slopes.
    - "sieve": restriction to Gaussian-smoothed images (method of sieves) instead of a penalty on
      total variation. This suits atomic columns.
    - "smooth": a less restrictive sieve, for maps with gradual changes and few counts.
    - "tgv" and "directional tgv": total generalised variation, for particles with gradual changes
      of intensity. Linear gradients are not penalised, and changes in slope are penalised only
      weakly. Both are several times slower than the others.
    - "tv": the better of "isotropic" and "directional", for each element.
    - "auto" (default): for each element, the option that best predicts held-out $counts. The two
      forms of "tgv" are not tried.

    If lambdas are given, "auto" and "tv" mean "directional". The former name of this argument,
    ``tv``, is deprecated; ``tv="auto"`` corresponds to ``regulariser="tv"``.""",
    "weights": """weights : "auto", "Z", None or sequence of float
    HAADF weights w, one per element. An element with a weight of 0 is excluded from the HAADF
    model. "auto" (default): weights fitted to the data. Weights that the data do not constrain are
    set to Z^1.7 times the number of atoms per count (Rutherford scattering). With
    ``lambdas="auto"``, equal weights are used if they predict held-out counts better. "Z":
    Rutherford scattering for all elements. None: all weights are 1, as in
    [1]_.""",
    "haadf_blur": """haadf_blur : "auto" or float
    Standard deviation, in pixels, of the Gaussian that blurs the HAADF to the resolution of the
    maps. At atomic resolution, columns are sharper in the HAADF than in the spectra. "auto"
    (default) tries 0, 0.5, ..., 3 and uses the value that gives the best fit to the HAADF, or 0 if
    no value is clearly better.""",
    "align": """align : bool
    Whether to shift the HAADF to align it with the maps. The shift is determined by
    cross-correlating the gradients of the HAADF with those of the HAADF modelled from the raw maps.
    It is applied only if it clearly improves the fit, is consistent across parts of the scan and is
    unambiguous (on a periodic lattice, it may not be). It is recorded as ``haadf_shift``, in pixels
    (y, x). With False (default), a warning is logged if the shift exceeds one pixel.""",
    "keep_totals": """keep_totals : "auto" or bool
    Whether to preserve the net total of each element exactly, if it is positive. "auto" (default)
    preserves the total unless net counts in vacuum or strongly negative net counts indicate an
    incorrect background, in which case a message is logged.""",
    "keep_significant": """keep_significant : bool
    Whether to restore structure that fusion has erased, and to remove structure that it has added.
    If the sum of a fused map differs significantly from that of the $counts within a box, disc or
    line, it is corrected towards the latter. False alarms occur in at most 2 % of scans. Changes
    are recorded as ``relaxed``, and remaining differences are logged. Default True.""",
    "share_structure": """share_structure : "auto" or bool
    Whether maps may borrow structure from the maps of other elements. Elements often occur together
    in a few phases, so their maps are related. A map is adjusted towards a linear combination of
    the other maps if this combination predicts held-out $counts better than the map itself does, by
    at least 2.5 standard errors. The extent of the adjustment is chosen to give the best
    prediction, separately for fine and coarse structure. The adjustment is smaller where the
    element has structure of its own. The weights (``shared_weights``) and ``shared_coefficients``
    are recorded. "auto" (default): True if ``lambdas="auto"``.""",
    "tolerance": """tolerance : float
    Stop when the relative optimality gap falls to this value (see
    `hyperspy_multimodal.solve_fusion`). If the regulariser of any map is "sieve" or "smooth", a
    tolerance ten times as large, which suffices for convergence, is used for all maps. Default
    1e-4.""",
    "max_iterations": """max_iterations : int
    Maximum number of iterations. Default 5000.""",
    "seed": """seed : int
    Seed of the random number generator, used by ``lambdas="auto"`` and ``uncertainty``. Default
    0.""",
    "uncertainty": """uncertainty : bool
    Whether to estimate the standard deviation of every pixel in each map by fusing 30 simulated
    repetitions of the scan ($counts and HAADF). If the noise of the counts is known, the estimate
    is scaled according to the residuals between maps and counts, so that it includes errors due to
    a mismatch between maps and HAADF. This takes about as long as 31 additional fusions. The
    standard deviations are stored as an array in ``metadata.Multimodal_fusion.standard_deviation``,
    and HyperSpy does not slice or stack this array along with the map. With ``full_output=True``,
    ``standard_deviations`` contains them as maps, and ``draws`` can be used to compute the errors
    of sums, ratios and other quantities. With fewer than 0.3 X-rays or electrons per pixel in areas
    that contain the element, standard deviations may be off by a factor of two. Default False.""",
    "navigation_mask": """navigation_mask : None, BaseSignal or array_like
    Boolean mask of shape (rows, columns); True excludes a position, as in HyperSpy. The $values at
    these positions are ignored, so they may be NaN. The maps at these positions are determined by
    the HAADF and the neighbouring pixels. Positions that are masked in the data or in the HAADF
    (``numpy.ma``) are also excluded. None (default) uses all positions.""",
    "slices": """slices : "each" or "shared"
    How parameters are chosen for signals with more than two navigation axes, such as (x, y, tilt),
    which are fused image by image. "each" (default): separately for each slice. "shared": all
    slices use the gamma, lambdas, regulariser and blur of the middle slice.""",
    "maps": """maps : None, list, dict or BaseSignal
    Maps of this scan, for example from model fits, to be fused instead of counts from the spectra.
    Pass signals, or a dictionary mapping elements to signals or arrays. The fused maps have the
    same units and are not lazy. If maps are passed, arguments that control the extraction of counts
    raise an error. `hyperspy_multimodal.fuse_maps` also accepts the gain and background of the
    maps. None (default) extracts the counts from the spectra.""",
    "lazy_output": """lazy_output : None or bool
    Whether to return lazy maps. Spectra are then read and fused only when the maps are computed.
    All maps share one Dask graph, so compute them together with `hyperspy_multimodal.compute_maps`.
    None (default) returns lazy maps if the signal is lazy. False reads a lazy signal immediately,
    chunk by chunk.""",
    "show_progressbar": """show_progressbar : None or bool
    Whether to show a progress bar. None (default) follows HyperSpy's preferences.""",
    "full_output": """full_output : bool
    Whether to return the dictionary ``output`` as well. Default False.""",
    "output": """output : dict
    Only with ``full_output=True``.

    - Signals: ``raw_maps`` (list of maps of the measured net counts), ``haadf`` (normalised and
      blurred), ``modelled_haadf``, ``haadf_residual``, and ``cost_terms`` (the HAADF, Poisson
      and regularisation terms at each iteration). ``raw_noise`` is a dictionary with the
      ``variances`` (an array per line or edge) and ``covariances`` of the raw maps, and with
      systematic errors common to all pixels. For an EELS fit, ``background_tilt`` contains, for
      each pixel, the difference between the slope of the background and that of the summed
      spectrum.
    - With ``uncertainty=True``, ``standard_deviations`` (list of maps), and ``draws``: 30 lists of
      maps from simulated repetitions of the scan. Their spread around the fused maps gives the
      errors of the maps and of all quantities computed from them.
    - Numbers: ``gamma``, ``weights``, ``offset``, ``haadf_blur``, ``haadf_shift``, ``scales`` (in
      the units of the maps), ``r_squared`` (fraction of the variance of the HAADF that the raw maps
      explain), ``uses_brightness`` (True if the brightness of the HAADF is used for at least one
      map; ``haadf_use`` also reports the use of its edges), ``iterations``, ``converged`` and
      ``optimality`` (the relative optimality gap).
    - Lists with one value per element: ``lambda_1``, ``lambda_2``, ``regularisers`` (as in
      ``regulariser``), ``directional``, ``totals_kept``, ``apart`` (True if the brightness of the
      HAADF does not influence the map), ``haadf_use`` (which features of the HAADF are used:
      "brightness", "edges", "brightness and edges" or "none"), ``bright_bias`` (percentage by which
      the map exceeds the counts where the HAADF is bright) and ``bright_bias_errors`` (its standard
      errors). Only with ``uncertainty=True``: ``error_ratios`` (ratio of the variance estimated
      from the counts to the variance of the draws, in bright pixels; None if the noise is not
      known) and ``common_errors`` (relative errors of the total from sources other than noise, such
      as calibration and line weights).
    - ``relaxed``: windows in which structure was restored (dictionary of lists with one item per
      window, or None). The entry ``standard_errors`` contains, for each window, the difference
      between counts and map, divided by its standard error: positive if the map had too few counts,
      and negative if it had too many. ``differing``: windows in which the sums of map and counts
      still differ, in the same format. ``bright_restored``: one boolean per element, True if the
      sums of its map over pixels of similar HAADF brightness were corrected towards those of the
      $counts. ``strips_restored``: the same for sums over rows or columns of the scan.
      ``contrast_restored``: the same for sums over pixels where the map of another element is dark
      or bright. ``rings_restored``: the same for sums over pixels at similar distances from bright
      regions of the HAADF or of the map of another element.
    - ``shared_weights``: the extent to which each map borrows structure from the maps of other
      elements, from 0 to 1, for four bands from fine to coarse structure; ``shared_coefficients``:
      the coefficients of the other maps, followed by a constant. Both are None if no map borrows
      structure.
    - ``selection``: list of dictionaries, one for each setting that ``lambdas="auto"`` tried. In
      these dictionaries, ``bright_bias`` is computed by fusing one half of the counts and comparing
      the result with the other half.
    - ``verdicts``: one dictionary per map, with ``verdict`` ("sound", "with care", "not to be
      trusted"), ``because`` (short list of the decisive reasons and remarks), ``reasons`` (the
      first sentence of each message; ``messages`` contains the full text), ``counts_per_pixel``
      (mean number of X-rays or electrons per pixel, excluding masked positions; NaN for a
      user-supplied map whose gain is only a guess), and ``standard_errors`` (signal-to-noise ratio
      of the total, that is, the total divided by its standard error). ``messages``: all warnings,
      the most serious first, including those that do not concern a particular map and those that do
      not change a verdict.

    For a stack, ``output`` contains ``raw_maps`` and ``slices`` (a list with one such dictionary
    per slice). For lazy maps, it contains ``raw_maps``, ``haadf``, ``modelled_haadf``,
    ``haadf_residual``, ``standard_deviations`` and ``draws``, all of them lazy, and ``record``, a
    Dask delayed object with the scalar results.""",
    "raises": """TypeError, ValueError
    If the signal is not a spectrum image or has no elements, if the HAADF does not match the scan,
    or if an argument is invalid.""",
    "large_scans": """For scans of more than about 400 000 pixels, ``lambdas="auto"`` uses only the
512 x 512 pixel region with the most structure, recorded as ``chosen_on``. HAADF weights and
totals are computed from the whole scan, and the whole scan is fused.""",
    "published_cost": """J. Schwartz et al., Microsc. Microanal. 27 (S1), 1226 (2021),
       doi:10.1017/S1431927621004608; npj Comput. Mater. 8, 16 (2022),
       doi:10.1038/s41524-021-00692-5. This package adds the background, the scales, the weights,
       the blur and the conservation of totals to the published method.""",
    "directional_tv": """M. J. Ehrhardt, M. M. Betcke, SIAM J. Imaging Sci. 9, 1084 (2016),
       doi:10.1137/15M1047325.""",
}


def fill_docstring(**words):
    """Return a decorator that replaces each ``$name`` in a docstring by its description.

    Parameters
    ----------
    **words
        Replacements for the words that differ: ``counts``, ``values``, ``guide`` (the reference
        of directional total variation).
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
