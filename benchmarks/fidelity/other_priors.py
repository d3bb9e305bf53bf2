"""Print what priors are worth that the package does not have, tuned by the truth, by element.

Usage: python other_priors.py [--parts tgv patches guard measured] [--seeds N] [--conditions N ...]

tgv: second-order total generalised variation, with the Poisson likelihood, kept totals, and the
HAADF as the automatic call uses it or without. Each map is solved for with the others as the
automatic call found them. The same is done with total variation and Huber's form, which tells what
tuning by the truth gains alone. patches: averages of counts over the pixels whose HAADF patches are
alike. guard: what such averages leave of single columns that differ in counts. measured: silica
spheres, thinned, tuned and scored by held-back counts. "Restored": with what is significantly lost,
as the automatic call does it.
"""

import argparse
import itertools
import logging
from dataclasses import dataclass

import numpy as np
from generalised_variation import Term, solve
from measured import scan_of
from methods import automatic, fitted, gaussian
from scans import truth_of
from scipy import ndimage
from scores import snr
from thinned_scan import held_out, thin

from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.fusion.scaled import KNEE, map_scales
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.selection import kept_structure
from hyperspy_multimodal.selection.normalised_haadf import guide_directions

SHAPE = (96, 96)
CONDITIONS = [
    (core_shell, 3),
    (core_shell, 20),
    (bimetal, 3),
    (bimetal, 20),
    (oxide_interface, 5),
    (oxide_interface, 40),
]
RATIOS = tuple(2.0**k for k in range(-4, 8))  # lambda_2 / lambda_1
BETAS = (0.5, 1.0)  # weight of second over that of first differences, in pixels
RADII, BANDWIDTHS = (1, 3, 6), (0.02, 0.04, 0.08, 0.16, 0.32)  # of HAADF patches
CONTRASTS = (np.inf, 3.0, 1.5)  # standard errors of smoothed counts by which pixels differ


@dataclass
class Scan:
    """A scan as the automatic call sees it; maps in effective counts, by element."""

    signal: object
    haadf: object
    score: object  # of maps (K, ny, nx) in counts: SNR by element

    def __post_init__(self):
        plan = plan_fit(self.signal, None, 2.0, None, pile_up=False)
        self.maps = read_now(self.signal, plan).maps
        self.names = [each.split("_")[0] for each in self.signal.metadata.Sample.xray_lines]
        self.gains = self.maps.gains[:, None, None]
        self.auto, self.output = automatic(self)
        self.scales = map_scales(self.maps.counts, self.maps.background)
        image, blur = self.output["haadf"].data.astype(float), self.output["haadf_blur"]
        self.image = image
        self.directions = np.stack(guide_directions(image, blur)).astype(np.float32)
        self.matched = ndimage.gaussian_filter(image, blur) if blur else image

    def of(self, i, lambda_1):
        """Return the `Term` of one map; ``lambda_1`` None leaves the HAADF out."""
        maps, scale = self.maps, self.scales[i]
        slope = target = np.zeros((1, 1))
        if lambda_1 is not None:
            units = self.auto / (self.gains * self.scales[:, None, None])
            gamma, weights = self.output["gamma"], np.asarray(self.output["weights"])
            model = self.output["offset"] + np.tensordot(weights, units**gamma, axes=1)
            slope = weights[i] * gamma * np.maximum(units[i], 1e-3) ** (gamma - 1)
            root = np.sqrt(lambda_1 * scale)
            target = (self.matched - model + slope * units[i]) / root
            slope = slope / root
        arrays = maps.counts[i] / scale, maps.background[i] / scale, slope, target
        total = float(maps.net[i].sum() / scale)
        start = np.maximum(ndimage.gaussian_filter(maps.net[i] / scale, 2.0), 0.0)
        return Term(*(np.asarray(each, np.float32) for each in arrays), total, start)

    def kept(self, found):
        """Return maps in counts with lost structure restored, as the automatic call does it."""
        maps = (found / self.gains).astype(np.float32)
        return self.gains * kept_structure(self.maps, maps, self.maps.totals)[0]


def strongest(scan, i, **prior):
    """Return the best score of element i over strengths, with and without HAADF, and its map."""
    best = (-np.inf, None)
    own = scan.output["lambda_1"][i]
    pulled = scan.output["uses_haadf"] and scan.output["weights"][i] > 1e-3
    place = RATIOS.index(1.0)
    for lambda_1 in (own, None) if pulled else (None,):
        term, tried = scan.of(i, lambda_1), {}

        def score(place, term=term, tried=tried):
            if place not in tried:
                u = solve(term, RATIOS[place] / np.sqrt(scan.scales[i]), **prior)
                found = scan.auto.copy()
                found[i] = u * scan.scales[i] * scan.gains[i]
                tried[place] = scan.score(found)[i], found[i]
            return tried[place][0]

        for step in (1, -1):
            while 0 <= place + step < len(RATIOS) and score(place + step) > score(place):
                place += step
        best = max(best, tried[place], key=lambda each: each[0])
    return best


