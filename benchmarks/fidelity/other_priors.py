"""Print what priors are worth that the package does not have, tuned by the truth, by element.

Usage: python other_priors.py [--parts tgv patches guard measured] [--seeds N] [--conditions N ...]

tgv: second-order total generalised variation (K. Bredies, K. Kunisch, T. Pock, SIAM J. Imaging Sci.
3, 492 (2010), doi:10.1137/090769521), with the Poisson likelihood, kept totals, and the HAADF as the
automatic call uses it. Each map is solved for with the others as the automatic call found them. The
same is done with total variation and Huber's form: what tuning by the truth gains alone. patches:
averages of counts over the pixels whose HAADF patches are alike. guard: what each leaves of single
columns whose counts differ. measured: silica spheres, thinned, tuned and scored by held-back counts.
"""

import argparse
import itertools
import logging
from dataclasses import dataclass

import numpy as np
from methods import automatic, best_by_truth, fitted, gaussian
from scans import truth_of
from scipy import ndimage
from scores import snr
from thinned_scan import held_out, thin

from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface, silica_spheres
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
RATIOS = tuple(2.0 ** (k / 2) for k in range(-6, 15))  # lambda_2 / lambda_1
WIDTHS = RATIOS[::2]  # of sieves, as half their squares
BETAS = (1.0, 3.0)  # weight of second over that of first differences, in pixels
ITERATIONS = 300  # SNR is within 0.05 dB of that after 6000
RADII, BANDWIDTHS = (1, 3, 5), (0.02, 0.04, 0.08, 0.16, 0.32)  # of HAADF patches
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


@dataclass
class Term:
    """Likelihood and HAADF of one map u = x / s: sum of u + b - y log(u + b) + (t - g u)^2 / 2."""

    counts: np.ndarray
    background: np.ndarray
    slope: np.ndarray
    target: np.ndarray
    total: float
    start: np.ndarray

    def prox(self, v, tau):
        """Return the minimum over u >= 0 of the term plus (u - v)^2 / 2 tau."""
        a = self.slope**2 + 1 / tau
        half = (v / tau + self.slope * self.target + a * self.background - 1) / 2
        root = (half + np.sqrt(half * half + a * self.counts)) / a
        return np.maximum(root - self.background, 0)


def differences(u):
    """Forward differences along y and x, none across the border."""
    d = np.zeros((2, *u.shape), np.float32)
    np.subtract(u[1:], u[:-1], out=d[0, :-1])
    np.subtract(u[:, 1:], u[:, :-1], out=d[1, :, :-1])
    return d


def adjoint(p):
    """Transpose of `differences`."""
    u = np.zeros(p.shape[1:], np.float32)
    u[:-1] -= p[0, :-1]
    u[1:] += p[0, :-1]
    u[:, :-1] -= p[1, :, :-1]
    u[:, 1:] += p[1, :, :-1]
    return u


def solve(term, weight, directions=None, beta=None, knee=0.0, iterations=ITERATIONS):
    """Minimise a `Term` plus weight R(u) under the kept total, by the primal-dual method.

    R is total variation, Huber's form with a ``knee``, or with ``beta`` the minimum over fields w
    of |grad u - w| + beta |E w|, E the symmetric gradient. ``directions`` take the part across
    edges of the HAADF off grad u and grad u - w.
    """
    u = term.start.astype(np.float32)
    pixels = np.sqrt(u.size)
    balance = 0.05 / max(weight, 0.1)
    tau, sigma = balance / np.sqrt(13), 1 / (balance * np.sqrt(13))
    p = np.zeros((2, *u.shape), np.float32)
    w, w_bar, q = p.copy(), p.copy(), np.zeros((3, *u.shape), np.float32)
    there = np.ones_like(p)  # where neighbours are, to differ from
    there[0, -1] = there[1, :, -1] = 0
    u_bar, price = u, 0.0

    def along(d):
        return d if directions is None else d - directions * (directions * d).sum(axis=0)

    for _ in range(iterations):
        step = differences(u_bar)
        if beta is not None:
            step -= w_bar * there
        p += sigma * along(step)
        if knee:
            p /= 1 + sigma * knee / weight
        p /= np.maximum(1, np.sqrt((p * p).sum(axis=0)) / weight)
        price += sigma * (u_bar.sum(dtype=float) - term.total) / pixels
        a = along(p)
        new = term.prox(u - tau * (adjoint(a) + np.float32(price / pixels)), tau)
        u_bar, u = 2 * new - u, new
        if beta is not None:
            dy, dx = differences(w_bar[0]), differences(w_bar[1])
            q += sigma * np.stack([dy[0], dx[1], (dy[1] + dx[0]) / 2])
            q /= np.maximum(1, np.sqrt(q[0] ** 2 + q[1] ** 2 + 2 * q[2] ** 2) / (beta * weight))
            grad = adjoint(np.stack([q[0], q[2]])), adjoint(np.stack([q[2], q[1]]))
            new = w - tau * (np.stack(grad) - a * there)
            w_bar, w = 2 * new - w, new
    return u


