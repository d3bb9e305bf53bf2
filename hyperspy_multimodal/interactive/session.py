"""Tuning without widgets: read the counts once and fuse a region with different settings."""

from dataclasses import replace

import numpy as np

from ..counts.masked_maps import masked_maps, whole_mask
from ..counts.reading import SPLITS
from ..recovery.fuse import fuse_reading
from ..recovery.prepared import fit_of, prepare
from ..recovery.summary import one_summary
from ..selection import CroppedModels, Setting, fuse_setting, kept_structure
from ..signals.masks import checked_mask
from .values import values_of

# For the preview: a relative optimality gap that suffices for a picture, and a limit in case
# convergence is slow.
_TOLERANCE, _MAX_ITERATIONS = 2e-3, 60
_LEAST_SIDE = 8


class TuningSession:
    """Fuse a region of a scan repeatedly with different settings, reading the counts only once.

    Parameters
    ----------
    scan : Scan
        Spectra and HAADF image, as a `Scan` from `hyperspy_multimodal.signals`.
    parameters : Parameters
        Validated parameters, including the initial gamma and lambdas.
    navigation_mask : None, BaseSignal or array_like
        As in `multimodal_fusion`.
    image_name : str
        Name of the detector image. Default "HAADF".

    Attributes
    ----------
    names : list of str
        X-ray lines or edges, in the order of the maps.
    haadf : numpy.ndarray
        HAADF image normalised to about [0, 1], with shape (ny, nx).
    axes : tuple
        Navigation axes of the scan, x first, with their scales and units.
    rows, cols : slice
        Rows and columns of the region.
    verdicts : list of dict
        Verdicts on the maps of the whole scan, as in ``full_output``. The list is empty until
        parameters have been chosen automatically.
    """

    def __init__(self, scan, parameters, navigation_mask=None, image_name="HAADF"):
        self._scan, self._parameters = scan, parameters
        mask = checked_mask(navigation_mask, scan.haadf.shape)
        reading = scan.read(mask, SPLITS, parameters)
        mask = whole_mask(mask, reading)
        self.reading, self.mask = reading, mask
        self.maps = masked_maps(reading.maps, mask)
        self.names = list(self.maps.names)
        self.image_name = image_name
        fit = fit_of(self.maps, scan.haadf, self.maps.gains * scan.per_count)
        self._prepared = prepare(fit, parameters)
        self.haadf = self._prepared.haadf
        self._weights = parameters.weights_of(len(self.names))
        self._known_models = {}
        self.axes = tuple(scan.signal.axes_manager.navigation_axes)
        self.verdicts = []
        self.crop(*_middle(self.haadf.shape))

    @property
    def shape(self):
        """Shape (ny, nx) of the scan."""
        return self.haadf.shape

    @property
    def has_no_weights(self):
        """Whether all given HAADF weights are 0."""
        return isinstance(self._weights, np.ndarray) and not self._weights.any()

    @property
    def chooses(self):
        """Whether tuning starts with automatically chosen parameters."""
        return self._parameters.chooses_lambdas

    @property
    def gap(self):
        """Relative optimality gap of the latest fusion of the region."""
        return self._latest.optimality

    @property
    def converged(self):
        """Whether the latest fusion of the region is accurate enough for a preview."""
        return self._latest.converged

    def model(self, gamma, blur, weights=None):
        """Return the HAADF model of the whole scan for a given exponent, blur and weights.

        Parameters
        ----------
        gamma : float
            Exponent of the maps.
        blur : float or "auto"
            Blur of the HAADF in pixels.
        weights : tuple of float, "auto" or None
            HAADF weights; those given initially if None.
        """
        key = float(gamma), blur, weights
        if key not in self._known_models:
            asked = self._weights if weights is None else weights
            self._known_models[key] = self._prepared.fit.model(key[0], asked, blur)
        return self._known_models[key]

    def model_of(self, values):
        """Return the HAADF model of the whole scan for these values."""
        gamma = values.arguments()["gamma"]
        return self.model(gamma, values.blur, values.weights)

    def crop(self, rows, cols):
        """Select the region to fuse.

        Parameters
        ----------
        rows, cols : slice
            Rows and columns of the region. A slice of fewer than 8 pixels is extended to 8 pixels,
            or to the whole side of the scan if it is shorter.
        """
        self.rows, self.cols = (
            _within(part, n) for part, n in zip((rows, cols), self.shape, strict=True)
        )
        self._cropped = self.maps.cropped(self.rows, self.cols)
        self._latest = None

    def raw(self):
        """Return the measured net counts of the region, with shape (K, ny, nx).

        The values are in counts of the spectra, and NaN at masked scan positions.
        """
        net = self._in_counts(self._cropped.net)
        return net if self.mask is None else np.where(self.mask[self.rows, self.cols], np.nan, net)

    def fuse(self, values):
        """Fuse the region.

        The fusion uses the HAADF model of the whole scan and the totals measured in the region. It
        starts from the previous result, so small changes need few iterations. Calling the method
        again with the same values continues the previous fusion. Near the border of the region, the
        result differs from that of fusing the whole scan, which also uses pixels outside the
        region.

        Parameters
        ----------
        values : Values
            Values of the parameters.

        Returns
        -------
        maps : numpy.ndarray
            Fused maps in counts, with shape (K, rows, columns).
        residual : numpy.ndarray
            Normalised HAADF minus the HAADF modelled from the fused maps, with shape (rows,
            columns).
        """
        model = self.model_of(values)
        lambda_1, lambda_2 = values.lambdas()
        setting = Setting(
            model=model if values.uses_brightness and model.has_weights else None,
            lambda_1=tuple(lambda_1),
            regularisers=values.kinds(),
            ratios=tuple(lambda_2 / lambda_1),
            apart=(False,) * len(lambda_1),
        )
        models = CroppedModels(self._prepared.models, self.rows, self.cols)
        models.models = [model]
        totals = self._prepared.totals_of(self._cropped)
        result = fuse_setting(
            self._cropped,
            models,
            setting,
            totals=totals,
            tolerance=_TOLERANCE,
            max_iterations=_MAX_ITERATIONS,
            initial=self._latest,
        )
        self._latest = result
        matched = models.matched(model)
        known = totals, matched
        maps, _, _ = kept_structure(self._cropped, result.maps, *known, alone=result.maps)
        residual = matched - model.modelled(maps)
        return self._in_counts(maps), residual

    def choose(self, gamma="auto"):
        """Return the `Values` that ``lambdas="auto"`` chooses for the whole scan."""
        automatic = replace(self._parameters, gamma=gamma, lambdas="auto", regulariser="auto")
        haadf, per_count = self._scan.haadf, self._scan.per_count
        with one_summary():
            fused = fuse_reading(self.reading, haadf, self.mask, per_count, automatic, {})
        self.verdicts = fused.numbers.get("verdicts", [])
        values, chosen = values_of(fused.numbers), fused.numbers["weights"]
        fitted = self.model(values.gamma, values.blur).weights
        if values.uses_brightness and not np.allclose(chosen, fitted, rtol=1e-3, atol=1e-6):
            values = replace(values, weights=tuple(float(f"{each:.4g}") for each in chosen))
        return values

    def start(self):
        """Return the initial `Values`, either given or chosen automatically."""
        parameters, n_maps = self._parameters, len(self.names)
        if self.chooses:
            return self.choose(parameters.gamma)
        regularisers = [names[0] for names in parameters.candidates(n_maps)]
        model = self._prepared.models.first
        lambda_1, lambda_2 = parameters.lambdas_of(n_maps)
        given = {
            "gamma": model.gamma,
            "lambda_1": lambda_1,
            "lambda_2": lambda_2,
            "regularisers": regularisers,
            "uses_brightness": model.has_weights,
            "haadf_blur": model.blur,
        }
        return values_of(given)

    def _in_counts(self, maps):
        return self.maps.gains[:, None, None] * maps


def _middle(shape):
    """Return the central half of the scan along each axis, but at most 128 pixels."""
    parts = []
    for n in shape:
        size = min(128, max(n // 2, min(n, 32)))
        start = (n - size) // 2
        parts.append(slice(start, start + size))
    return parts


def _within(part, n):
    """Return a slice of at least 8 of n pixels, or of all pixels if n is smaller."""
    start, stop = max(int(part.start), 0), min(int(part.stop), n)
    stop = min(max(stop, start + _LEAST_SIDE), n)
    return slice(max(min(start, stop - _LEAST_SIDE), 0), stop)
