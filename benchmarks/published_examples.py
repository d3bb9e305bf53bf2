"""Published maps, fused by the published package as in its tutorial, and by one call of ours.

Usage: python published_examples.py [--published PYTHON] [--pictures FOLDER] [--files FOLDER]

Maps are those of `data.co3o4_mn3o4` and `data.dysco3`, which are downloaded once, or read from
copies in a folder. PYTHON has PyPI's multimodal-fusion 0.6.0 installed, in an environment of its
own, see `against_published.py`; without it, its rows are left out. Prints Markdown tables.
"""

import argparse
import logging
import subprocess
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import co3o4_mn3o4, dysco3

matplotlib.use("Agg")
import matplotlib.pyplot as plt

#: Gamma, lambda_Chem, lambda_TV, steps of total variation and background of the tutorial.
TUTORIAL = {"Co3O4/Mn3O4": (1.6, 0.006, 0.022, 6, 0.01), "DyScO3": (1.6, 0.08, 0.15, 3, 0.24)}
SCANS = {
    "Co3O4/Mn3O4": (co3o4_mn3o4, "Co3O4_Mn3O4.h5"),
    "DyScO3": (dysco3, "DyScO3_EDS.npz"),
}
#: Pixels by which raw maps are smoothed to tell cores from shells, and columns from each other.
SMOOTHED = {"Co3O4/Mn3O4": 4.0, "DyScO3": 2.0}
_RUNNER = Path(__file__).with_name("published_run.py")


def published(python, title, names, maps, haadf):
    """Return the package's maps, which have no unit: it scales each to the range from 0 to 1."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(source, counts=maps, haadf=haadf)
        numbers = map(str, TUTORIAL[title])
        options = ["--iterations", "30", "--weights", "Z", "--names", *names]
        command = [python, _RUNNER, source, target, *numbers, *options]
        subprocess.run(command, check=True, capture_output=True)
        return np.load(target)["maps"].astype(float)


def flat_noise(image, flat):
    """Return the standard deviation of diagonal differences of 2 x 2 pixels in flat parts."""
    a, b, c, d = image[:-1, :-1], image[1:, :-1], image[:-1, 1:], image[1:, 1:]
    return float(((a - b - c + d) / 2)[flat[:-1, :-1]].std())


def flat_parts(haadf):
    """Return where a bright HAADF image slopes least: half of what is bright."""
    smooth = ndimage.gaussian_filter(haadf, 2.0)
    slope = np.hypot(*np.gradient(smooth))
    bright = smooth > 0.5 * (np.quantile(smooth, 0.05) + np.quantile(smooth, 0.99))
    return bright & (slope < np.median(slope[bright]))


def shares(maps, sigma=0.0):
    """Return the share of the first of two maps, smoothed by so many pixels."""
    one, other = (ndimage.gaussian_filter(each, sigma) for each in maps)
    return one / np.maximum(one + other, 1e-12)


def separation(maps, one, other):
    """Return how far two maps tell two places apart, over the scatter: by share, by difference.

    The difference is that of the maps over their means. A background that a method subtracts raises
    the contrast of the share, and not that of the difference.
    """
    first, second = (each / each.mean() for each in maps)
    return [
        (image[one].mean() - image[other].mean())
        / max(np.sqrt(0.5 * (image[one].var() + image[other].var())), 1e-12)
        for image in (shares(maps), first - second)
    ]


def apart(raw, particles, sigma):
    """Return where the smoothed raw share of the first map is above Otsu's threshold, and not."""
    smooth = shares(raw, sigma)
    above = smooth > threshold_otsu(smooth[particles])
    return above & particles, ~above & particles


def row(title, name, method, image, raw, flat, vacuum):
    # relative to the mean, as the package's maps have no unit
    noise = [flat_noise(each / each.mean(), flat) for each in (raw, image)]
    total = "no unit" if method == "published" else f"{image.sum() / raw.sum():.3f}"
    print(
        f"| {title} | {name} | {method} | {noise[0] / noise[1]:.1f} | {total} | "
        f"{100 * raw[vacuum].sum() / raw.sum():.1f} % / "
        f"{100 * image[vacuum].sum() / image.sum():.1f} % |",
        flush=True,
    )


