"""Tables of docs/inputs.md on measured data: EELS of copper and zinc, and shares of DyScO3."""

from pathlib import Path

import hyperspy.api as hs
import numpy as np
from inputs_tables import Said, automatic, print_row, print_titles, stacked
from scipy import ndimage
from scipy.spatial import cKDTree

from hyperspy_multimodal import composition, fuse_maps, region_sums
from hyperspy_multimodal.written_numbers import with_error

#: Ranges of energies, in eV; None is the end of the axis.
ENERGIES = (
    (None, None), (850.0, 1500.0), (800.0, 1300.0), (830.0, 1300.0), (850.0, 1200.0),
    (880.0, 1150.0),
)  # fmt: skip

#: Ranges for which the gain is estimated, and parts of the scan: rows, columns.
GAIN_ENERGIES = (
    (None, None), (750.0, 1400.0), (700.0, 1400.0), (850.0, 1500.0), (800.0, 1300.0),
    (700.0, 1200.0), (750.0, 1200.0), (850.0, 1200.0), (880.0, 1150.0),
)  # fmt: skip
PARTS = {
    "20 x 20": (slice(5, 25), slice(20, 40)),
    "10 x 10": (slice(5, 15), slice(20, 30)),
    "one row": (slice(20, 21), slice(None)),
    "one column": (slice(None), slice(25, 26)),
}

#: Ranges for which regions are compared.
COMPARED = (None, None), (750.0, 1400.0), (800.0, 1200.0)


def leaks(maps, references, blurs=(0.0,)):
    """Share of the other element in each map, in percent, and the blur of the references.

    Each map is fitted by both references and a constant; the coefficient of the other, times the
    ratio of the 99th percentiles of the references, over the own coefficient. Of several blurs of
    the references, the one that fits best counts.
    """
    brightest = np.percentile(references, 99, axis=(1, 2))
    found = []
    for own, each in enumerate(maps):
        fits = []
        for blur in blurs:
            blurred = gaussian(references, blur).reshape(2, -1)
            columns = np.vstack([blurred, np.ones(each.size)]).T
            fitted, residual, *_ = np.linalg.lstsq(columns, each.ravel(), rcond=None)
            leak = fitted[1 - own] * brightest[1 - own] / (fitted[own] * brightest[own])
            fits.append((float(residual[0]), 100 * leak, blur))
        found.append(min(fits)[1:])
    return found


def copper_and_zinc(folder):
    """Return spectra and HAADF of eXSpy's example."""
    signal, haadf = hs.load(folder / "CuZn_EELS.hspy"), hs.load(folder / "CuZn_HAADF.hspy")
    signal.add_elements(["Cu", "Zn"])
    return signal, haadf


def ranges_table(folder):
    """Shift of the edges, counts and composition of the bright half, by the range of energies."""
    signal, haadf = copper_and_zinc(folder)
    regions = {"bright": haadf.data > np.median(haadf.data)}
    titles = "Cu, 10⁶ counts", "Zn, 10⁶ counts", "Cu, at%", "verdicts of Cu and Zn"
    print_titles("energy-ranges", "energies, eV", "shift of the edges, eV", *titles)
    for low, high in ENERGIES:
        part = signal.isig[low:high]
        with Said():
            maps, output = part.multimodal_fusion(
                haadf, align=True, gamma=1, lambdas=(1, 0.25), full_output=True
            )
            sums = region_sums(maps, output, regions)
            found = composition(maps, output, regions=regions)
        counts, errors = sums.counts[0] / 1e6, sums.errors["total"][0] / 1e6
        at = found.atomic_percent[0, 0]
        at = "not known" if np.isnan(at) else with_error(at, found.errors["total"][0, 0])
        verdicts = "; ".join(m.metadata.Multimodal_fusion.verdict for m in maps)
        ends = part.axes_manager[-1].axis[[0, -1]] if low is None else (low, high)
        print_row(
            "{:.0f} to {:.0f}".format(*ends),
            f"{output['spectrum_fit']['edge_shift']:.1f}",
            *(with_error(*pair) for pair in zip(counts, errors, strict=True)),
            at,
            verdicts,
        )