def tgv_rows(scan):
    """Return scores (K,) by prior, each tuned by the score."""
    guides = {"": None, "directional ": scan.directions}
    forms = {
        "TV": [{}],
        "Huber": [{"knee": KNEE}],
        "TGV": [{"beta": beta} for beta in BETAS],
    }
    scores, maps = {}, {}
    for (guide, directions), (form, settings) in itertools.product(guides.items(), forms.items()):
        rows = [
            max(
                (strongest(scan, i, directions=directions, **each) for each in settings),
                key=lambda row: row[0],
            )
            for i in range(len(scan.names))
        ]
        scores[guide + form] = np.array([row[0] for row in rows])
        maps[guide + form] = np.stack([row[1] for row in rows])
    for title, members in (("TV or Huber", ("TV", "Huber")), ("TGV of either kind", ("TGV",))):
        tried = [found for name, found in maps.items() if name.split()[-1] in members]
        best = np.argmax([scan.score(found) for found in tried], axis=0)
        found = np.stack([tried[n][i] for i, n in enumerate(best)])
        scores[title] = scan.score(found)
        scores[f"{title}, restored"] = scan.score(scan.kept(found))
    return scores


def patch_average(scan, radius, bandwidth, contrast=np.inf):
    """Return net maps in counts, averaged over pixels whose patches of the HAADF are alike.

    With a finite ``contrast`` pixels whose counts of any element, smoothed by 1.5 pixels, differ
    by that many standard errors are unlike too.
    """
    net, sigma = scan.maps.net.astype(np.float32), 1.5
    padded = np.pad(scan.image, radius, mode="reflect")
    window = (2 * radius + 1,) * 2
    views = np.lib.stride_tricks.sliding_window_view(padded, window)
    features = [views.reshape(net[0].size, -1) / (bandwidth * np.sqrt(2 * views[0, 0].size))]
    if np.isfinite(contrast):
        for each, variance in zip(net, scan.maps.net_variance, strict=True):
            error = np.sqrt(2 * variance.mean() / (4 * np.pi * sigma**2))
            smooth = ndimage.gaussian_filter(each, sigma) / (np.sqrt(2) * contrast * error)
            features.append(smooth.reshape(-1, 1))
    features = np.concatenate(features, axis=1).astype(np.float32)
    squares = (features**2).sum(axis=1)
    values = np.concatenate([net.reshape(len(net), -1), np.ones((1, net[0].size), np.float32)])
    sums = np.empty_like(values)
    for begin in range(0, len(features), 1024):
        part = slice(begin, begin + 1024)
        distance = features[part] @ features.T
        distance *= 2
        distance -= squares
        distance -= squares[part, None]
        np.minimum(distance, 0, out=distance)
        sums[:, part] = (np.exp(distance, out=distance) @ values.T).T
    return scan.gains * (sums[:-1] / sums[-1]).reshape(net.shape)


def patch_rows(scan):
    """Return scores of averages over patches, tuned by the score, and the best settings."""
    rows, settings = {}, {}
    for contrast in CONTRASTS:
        name = "patches" if np.isinf(contrast) else f"patches, {contrast} errors"
        tried = {
            each: patch_average(scan, *each, contrast)
            for each in itertools.product(RADII, BANDWIDTHS)
        }
        scores = np.array([scan.score(maps) for maps in tried.values()])
        best = scores.argmax(axis=0)
        found = np.stack([list(tried.values())[n][i] for i, n in enumerate(best)])
        settings[name] = [(*list(tried)[n], contrast) for n in best]
        rows[name] = scan.score(found)
        rows[f"{name}, restored"] = scan.score(scan.kept(found))
    return rows, settings


def show(title, names, rows):
    """Print a table of scores, means of seeds."""
    print(f"\n{title}\n\n| method | " + " | ".join(names) + " | mean |")
    print("|---|" + "---|" * (len(names) + 1))
    for method in rows[0]:
        mean = np.mean([each[method] for each in rows], axis=0)
        cells = " | ".join(f"{value:.1f}" for value in [*mean, mean.mean()])
        print(f"| {method} | {cells} |", flush=True)


