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
    HAADF image of the scan: a Signal2D, a signal with two navigation axes, or an array (rows,
    columns). A finer image of the same field of view is averaged over the pixels of the scan. For a
    line of spectra, pass the HAADF along that line. For a stack, pass one image or one per
    slice.""",
    "gamma": """gamma : float or "auto"
    Exponent of the maps in the HAADF model, > 0. A value of 1 suits thin nanoparticles, and 1.6 to
    2 suits atomic columns. "auto" chooses among 1, 1.4 and 1.8. With ``lambdas="auto"``, it is the
    value that predicts held-out counts best, otherwise the one with which the maps explain most of
    the HAADF. Default 1.7, as published.""",
    "lambdas": """lambdas : "auto" or tuple of (float, float)
    Weights (lambda_1, lambda_2) of the $counts and of the regulariser, each one number or one
    number per element. A smaller lambda_1 (> 0) gives the HAADF more influence. A larger lambda_2 /
    lambda_1 gives smoother maps. For sieves, this ratio is half the square of the standard
    deviation of the Gaussian in pixels. A good start is (0.01, 0.02). "auto" (default) chooses the
    values that predict held-out $counts best. Leaving out the HAADF is among the candidates. The
    HAADF is used only if it improves the prediction by three standard errors.""",
    "regulariser": """regulariser : str or list of str
    What keeps the maps smooth; a list has one name per element. "isotropic": total variation, which
    prefers few edges. "directional": total variation in which an edge of a map costs nothing where
    the HAADF has a parallel edge $guide; it never forces an edge. "huber" and "directional huber":
    the same two, but small differences are penalised by their squares, which reduces staircases on
    slopes. "sieve": instead of total variation, maps that are no sharper than a Gaussian, such as
    maps of atomic columns. "smooth": a softer sieve, for slopes and few counts. "tgv" and
    "directional tgv": total generalised variation, in which slopes cost nothing and changes of
    slope little, for shaded particles. They are several times slower and not tried by "auto".
    "tv": the better of the first two, for each element. "auto" (default): the one of all others
    that predicts held-out $counts best. If lambdas are given, "auto" and "tv" mean "directional".
    The former name of this argument, ``tv``, is deprecated; its "auto" is "tv".""",
    "weights": """weights : "auto", "Z", None or sequence of float
    HAADF weights w, one per element; 0 leaves an element out of the HAADF. "auto" (default): fitted
    to the data. Weights that the data do not determine follow Rutherford scattering, Z^1.7 times
    the number of atoms that a count stands for, or with ``lambdas="auto"`` are equal if that
    predicts better. "Z": Rutherford scattering for all. None: all 1, as published.""",
    "haadf_blur": """haadf_blur : "auto" or float
    Standard deviation, in pixels, of the Gaussian that blurs the HAADF to the resolution of the
    maps. At atomic resolution, columns are sharper in the HAADF than in the spectra. "auto"
    (default) uses the value among 0, 0.5, ... 3 with which the maps explain most of the HAADF, or 0
    if none is clearly better.""",
    "align": """align : bool
    Shift the HAADF so that it lies over the maps. The shift is determined by phase correlation with
    the HAADF that the measured maps predict. It is applied if it clearly improves the fit, and
    recorded as ``haadf_shift``, in pixels (y, x). With False (default), the log warns of a shift of
    more than a pixel.""",
    "keep_totals": """keep_totals : "auto" or bool
    Keep the net total of each element exactly, if it is positive. "auto" (default) keeps it unless
    the background is wrong, as net counts in vacuum or counts well below 0 show. The log then says
    so.""",
    "keep_significant": """keep_significant : bool
    Restore structure that fusion has erased or added. Where the $counts contradict a fused map
    significantly, over any box, disc or line of the scan, the sum of the map there is set to that
    of the counts. A scan from which nothing was lost is changed with a probability of two per cent.
    The record lists the changes as ``relaxed``, and the log names what still differs. Default
    True.""",
    "tolerance": """tolerance : float
    Stop at this relative gap (see `hyperspy_multimodal.solve_fusion`), default 1e-4. If any map has
    a sieve or is smooth, the limit is ten times this gap, at which such maps have settled.""",
    "max_iterations": """max_iterations : int
    Largest number of iterations, default 5000.""",
    "seed": """seed : int
    Seed of the random numbers with which ``lambdas="auto"`` splits counts and ``uncertainty``
    draws them, default 0.""",
    "uncertainty": """uncertainty : bool
    Estimate the standard deviation of each map, pixel by pixel, from 30 fusions of redrawn $counts
    and HAADF. Where the noise of the counts is known, the scale comes from how far the maps are
    from the counts, so that it includes the misfit of the HAADF. This takes as long as about 31
    fusions. The array is stored in ``metadata.Multimodal_fusion.standard_deviation``, which
    HyperSpy does not slice or stack along with the map. With ``full_output=True``,
    ``standard_deviations`` contains maps, and ``draws`` gives the errors of sums, ratios and any
    other quantity. Default False.""",
    "navigation_mask": """navigation_mask : None, BaseSignal or array_like
    Scan positions to leave out, where True, as in HyperSpy: bool, shape (rows, columns). Their
    $values are ignored, even if they are NaN; maps there follow the HAADF and their neighbours.
    Positions that are masked in the data or in the HAADF (``numpy.ma``) are left out, too. None
    (default) uses all positions.""",
    "slices": """slices : "each" or "shared"
    How to fuse a signal with more navigation axes, such as (x, y, tilt), image by image. "each"
    (default): each with its own parameters. "shared": all with the gamma, lambdas, regulariser
    and blur of the middle slice.""",
    "maps": """maps : None, list, dict or BaseSignal
    Maps of this scan, such as model fits, that are fused instead of counts from the spectra. They
    are signals, or a dictionary from element to signal or array. The fused maps have the same units
    and are in memory. Arguments that specify how spectra are read are refused. See
    `hyperspy_multimodal.fuse_maps`, which also accepts gain and background of the maps. None
    (default) reads the spectra.""",
    "lazy_output": """lazy_output : None or bool
    Return lazy maps: spectra are read and fused only when the maps are computed. All maps share
    one Dask graph, so compute them together with `hyperspy_multimodal.compute_maps`. None
    (default): lazy if the signal is lazy. False reads a lazy signal at once, chunk by chunk.""",
    "show_progressbar": """show_progressbar : None or bool
    Whether to show a progress bar. None (default) follows HyperSpy's preferences.""",
    "full_output": """full_output : bool
    Whether to return the dictionary ``output`` as well. Default False.""",
    "output": """output : dict
    Only with ``full_output=True``.

    - Signals: ``raw_maps`` (list of net counts as measured), ``haadf`` (in unit range, blurred),
      ``modelled_haadf``, ``haadf_residual``, and ``cost_terms`` (HAADF, Poisson and regulariser's
      term by iteration). ``raw_noise`` is a dictionary with variances and covariances of the raw
      maps, and with errors that all pixels have in common.
    - With ``uncertainty=True``, ``standard_deviations`` (list of maps), and ``draws``: 30 lists of
      maps from simulated repetitions of the scan. Their spread about the fused maps is the error of
      the maps and of anything computed from them.
    - Numbers: ``gamma``, ``weights``, ``offset``, ``haadf_blur``, ``haadf_shift``, ``scales`` (in
      $counts), ``r_squared`` (share of the HAADF that the measured maps explain), ``uses_haadf``,
      ``iterations``, ``converged`` and ``optimality``.
    - Lists with one value per element: ``lambda_1``, ``lambda_2``, ``regularisers`` (as in
      ``regulariser``), ``directional``, ``totals_kept``, ``apart`` (True: the HAADF does not
      influence the element), ``bright_bias`` (percentage by which the map exceeds the counts where
      the HAADF is bright) and ``bright_bias_errors`` (its standard errors). With
      ``uncertainty=True``, there are two more. ``error_ratios`` are the variances according to the
      counts, over those of the draws, in bright pixels (None if the noise is not known).
      ``common_errors`` are errors of the total other than noise, such as calibration and line
      weights, as fractions.
    - ``relaxed``: where erased structure was restored, a dictionary of lists with one item per
      window, or None. ``differing``: the same for structure that still differs.
    - ``selection``: what ``lambdas="auto"`` tried, a list of dictionaries. Their ``bright_bias``
      compares halves of the counts with the other halves.
    - ``verdicts``: one dictionary per map, with ``verdict`` ("sound", "with care", "not to be
      trusted"), ``because`` (the decisive reasons, in a few words), ``reasons`` (in full, with what
      to do), ``counts_per_pixel`` (mean number of X-rays or electrons, without masked positions),
      and ``standard_errors`` (the total divided by its standard error). ``messages``: all messages,
      including those that affect no map.

    For a stack: ``raw_maps``, and ``slices``, a list with one such dictionary per slice. For lazy
    maps: ``raw_maps``, ``haadf``, ``modelled_haadf``, ``haadf_residual``, ``standard_deviations``
    and ``draws``, all lazy, and ``record``, a Dask task that gives the numbers.""",
    "raises": """TypeError, ValueError
    If the signal is not a map of spectra or has no elements, if the HAADF does not fit the scan,
    or if an argument is not as described.""",
    "large_scans": """In scans of more than about 400 000 pixels, ``lambdas="auto"`` examines only
the part of 512 x 512 pixels whose maps have most structure; the record contains it as
``chosen_on``. HAADF weights, totals and fusion use the whole scan.""",
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