def gains_table(folder):
    """Gain as estimated from the noise, by the range of energies and the part of the scan."""
    signal, haadf = copper_and_zinc(folder)
    cases = [("all", each, (slice(None), slice(None))) for each in GAIN_ENERGIES]
    cases += [(name, (None, None), part) for name, part in PARTS.items()]
    print_titles("eels-gain", "energies, eV", "pixels", "gain", "where from")
    for name, (low, high), (rows, columns) in cases:
        part, image = signal.inav[columns, rows].isig[low:high], haadf.isig[columns, rows]
        with Said():
            maps = part.multimodal_fusion(image, gamma=1, lambdas=(1, 0.25))
        record = maps[0].metadata.Multimodal_fusion
        ends = part.axes_manager[-1].axis[[0, -1]] if low is None else (low, high)
        gain = (
            f"{record.gain:.2f} ± {record.gain_error:.2f}"
            if "gain_error" in record
            else record.gain
        )
        print_row("{:.0f} to {:.0f}".format(*ends), name, gain, record.gain_source)


def ratios_table(folder):
    """Ratios of areal densities in two regions, by the range of energies."""
    signal, haadf = copper_and_zinc(folder)
    regions = {name: np.zeros(haadf.data.shape, bool) for name in ("lower left", "upper right")}
    regions["lower left"][28:40, 8:20] = True
    regions["upper right"][5:20, 20:40] = True
    titles = "Cu/Zn, lower left", "Cu/Zn, upper right", "left / right, counting error"
    print_titles("region-ratios", "energies, eV", *titles)
    for low, high in COMPARED:
        part = signal.isig[low:high]
        with Said():
            maps, output = part.multimodal_fusion(haadf, gamma="auto", full_output=True)
            found = composition(maps, output, regions=regions)
        ratios, errors = found.ratios("Cu", "Zn")
        by_counts = found.ratios("Cu", "Zn", errors="counts")[1]
        change = ratios[0] / ratios[1]
        ends = part.axes_manager[-1].axis[[0, -1]] if low is None else (low, high)
        print_row(
            "{:.0f} to {:.0f}".format(*ends),
            *(with_error(*pair) for pair in zip(ratios, errors, strict=True)),
            with_error(change, change * np.sqrt(np.square(by_counts / ratios).sum())),
        )


def draw_fit(folder, pictures):
    """Draw the fit of the summed spectrum of copper and zinc."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from hyperspy_multimodal.plot import plot_sum_spectrum

    signal, haadf = copper_and_zinc(folder)
    with Said():
        _, output = signal.isig[750.0:1400.0].multimodal_fusion(
            haadf, gamma="auto", full_output=True
        )
    plot_sum_spectrum(output)
    plt.savefig(Path(pictures) / "eels_fit.png", dpi=100)
    plt.close("all")


def eels_table(folder):
    """Copper and zinc by EELS, against a full model fit of the same spectra."""
    signal, haadf = copper_and_zinc(folder)
    references = stacked([hs.load(folder / f"CuZn_{e}_modelfit.hspy") for e in ("Cu", "Zn")])
    rows = {"model fit, blurred by 1 pixel (control)": gaussian(references, 1)}
    rows_used = {}
    raw_named = {"windows": "raw, windows", "fit": "raw, fit"}
    for name, options in {
        "fused, windows": {"map_method": "windows"},
        "fused, fit, `gain=1`": {"gain": 1},
        "fused, fit (default)": {},
    }.items():
        fused, output, _ = automatic(signal, haadf, **options)
        raw = stacked(output["raw_maps"])
        if "gain" not in options:
            method = options.get("map_method", "fit")
            rows[raw_named[method]] = raw
            if method == "fit":
                rows["raw, fit, blurred by 1 pixel (control)"] = gaussian(raw, 1)
        used = ", ".join(dict.fromkeys(output["haadf_use"]))
        rows[name], rows_used[name] = fused, used
    titles = "maps", "corr. Cu", "corr. Zn", "Zn in Cu", "Cu in Zn"
    print_titles("eels", *titles, "the same, references blurred alike", "HAADF used")
    order = sorted(rows, key=lambda name: name.startswith("fused"))
    for name in order:
        both = zip(rows[name], references, strict=True)
        like = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in both]
        leak = [f"{each:.1f} %" for each, _ in leaks(rows[name], references)]
        alike = leaks(rows[name], references, np.arange(0, 2.01, 0.1))
        leak.append(", ".join(f"{each:.1f} %" for each, _ in alike))
        print_row(name, *(f"{each:.3f}" for each in like), *leak, rows_used.get(name, ""))


def gaussian(maps, width):
    return ndimage.gaussian_filter(maps, (0, width, width), mode="nearest")


def columns_of(raw):
    """Positions of columns, and a mask of the quarter of the pixels that is farthest from them.

    Columns are the maxima of the raw map smoothed by 2 pixels. Where noise draws a maximum to it, a
    map with that noise would look better than it is: so each position is the mean of its four
    neighbours.
    """
    smooth = ndimage.gaussian_filter(raw, 2)
    peaks = (smooth == ndimage.maximum_filter(smooth, 9)) & (smooth > np.percentile(smooth, 75))
    distance = ndimage.distance_transform_edt(~peaks)
    found = np.argwhere(peaks)
    apart, nearest = cKDTree(found).query(found, k=5)
    means = found[nearest[:, 1:]].mean(axis=1)
    inside = (apart[:, 4] < 1.4 * np.median(apart[:, 1:])) & (abs(means - found) < 3).all(axis=1)
    return np.rint(means[inside]).astype(int), distance >= np.percentile(distance, 75)


def means_at(image, positions, radius=2):
    """Mean within a disc around each position."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = np.argwhere(np.hypot(y, x) <= radius) - radius
    places = positions[:, None] + disc
    return image[places[..., 0], places[..., 1]].mean(axis=1)


