"""Print what it would cost to fuse maps in tiles, instead of whole.

Usage: python tiles.py

Maps of 256 x 256 pixels are fused whole, and in tiles of 64 x 64 with a halo, with the same
scales, weights, pedestal and lambdas, to a relative gap of 1e-5 (gamma 1) or 1e-4. The difference
is that of the norm of a map, of the worst element. What keeps an element's total is one number, its
price, which the whole map determines: tiles are fused with the true one, and with what can be had
without fusing the whole map, the mean of the prices that keep the totals of the tiles.
"""

import logging

import numpy as np

from hyperspy_multimodal.data import core_shell, oxide_interface
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.fusion.scaled import fuse_scaled
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.physics.scattering import xray_scattering
from hyperspy_multimodal.selection import GuidedModels, HaadfFit, normalise_haadf

_SIZE, _TILE = 256, 64
_LAMBDA_1, _RATIO = 0.01, 2.0
_SIGNIFICANT = 5.0


class Scan:
    """One scan, and what all its tiles share."""

    def __init__(self, make, gamma, regulariser):
        specimen = make((_SIZE, _SIZE), counts=5)
        plan = plan_fit(specimen.signal, None, 2.0, None)
        self.maps = read_now(specimen.signal, plan).maps
        per_count = xray_scattering(specimen.signal, plan.names, plan.windows)
        haadf, lowest = normalise_haadf(specimen.haadf.data.astype(float))
        self.model = HaadfFit(self.maps, haadf, lowest, self.maps.gains * per_count).model(gamma)
        models = GuidedModels(haadf, [self.model])
        self.haadf = models.matched(self.model)
        self.regularisers = (regulariser,) * len(plan.names)
        self.directions = models.directions(self.model)
        self.tolerance = 1e-5 if gamma == 1 else 1e-4

    def fused(self, where=(slice(None),) * 2, prices=0.0, totals=None):
        """Fuse a part of the scan; a price is as good as another lambda_1 and other counts."""
        lambda_1 = np.full(len(self.maps.names), _LAMBDA_1)
        priced = lambda_1 + prices
        part = slice(None), *where
        return fuse_scaled(
            self.maps.counts[part] * (lambda_1 / priced)[:, None, None],
            self.maps.background[part],
            self.haadf[where],
            scales=self.model.scales,
            weights=self.model.weights,
            offset=self.model.offset,
            gamma=self.model.gamma,
            lambda_1=priced,
            lambda_2=_RATIO * lambda_1,
            totals=totals,
            regularisers=self.regularisers,
            directions=tuple(np.ascontiguousarray(each[where]) for each in self.directions),
            tolerance=self.tolerance,
            max_iterations=5000,
        )


def tiles(halo):
    """Yield the part of the scan that a tile sees, the tile, and the tile within that part."""
    for top in range(0, _SIZE, _TILE):
        for left in range(0, _SIZE, _TILE):
            seen, own, within = [], [], []
            for start in (top, left):
                first = max(start - halo, 0)
                seen.append(slice(first, min(start + _TILE + halo, _SIZE)))
                own.append(slice(start, start + _TILE))
                within.append(slice(start - first, start - first + _TILE))
            yield tuple(seen), (slice(None), *own), (slice(None), *within)


def in_tiles(scan, halo, prices):
    """Return maps that were fused tile by tile."""
    maps = np.zeros(scan.maps.counts.shape)
    for seen, own, within in tiles(halo):
        maps[own] = scan.fused(seen, prices).maps[within]
    return maps


def mean_prices(scan, halo):
    """Return the means of what keeps the totals of the tiles, by how much their maps give way."""
    sums = weights = 0.0
    for seen, _, within in tiles(halo):
        part = slice(None), *seen
        total, variance = (
            each[part].sum(axis=(1, 2), dtype=float)
            for each in (scan.maps.net, scan.maps.net_variance)
        )
        totals = np.where(total > _SIGNIFICANT * np.sqrt(variance), total, np.nan)
        result = scan.fused(seen, totals=totals)
        gross = (result.maps + scan.maps.background[part]) * (result.maps > 0)
        weight = np.where(np.isfinite(totals), gross[within].sum(axis=(1, 2)), 0.0)
        sums, weights = sums + weight * result.prices, weights + weight
    return sums / np.maximum(weights, 1e-30)


def difference(maps, whole):
    """Return the largest difference of a map, relative to its norm."""
    return np.max(np.linalg.norm(maps - whole, axis=(1, 2)) / np.linalg.norm(whole, axis=(1, 2)))


def main():
    """Print the table."""
    logging.disable(logging.WARNING)
    print("<!-- table: tiles -->\n")
    halos = (16, 32, 64)
    shown = " | ".join(f"halo {halo}" for halo in halos)
    print(f"| specimen | gamma | TV | {shown} | halo 32, mean multipliers | error of the totals |")
    print("|---|---|---|" + "---|" * (len(halos) + 2))
    for make, gamma, regulariser in (
        (core_shell, 1.0, "directional"),
        (oxide_interface, 1.0, "directional"),
    ):
        scan = Scan(make, gamma, regulariser)
        result = scan.fused(totals=scan.maps.totals)
        whole = result.maps.astype(float)
        cells = [f"{difference(in_tiles(scan, halo, result.prices), whole):.1e}" for halo in halos]
        maps = in_tiles(scan, 32, mean_prices(scan, 32))
        off = np.abs(maps.sum(axis=(1, 2)) / scan.maps.totals - 1).max()
        print(
            f"| {make.__name__} | {gamma} | {regulariser} | {' | '.join(cells)} "
            f"| {difference(maps, whole):.1e} | {100 * off:.1f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