def by_truth(specimen):
    """Return a `Scan` scored by its truth, and the scores of what there is."""
    truth = truth_of(specimen)
    scan = Scan(specimen.signal, specimen.haadf, lambda maps: snr(maps, truth))
    filtered = gaussian(fitted(specimen), truth)
    return scan, {"Gaussian": scan.score(filtered), "automatic": scan.score(scan.auto)}


def specimens(parts, seeds, conditions):
    for simulate, counts in (CONDITIONS[n] for n in conditions):
        rows = []
        for seed in range(seeds):
            scan, row = by_truth(simulate(SHAPE, float(counts), seed=seed))
            if "tgv" in parts:
                row |= tgv_rows(scan)
            if "patches" in parts:
                row |= patch_rows(scan)[0]
            rows.append(row)
            show(f"{simulate.__name__}, {counts} counts, seed {seed}", scan.names, [row])
        show(f"{simulate.__name__}, {counts} counts, {seeds} seeds", scan.names, rows)


def guard(seed, counts=8.0):
    """Print what is left of single columns that differ in counts, but not in the HAADF.

    1: the change is kept, 0: the column is like its neighbours.
    """
    sr, ti = np.s_[24:36, 12:24], np.s_[42:54, 18:30]  # cells around columns of Sr and of Ti
    for change, element, cell, lines in (
        ("half the Sr", "Sr", sr, np.s_[155:220]),
        ("half the O", "O", ti, np.s_[40:65]),
        ("Sr swapped with Ti", "Sr", sr, None),
    ):
        specimen = oxide_interface((60, 84), counts, seed=seed)
        signal, truth = specimen.signal.deepcopy(), truth_of(specimen)
        names = [each.split("_")[0] for each in signal.metadata.Sample.xray_lines]
        i, spectra = names.index(element), signal.data
        inner = tuple(slice(each.start + 2, each.stop - 2) for each in cell)
        usual = truth[i][inner].sum()
        if lines is not None:
            there = (*cell, lines)
            spectra[there] = np.random.default_rng(seed).binomial(spectra[there], 0.5)
            truth[i][cell] /= 2
        else:
            spectra[sr], spectra[ti] = spectra[ti].copy(), spectra[sr].copy()
            for each in truth:
                each[sr], each[ti] = each[ti].copy(), each[sr].copy()
        scan = Scan(signal, specimen.haadf, lambda maps, truth=truth: snr(maps, truth))
        kept = {"raw": scan.gains * scan.maps.net, "automatic": scan.auto}
        kept["automatic, nothing restored"], _ = automatic(scan, keep_significant=False)
        _, settings = patch_rows(scan)
        for name, best in settings.items():
            kept[name] = patch_average(scan, *best[i])
            kept[f"{name}, restored"] = scan.kept(kept[name])
        print(f"\n{change}, {counts:g} counts, seed {seed}: share of the change kept; SNR")
        for name, maps in kept.items():
            share = (usual - maps[i][inner].sum()) / (usual - truth[i][inner].sum())
            print(f"| {name} | {share:.2f} | {scan.score(maps)[i]:.1f} dB |", flush=True)


def measured(parts, seeds, doses=(10, 30)):
    signal, haadf = scan_of(None, None, None)  # silica spheres
    for dose in doses:
        rows = []
        for seed in range(seeds):
            thinned, rest = thin(signal, 1 / dose, seed)
            reference = held_out(rest, 1 / dose)

            def score(maps, reference=reference):
                error = np.maximum(reference.error(maps), 1e-9 * reference.signal)
                return 10 * np.log10(reference.signal / error)

            scan = Scan(thinned, haadf, score)
            widths = np.arange(0.5, 8.1, 0.5)
            raw = scan.gains * scan.maps.net
            tried = [ndimage.gaussian_filter(raw, (0, width, width)) for width in widths]
            row = {
                "Gaussian": score(reference.best_of(tried)),
                "automatic": score(scan.auto),
            }
            if "tgv" in parts:
                row |= tgv_rows(scan)
            if "patches" in parts:
                row |= patch_rows(scan)[0]
            rows.append(row)
        show(f"silica spheres, 1/{dose}, {seeds} draws", scan.names, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("tgv", "patches", "guard", "measured")
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument("--conditions", nargs="*", type=int, default=range(len(CONDITIONS)))
    parser.add_argument("--seeds", type=int, default=1)
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    specimens(chosen.parts, chosen.seeds, chosen.conditions)
    if "guard" in chosen.parts:
        for seed in range(chosen.seeds):
            guard(seed)
    if "measured" in chosen.parts:
        measured(chosen.parts, chosen.seeds)


if __name__ == "__main__":
    main()