def pixel_noise(image):
    """Standard deviation of white noise, from differences in blocks of 2 x 2 pixels."""
    difference = (image[:-1, :-1] - image[1:, :-1] - image[:-1, 1:] + image[1:, 1:]) / 2
    return np.median(np.abs(difference)) / 0.6745


def shares_table(folder, pictures):
    """Atomic resolution maps that are shares of 1 and no counts."""
    loaded = np.load(folder / "DyScO3_EDS.npz")
    raw = {element: loaded[element] for element in ("Sc", "Dy", "O")}
    kinds = {}
    for name, chosen in {"fused": ("Sc", "Dy", "O"), "fused without O": ("Sc", "Dy")}.items():
        with Said():
            maps = {element: raw[element] for element in chosen}
            found = fuse_maps(maps, loaded["HAADF"], gamma="auto")
        kinds[name] = {e: m.data for e, m in zip(chosen, found, strict=True)}
    kinds["fused without O"]["O"] = 1 - sum(kinds["fused without O"].values())
    smooth = {element: ndimage.gaussian_filter(each, 2) for element, each in raw.items()}
    titles = "element", "maps", "columns / surroundings"
    print_titles("shares", *titles, "scatter of columns", "scatter of surroundings", "pixel noise")
    for element in raw:
        positions, surroundings = columns_of(raw[element])
        for name, maps in {"raw": raw, "raw, Gaussian of 2 pixels": smooth, **kinds}.items():
            image = maps[element]
            at, beside = means_at(image, positions), image[surroundings]
            print_row(
                element,
                name if (name, element) != ("fused without O", "O") else "1 - Sc - Dy, fused",
                f"{at.mean() / beside.mean():.2f}",
                f"{100 * at.std() / at.mean():.1f} %",
                f"{100 * beside.std() / beside.mean():.1f} %",
                f"{pixel_noise(image):.4f}",
            )
    if pictures:
        path = Path(pictures) / "inputs_dysco3.png"
        draw_shares(loaded["HAADF"], {"raw": raw, **kinds}, path)


def draw_shares(haadf, rows, path, size=96):
    """Draw HAADF and rows of maps, of a part of the field."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from PIL import Image

    part = np.s_[:size, :size]
    fig, axes = plt.subplots(len(rows), 4, figsize=(12, 7.8), layout="constrained")
    fig.suptitle(f"DyScO3: maps given as shares, {size} x {size} pixels of 256 x 256")
    fig.supxlabel("x / pixels")
    fig.supylabel("y / pixels")
    shown = axes[0, 0].imshow(haadf[part], cmap="gray")
    axes[0, 0].set_title("HAADF")
    fig.colorbar(shown, ax=axes[0, 0], label="intensity")
    for axis in axes[1:, 0]:
        axis.axis("off")
    for row, (name, maps) in zip(axes, rows.items(), strict=True):
        for axis, (element, image) in zip(row[1:], maps.items(), strict=True):
            low, high = np.percentile(image[part], (0.2, 99.8))
            low = low if element == "O" else 0
            shown = axis.imshow(image[part], cmap="viridis", vmin=low, vmax=high)
            derived = name == "fused without O" and element == "O"
            axis.set_title("O = 1 - Sc - Dy" if derived else f"{element}, {name}")
            fig.colorbar(shown, ax=axis, label="share")
    fig.savefig(path, dpi=80)
    plt.close(fig)
    # a palette of 256 colours, for noise makes large files
    Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)