def measured(title, scan, python, folder):
    """Print rows for one scan; return by method how well the first two elements are told apart."""
    names, raw = list(scan.maps), np.stack([each.data for each in scan.maps.values()]).astype(float)
    haadf = np.asarray(scan.haadf.data, float)
    results = {"raw": raw}
    if python:
        results["published"] = published(python, title, names, raw, haadf)
    fused = fuse_maps(scan.maps, scan.haadf, show_progressbar=False)
    results["one call"] = np.stack([each.data for each in fused])
    smooth = ndimage.gaussian_filter(haadf, 4.0)
    height = (smooth - smooth.min()) / np.ptp(smooth)
    for k, name in enumerate(names):
        for method, maps in results.items():
            if method != "raw":
                row(title, name, method, maps[k], raw[k], flat_parts(haadf), height < 0.05)
    if folder:
        picture(title, names, results, haadf, folder)
    particles = np.full(haadf.shape, True) if title == "DyScO3" else particles_of(haadf)
    parts = apart(raw[:2], particles, SMOOTHED[title])
    return {method: separation(maps[:2], *parts) for method, maps in results.items()}


def seeds_table(scan, name="Mn", seeds=range(5)):
    """Print how much one map of Co3O4/Mn3O4 depends on the seed, in its shells."""
    raw = np.stack([each.data for each in scan.maps.values()]).astype(float)
    _, shells = apart(raw[:2], particles_of(scan.haadf.data), SMOOTHED["Co3O4/Mn3O4"])
    k, first = list(scan.maps).index(name), None
    print("\n<!-- table: published-seeds -->\n")
    print(f"| seed | regulariser of {name} | lambda_2 | from seed 0, in the shells ", end="")
    print("| sum over the shells, from seed 0 |\n|---|---|---|---|---|")
    for seed in seeds:
        fused = fuse_maps(scan.maps, scan.haadf, seed=seed, show_progressbar=False)
        record, inside = fused[k].metadata.Multimodal_fusion, fused[k].data[shells]
        first = inside if first is None else first
        change = np.sqrt(np.square(inside - first).mean()) / first.mean()
        print(
            f"| {seed} | {record.regularisers[k]} | {record.lambda_2[k]:.2g} | "
            f"{100 * change:.0f} % | {100 * (inside.sum() / first.sum() - 1):+.1f} % |",
            flush=True,
        )


def particles_of(haadf):
    """Return what lies inside bright particles."""
    smooth = ndimage.gaussian_filter(np.asarray(haadf, float), 4.0)
    height = (smooth - smooth.min()) / np.ptp(smooth)
    return ndimage.binary_erosion(height > 0.3, iterations=3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", help="Python with the published package")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--files", type=Path, help="folder with copies of the published files")
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    print("<!-- table: published-examples -->\n")
    print(
        "| scan | map | method | relative noise in flat parts, raw divided by fused | total ",
        end="",
    )
    print("| in vacuum, raw / fused |")
    print("|---|---|---|---|---|---|")
    told = {}
    for title, (load, file) in SCANS.items():
        scan = load(path=chosen.files / file) if chosen.files else load()
        told[title] = measured(title, scan, chosen.published, chosen.pictures)
    print("\n<!-- table: published-separation -->\n")
    print("| method | Co, cores from shells: by share | by difference | ", end="")
    print("Sc, columns from those of Dy: by share | by difference |\n|---|---|---|---|---|")
    for method in told["DyScO3"]:
        values = [value for each in told.values() for value in each[method]]
        print(f"| {method} | " + " | ".join(f"{value:.2f}" for value in values) + " |")
    load, file = SCANS["Co3O4/Mn3O4"]
    seeds_table(load(path=chosen.files / file) if chosen.files else load())


def picture(title, names, results, haadf, folder):
    """Save raw and fused maps on one scale, published ones on their own, and the HAADF."""
    figure, axes = plt.subplots(
        len(results), len(names) + 1, figsize=(3 * (len(names) + 1), 3 * len(results)),
        layout="constrained", squeeze=False,
    )  # fmt: skip
    for axis in axes.ravel():
        axis.axis("off")
    axes[0, -1].imshow(haadf, cmap="gray")
    axes[0, -1].set_title("HAADF")
    for r, (method, maps) in enumerate(results.items()):
        for k, name in enumerate(names):
            same = "published" if method == "published" else "one call"
            high = np.quantile(results[same][k], 0.998)
            shown = axes[r, k].imshow(maps[k], vmin=0, vmax=high)
            axes[r, k].set_title(f"{name}, {method}")
            figure.colorbar(shown, ax=axes[r, k], shrink=0.7, extend="max")
    figure.suptitle(f"{title}, in the units of the file (published: no units)")
    figure.savefig(folder / f"published_{title.split('/')[0].lower()}.png", dpi=80)
    plt.close(figure)


if __name__ == "__main__":
    main()
