"""How well the noise of maps that are not counts is estimated, on simulated maps with known noise.

Usage: python map_noise.py [--seeds N] [--counts N [N ...]] [--size N] [--kinds WORD [WORD ...]]

Each kind is drawn from the first two elements of core-shell particles and of an oxide interface at
atomic resolution, with so many effective counts at the brightest pixel. Prints Markdown tables:
ranges over maps and seeds of gain and floor over their true values, the share of maps of which the
gain is said to be a guess, and how many of the other gains are off by more than a quarter, and of
known floors by more than a half.
"""

import argparse
from functools import cache

import numpy as np
from scipy import ndimage

from hyperspy_multimodal.data import core_shell, oxide_interface
from hyperspy_multimodal.given.map_noise import estimate_noise

GAIN = 0.04
DOSES = (0.1, 1, 5, 30)
# Gains and floors are wrong beyond these relative errors.
WRONG_GAIN, WRONG_FLOOR = 0.25, 0.5


@cache
def expected(make, size):
    maps = make((size, size), 10).counts[:2]
    return [each.data / each.data.max() for each in maps]


def scaled(mean, rng):
    return GAIN * rng.poisson(mean), GAIN, 0.0


def compound(mean, rng):
    """Electrons that each give a signal of its own size, of a gamma distribution of shape 2."""
    counts = rng.poisson(mean)
    sizes = np.where(counts > 0, rng.gamma(2.0 * np.maximum(counts, 1), 0.5), 0.0)
    return GAIN * sizes, 1.5 * GAIN, 0.0


def with_noise(deviation):
    def draw(mean, rng):
        noise = deviation * rng.standard_normal(mean.shape)
        return GAIN * (rng.poisson(mean) + noise), GAIN, (GAIN * deviation) ** 2

    return draw


def clipped(draw):
    def clip(mean, rng):
        image, gain, floor = draw(mean, rng)
        return np.maximum(image, 0.0), gain, floor

    return clip


def subtracted(mean, rng):
    """A background of two to four counts, varying over the map, that was subtracted."""
    below = np.linspace(2, 4, len(mean))[:, None] + 0 * mean
    return GAIN * (rng.poisson(mean + below) - below), GAIN, 3.0 * GAIN**2


def with_hot_pixels(mean, rng):
    """One pixel in a thousand is a thousand times as bright as the brightest."""
    image, gain, floor = scaled(mean, rng)
    value = 1e3 * gain * max(mean.max(), 1.0)
    return np.where(rng.random(mean.shape) < 1e-3, value, image), gain, floor


def eight_bits(draw):
    def rounded(mean, rng):
        image, gain, floor = draw(mean, rng)
        scale = 255 / max(image.max(), GAIN)
        return np.rint(scale * np.maximum(image, 0)), gain * scale, floor * scale**2

    return rounded


def filtered(kernel, draw=scaled):
    def smooth(mean, rng):
        image, gain, floor = draw(mean, rng)
        return kernel(image), gain, floor

    return smooth


def interpolated(mean, rng):
    """Half as many rows and columns, interpolated between: a quarter of the counts each."""
    return GAIN * ndimage.zoom(rng.poisson(mean[::2, ::2]).astype(float), 2, order=1), 4 * GAIN, 0.0


KINDS = {
    "counts in another unit": scaled,
    "8 bits": eight_bits(scaled),
    "signals of different sizes": compound,
    "counts, and hot pixels": with_hot_pixels,
    "noise of half a count": with_noise(0.5),
    "noise of half a count, clipped": clipped(with_noise(0.5)),
    "the same, 8 bits": eight_bits(clipped(with_noise(0.5))),
    "noise of two counts": with_noise(2.0),
    "noise of two counts, clipped": clipped(with_noise(2.0)),
    "background of 3 counts subtracted": subtracted,
    "the same, clipped": clipped(subtracted),
    "Gaussian filter, 0.5 pixels": filtered(lambda image: ndimage.gaussian_filter(image, 0.5)),
    "Gaussian filter, 1 pixel": filtered(lambda image: ndimage.gaussian_filter(image, 1.0)),
    "mean of 3 x 3 pixels": filtered(lambda image: ndimage.uniform_filter(image, 3)),
    "median of 3 x 3 pixels": filtered(lambda image: ndimage.median_filter(image, 3)),
    "shifted by 0.3 pixels": filtered(
        lambda image: ndimage.shift(image, 0.3, order=1, mode="nearest")
    ),
    "interpolated linearly, 2 x 2": interpolated,
}


def ranges(draw, counts, seeds, size):
    """Return gain and floor over their true values, the share of guesses of the gain, and tallies.

    Tallies are the numbers of wrong and of known values, of gains and of floors.
    """
    gains, floors, guesses, known_floors = [], [], [], []
    for make in (core_shell, oxide_interface):
        for mean in expected(make, size):
            for seed in range(seeds):
                image, gain, floor = draw(mean * counts, np.random.default_rng(seed))
                found = estimate_noise(image)
                guesses.append(not np.isfinite(found.gain_error))
                if not guesses[-1]:
                    gains.append(found.gain / gain)
                if floor:
                    floors.append(found.floor / floor)
                    if np.isfinite(found.floor_error):
                        known_floors.append(floors[-1])
    tallies = tally(gains, WRONG_GAIN), tally(known_floors, WRONG_FLOOR)
    return gains, floors, np.mean(guesses), np.array(tallies)


def tally(ratios, most):
    """Return how many ratios are off by more than a share, and of how many."""
    return int(np.sum(np.abs(np.array(ratios) - 1) > most)), len(ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--counts", type=float, nargs="+", default=DOSES)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--kinds", nargs="+", help="words in the names of kinds; default all")
    args = parser.parse_args()
    chosen = [kind for kind in KINDS if not args.kinds or any(word in kind for word in args.kinds)]
    head = " | ".join(f"{counts:g}" for counts in args.counts)
    line = "---|" * len(args.counts)
    found = {
        kind: [ranges(KINDS[kind], n, args.seeds, args.size) for n in args.counts]
        for kind in chosen
    }
    total = np.zeros((2, 2), int)
    print("<!-- table: map-gain -->\n")
    print(f"| gain, found / true | {head} | wrong |\n|---|{line}---|")
    for kind, cells in found.items():
        tallies = sum(each[3] for each in cells)
        total += tallies
        values = " | ".join(gain_cell(gains, guess) for gains, _, guess, _ in cells)
        print(f"| {kind} | {values} | {of(tallies[0])} |")
    print("\n<!-- table: map-floor -->\n")
    print(f"| floor, found / true | {head} | wrong |\n|---|{line}---|")
    for kind, cells in found.items():
        if cells[0][1]:
            values = " | ".join(cell(floors) for _, floors, _, _ in cells)
            print(f"| {kind} | {values} | {of(sum(each[3] for each in cells)[1])} |")
    print(f"\nWrong in all: {of(total[0])} gains, {of(total[1])} floors")


def of(tallied):
    return f"{tallied[0]} of {tallied[1]}"


def cell(values):
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def gain_cell(values, guess):
    if guess > 0.5:
        return "a guess"
    return cell(values) + (f", {100 * guess:.0f} % a guess" if guess else "")


if __name__ == "__main__":
    main()
