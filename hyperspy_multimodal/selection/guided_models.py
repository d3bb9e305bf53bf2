"""HAADF models of a scan, with images that depend only on the HAADF."""

import numpy as np

from .normalised_haadf import guide_directions


class GuidedModels:
    """HAADF models, the best first, with the blurred HAADF and its directions for each blur.

    Parameters
    ----------
    haadf : numpy.ndarray
        HAADF normalised to about [0, 1], shape (ny, nx).
    models : list of HaadfModel
        Models, at least one.
    others : list of HaadfModel, optional
        For each of the models, one with other weights that explains the HAADF equally well.
    """

    def __init__(self, haadf, models, others=()):
        self.haadf = haadf
        self.models = models
        self.others = others
        self._directions, self._matched = {}, {}

    @property
    def first(self):
        """The model that explains most of the HAADF; its blur also guides fusion without HAADF."""
        return self.models[0]

    def other(self, model):
        """Return the model with other weights that explains the HAADF equally well, or None."""
        if not self.others:
            return None
        pairs = zip(self.models, self.others, strict=True)
        return next((other for each, other in pairs if each is model), None)

    def matched(self, model):
        """Return the HAADF at the resolution of the maps."""
        if model.blur not in self._matched:
            self._matched[model.blur] = model.matched(self.haadf)
        return self._matched[model.blur]

    def directions(self, model):
        """Return directions across the edges of the blurred HAADF, along y and along x."""
        if model.blur not in self._directions:
            self._directions[model.blur] = guide_directions(self.haadf, model.blur)
        return self._directions[model.blur]


class CroppedModels(GuidedModels):
    """The same models on a part of the scan.

    Parameters
    ----------
    whole : GuidedModels
        Models of the whole scan.
    rows, cols : slice
        The part.
    """

    def __init__(self, whole, rows, cols):
        super().__init__(whole.haadf[rows, cols], whole.models, whole.others)
        self._whole, self._part = whole, (rows, cols)

    def matched(self, model):
        """Return the HAADF at the resolution of the maps."""
        return np.ascontiguousarray(self._whole.matched(model)[self._part])

    def directions(self, model):
        """Return directions across the edges of the blurred HAADF, along y and along x."""
        whole = self._whole.directions(model)
        return tuple(np.ascontiguousarray(each[self._part]) for each in whole)