def strongest(scan, i, lambda_1s, **prior):
    """Return the best map of element i by the score, its score, ratio and lambda_1."""
    best = (-np.inf, None, None, None)
    place = len(RATIOS) // 2
    for lambda_1 in lambda_1s:
        term, tried = scan.of(i, lambda_1), {}

        def score(place, term=term, tried=tried):
            if place not in tried:
                u = solve(term, RATIOS[place] / np.sqrt(scan.scales[i]), **prior)
                found = scan.auto.copy()
                found[i] = u * scan.scales[i] * scan.gains[i]
                tried[place] = scan.score(found)[i], found[i]
            return tried[place][0]

        for step in (3, -3, 1, -1):
            while 0 <= place + step < len(RATIOS) and score(place + step) > score(place):
                place += step
        if score(place) > best[0]:
            best = (*tried[place], RATIOS[place], lambda_1)
    return best


def blurs(scan, lambda_1s, name):
    """Return the scores of sieves or smooth maps, width and lambda_1 tuned by the score."""
    scores = []
    for lambda_1, ratio in itertools.product(lambda_1s, WIDTHS):
        given = {} if lambda_1 else {"weights": [0] * len(scan.names)}
        lambdas = (lambda_1 or 1.0, (lambda_1 or 1.0) * ratio)
        maps, _ = automatic(
            scan, lambdas=lambdas, regulariser=name, keep_significant=False, **given
        )
        scores.append(scan.score(maps))
    return np.max(scores, axis=0)


def tgv_rows(scan):
    """Return scores (K,) by prior, each tuned by the score."""
    lambda_1s = [None]
    if scan.output["uses_haadf"]:
        lambda_1s.append(min(scan.output["lambda_1"]))
    guides = {"": None, "directional ": scan.directions}
    priors = {
        f"{guide}{name}": [{"directions": guides[guide], **each} for each in settings]
        for guide in guides
        for name, settings in (
            ("TV", [{}]),
            ("Huber", [{"knee": KNEE}]),
            ("TGV", [{"beta": beta} for beta in BETAS]),
        )
    }
    scores, maps = {}, {}
    for name, settings in priors.items():
        rows = [
            max((strongest(scan, i, lambda_1s, **each) for each in settings), key=lambda r: r[0])
            for i in range(len(scan.names))
        ]
        scores[name] = np.array([row[0] for row in rows])
        maps[name] = np.stack([row[1] for row in rows])
    summary = {}
    for kind, members in (("TV or Huber", ("TV", "Huber")), ("TGV", ("TGV",))):
        members = [name for name in priors if name.split()[-1] in members]
        summary[kind] = np.max([scores[name] for name in members], axis=0)
        best = [max(members, key=lambda name: scores[name][i]) for i in range(len(scan.names))]
        found = np.stack([maps[name][i] for i, name in enumerate(best)])
        summary[f"{kind}, restored"] = scan.score(scan.kept(found))
    for name in ("sieve", "smooth"):
        scores[name] = blurs(scan, lambda_1s, name)
    summary["all there is"] = np.max(
        [summary["TV or Huber"], scores["sieve"], scores["smooth"]], axis=0
    )
    return {**scores, **summary}


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
    """Print what is left of one column with half its Sr, and of a Sr and a Ti column swapped.

    The HAADF does not change. 1: the change is kept, 0: the column is like its neighbours.
    """
    sr, ti = np.s_[24:36, 12:24], np.s_[42:54, 18:30]  # cells around columns of Sr and of Ti
    for change in ("half the Sr", "swapped with Ti"):
        specimen = oxide_interface((60, 84), counts, seed=seed)
        signal, truth = specimen.signal.deepcopy(), truth_of(specimen)
        names = [each.split("_")[0] for each in signal.metadata.Sample.xray_lines]
        i, spectra = names.index("Sr"), signal.data
        usual = truth[i][sr].sum()
        if change == "half the Sr":
            rng, lines = np.random.default_rng(seed), (*sr, np.s_[155:220])
            spectra[lines] = rng.binomial(spectra[lines], 0.5)
            truth[i][sr] /= 2
        else:
            spectra[sr], spectra[ti] = spectra[ti].copy(), spectra[sr].copy()
            truth[:, *sr], truth[:, *ti] = truth[:, *ti].copy(), truth[:, *sr].copy()
        scan = Scan(signal, specimen.haadf, lambda maps, truth=truth: snr(maps, truth))
        kept = {"raw": scan.gains * scan.maps.net, "automatic": scan.auto}
        kept["automatic, nothing restored"], _ = automatic(scan, keep_significant=False)
        rows, settings = patch_rows(scan)
        for name, best in settings.items():
            kept[name] = patch_average(scan, *best[i])
            kept[f"{name}, restored"] = scan.kept(kept[name])
        print(f"\n{change}, {counts:g} counts, seed {seed}: share of the change kept; SNR of Sr")
        for name, maps in kept.items():
            share = (usual - maps[i][sr].sum()) / (usual - truth[i][sr].sum())
            print(f"| {name} | {share:.2f} | {scan.score(maps)[i]:.1f} dB |", flush=True)


def measured(parts, seeds, doses=(10, 30)):
    silica = silica_spheres()
    for dose in doses:
        rows = []
        for seed in range(seeds):
            thinned, rest = thin(silica.signal, 1 / dose, seed)
            reference = held_out(rest, 1 / dose)

            def score(maps, reference=reference):
                error = np.maximum(reference.error(maps), 1e-9 * reference.signal)
                return 10 * np.log10(reference.signal / error)

            scan = Scan(thinned, silica.haadf, score)
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
    parser.add_argument("--conditions", nargs="+", type=int, default=range(len(CONDITIONS)))
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
