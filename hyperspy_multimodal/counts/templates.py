"""The matrix that turns the spectrum of a pixel into counts."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Templates:
    """The spectra of each element and of everything else.

    Attributes
    ----------
    names : list of str
        X-ray lines that name the maps, K of them.
    others : list of str
        What else there is: extra elements, unassigned peaks, continuum and sum peaks.
    shapes : numpy.ndarray
        Shape (K + others, C). Those of the maps are scaled to one count in the window of the line,
        the others to one count in all.
    weights : numpy.ndarray
        Inverse variances of the channels, up to a factor; 0 where a channel is not used; shape
        (C,).
    """

    names: list
    others: list
    shapes: np.ndarray
    weights: np.ndarray

    @property
    def projection(self):
        """The matrix that takes a spectrum to its counts of each template, (K + others, C).

        Weighted least squares: (G W G^T)^-1 G W, with the templates as rows of G.
        """
        weighted = self.shapes * self.weights
        gram = weighted @ self.shapes.T
        unit = np.sqrt(np.diag(gram))
        return (
            np.linalg.solve(gram / np.outer(unit, unit), weighted / unit[:, None]) / unit[:, None]
        )

    @property
    def own_variances(self):
        """Variance that one count of a map adds to its own estimate, shape (K,)."""
        n_maps = len(self.names)
        return np.einsum("kc,kc->k", self.projection[:n_maps] ** 2, self.shapes[:n_maps])
