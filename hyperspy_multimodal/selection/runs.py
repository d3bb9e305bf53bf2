"""Sums of maps over runs of pixels."""

import numpy as np


class Runs:
    """Sums of maps over runs of pixels, each computed once from sums over shorter runs.

    Parameters
    ----------
    maps : numpy.ndarray
        Shape (..., ny, nx).
    """

    def __init__(self, maps):
        self._maps = maps
        self._known, self._slanted = {}, {}

    def remembered(self, key, sums):
        """Return sums that are computed at the first call."""
        if key not in self._known:
            self._known[key] = sums()
        return self._known[key]

    def box(self, rows, cols):
        """Return sums over boxes, at all places inside the scan."""
        if cols > 1:
            return self._of(("box", rows, cols), lambda half: self.box(rows, half), cols, (0, 1))
        return self._of(("box", rows, 1), lambda half: self.box(half, 1), rows, (1, 0))

    def diagonal(self, length, rising):
        """Return sums over diagonals; rows are counted from the last one if they rise."""
        if length == 1:
            return self._maps[..., ::-1, :] if rising else self._maps
        return self._of((rising, length), lambda half: self.diagonal(half, rising), length, (1, 1))

    def slanted(self, length, rise, way):
        """Return sums over `Slanted` lines, treated as flat and falling.

        Only the last sums of each length are kept: sums of twice the length should follow.
        """
        steep, rising, across = way
        if length == 1:
            sums = self.box(1, across) if steep else self.box(across, 1)
            sums = sums[..., ::-1, :] if rising else sums
            return np.swapaxes(sums, -1, -2) if steep else sums
        key = rise, way
        if self._slanted.get(length, (None,))[0] != key:
            half, down = self.slanted(length // 2, rise // 2, way), (rise + 1) // 2
            rows, on = half.shape[-2] - down, length // 2
            self._slanted[length] = key, half[..., :rows, :-on] + half[..., down:, on:]
        return self._slanted[length][1]

    def _of(self, key, shorter, length, step):
        """Return sums over runs of pixels along a step (rows, columns)."""
        if length == 1:
            return self._maps
        if key not in self._known:
            # A run consists of its first and its last half, which share a pixel if its length is
            # odd.
            on = length // 2
            half = shorter(length - on)
            first = tuple(slice(0, -on if each else None) for each in step)
            last = tuple(slice(on * each, None) for each in step)
            sums = half[(..., *first)] + half[(..., *last)]
            if length % 2:
                shared = zip(step, sums.shape[-2:], strict=True)
                sums -= shorter(1)[(..., *(slice(on * each, on * each + n) for each, n in shared))]
            self._known[key] = sums
        return self._known[key]
