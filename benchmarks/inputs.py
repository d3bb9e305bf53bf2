"""What each kind of input gives: other HAADF images, masks, SEM, EELS, and maps that are no counts.

Usage: python inputs.py [--data ../shared/data] [--pictures FOLDER] [--only haadf sem eels shares]

Prints the tables of docs/inputs.md. Fusion is automatic throughout, with gamma="auto". The tables
of simulated specimens are means over three noise seeds; those of measured data need --data. Takes
some four minutes.
"""

import argparse
import logging
from pathlib import Path

import hyperspy.api as hs
import machine
import numpy as np
from hyperspy.signals import Signal2D
from scipy import ndimage
from scipy.spatial import cKDTree
from tuned import snr

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import core_shell

SHAPE, COUNTS, SEEDS = (96, 96), 20, (0, 1, 2)
SEM_BEAM_ENERGY = 20  # keV
HAADF_RANGE, HAADF_NOISE = 40000, 0.02  # as of the simulated HAADF
USED = {True: "yes", False: "no"}


class Said(logging.Handler):
    """Collects what the package warns of."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())

    def __enter__(self):
        logging.getLogger("hyperspy_multimodal").addHandler(self)
        return self

    def __exit__(self, *_):
        logging.getLogger("hyperspy_multimodal").removeHandler(self)

    def short(self):
        """Return the first sentence of each message."""
        return " ".join(first_sentence(message) for message in self.messages) or "-"


def first_sentence(message, longest=120):
    """Return the first sentence, up to its colon if it is long."""
    sentence = message.split(". ")[0].rstrip(".").replace("|", "/")
    return (sentence if len(sentence) <= longest else sentence.split(": ")[0]) + "."


def stacked(maps):
    return np.stack([each.data for each in maps]).astype(float)


def print_row(*cells):
    print("|", " | ".join(str(cell) for cell in cells), "|", flush=True)


def print_titles(*titles):
    print()
    print_row(*titles)
    print("|" + "---|" * len(titles))


class Mean:
    """Results of one kind of input, over the noise seeds."""

    def __init__(self):
        self.snr, self.totals, self.outputs, self.said = [], [], [], []

    def add(self, fused, truth, output, said):
        self.snr.append(snr(fused, truth).mean())
        self.totals.append(fused.sum(axis=(1, 2)) / truth.sum(axis=(1, 2)) - 1)
        self.outputs.append(output)
        self.said.append(said)

    def decibels(self):
        return f"{np.mean(self.snr):.1f}"

    def bias(self, elements):
        """Return the largest bias of an element's total."""
        bias = np.mean(self.totals, axis=0)
        largest = np.argmax(np.abs(bias))
        return f"{100 * bias[largest]:+.1f} % ({elements[largest]})"

    def used(self):
        used = [output["uses_haadf"] for output in self.outputs]
        return USED[used[0]] if len(set(used)) == 1 else f"{sum(used)} of {len(used)}"

    def blur(self):
        chosen = sorted({output["haadf_blur"] for output in self.outputs})
        return " or ".join(f"{each:g}" for each in chosen)

    def shift(self):
        found = np.mean([output["haadf_shift"] for output in self.outputs], axis=0)
        return f"({found[0]:.2f}, {found[1]:.2f})" if found.any() else "-"


def automatic(signal, haadf, **options):
    """Return fused maps, output and what was said."""
    with Said() as said:
        fused, output = signal.multimodal_fusion(haadf, gamma="auto", full_output=True, **options)
    return stacked(fused), output, said.short()


def calibrated(array, scale, units="nm"):
    image = Signal2D(array)
    for axis in image.axes_manager.signal_axes:
        axis.scale, axis.units = scale, units
    return image


def finer_haadf(factor, seed):
    """HAADF of the same specimen on a finer grid."""
    shape = tuple(factor * size for size in SHAPE)
    few = {"channels": 256, "channel_width": 0.04}  # of the spectra, which are not used
    return core_shell(shape, seed=seed, pixel_size=1 / factor, **few).haadf


def masked_positions():
    """Two whole rows and random pixels, a tenth of the scan in all."""
    mask = np.zeros(SHAPE, bool)
    mask[40:42] = True
    rest = np.flatnonzero(~mask)
    more = round(0.1 * mask.size) - mask.sum()
    mask.ravel()[np.random.default_rng(1).choice(rest, more, replace=False)] = True
    return mask


def haadf_kinds(seed, specimen):
    """Yield name, HAADF and options for each kind of HAADF."""
    haadf = specimen.haadf
    array = haadf.data.astype(float)
    yield "HAADF as recorded", haadf, {}
    yield "2 x as fine, an array", finer_haadf(2, seed).data, {}
    yield "3 x as fine, calibrated", finer_haadf(3, seed), {}
    for shift in (0.5, 1.7, 4.0):
        moved = ndimage.shift(array, (0, shift), order=3, mode="nearest")
        yield f"shifted by {shift} pixels", moved, {}
        yield f"shifted by {shift} pixels, `align=True`", moved, {"align": True}
    yield "mirrored left to right", array[:, ::-1], {}
    yield "mirrored top to bottom", array[::-1], {}
    yield "turned by 180 degrees", array[::-1, ::-1], {}
    yield "transposed", array.T, {}
    yield "16 bits, saturated", np.minimum(2.2 * array, 65535).astype(np.uint16), {}
    yield "calibrated, another field", calibrated(array, 0.5), {}
    yield "90 x 90 pixels, an array", array[:90, :90], {}


def haadf_table():
    """Fusions of one specimen with its HAADF in many forms, and with masks."""
    print(f"\nCore-shell particles, {SHAPE[0]} x {SHAPE[1]} pixels, {COUNTS} counts")
    rows, refused, raw, masked = {}, {}, [], {}
    mask = masked_positions()
    for seed in SEEDS:
        specimen = core_shell(SHAPE, counts=COUNTS, seed=seed)
        truth, signal = stacked(specimen.counts), specimen.signal
        elements = [each.metadata.Sample.elements[0] for each in specimen.counts]
        kinds = [(signal, *kind) for kind in haadf_kinds(seed, specimen)]
        lost = signal.deepcopy()
        lost.data[mask] = 0
        hidden = {"navigation_mask": mask}
        kinds.append((signal, "10 % masked by `navigation_mask`", specimen.haadf, hidden))
        kinds.append((lost, "the same 10 % lost, not masked", specimen.haadf, {}))
        for spectra, name, image, options in kinds:
            try:
                fused, output, said = automatic(spectra, image, **options)
            except ValueError as error:
                refused[name] = first_sentence(str(error))
                continue
            rows.setdefault(name, Mean()).add(fused, truth, output, said)
            if name == "HAADF as recorded":
                raw.append(snr(stacked(output["raw_maps"]), truth).mean())
            if "10 %" in name:
                power = np.square(truth[:, mask]).sum(axis=1)
                error = np.square(fused - truth)[:, mask].sum(axis=1)
                masked.setdefault(name, []).append(10 * np.log10(power / error).mean())
    titles = "input", "SNR / dB", "largest bias of a total", "HAADF used", "shift found (y, x)"
    print_titles(*titles, "what the log says (first seed)")
    print_row("raw maps", f"{np.mean(raw):.1f}", "", "", "", "")
    for name, row in rows.items():
        print_row(name, row.decibels(), row.bias(elements), row.used(), row.shift(), row.said[0])
    for name, message in refused.items():
        print_row(name, "refused", "", "", "", message)
    print(f"\nIn the {mask.sum()} masked pixels alone:")
    for name, values in masked.items():
        print(f"- {name}: {np.mean(values):.1f} dB")


def recorded(clean, rng):
    """Image of a detector whose noise is that of the simulated HAADF."""
    return clean + HAADF_NOISE * HAADF_RANGE * rng.standard_normal(clean.shape)


def sem_specimen(seed):
    """Spectra of an SEM, noiseless image and truth."""
    specimen = core_shell(
        SHAPE, counts=COUNTS, seed=seed, beam_energy=SEM_BEAM_ENERGY, haadf_noise=0
    )
    specimen.signal.set_signal_type("EDS_SEM")
    return specimen.signal, specimen.haadf.data.astype(float), stacked(specimen.counts)


def topographic(clean, share):
    """Image with a share of shadow: brighter on one side of each particle than on the other."""
    slope = ndimage.gaussian_filter(clean, 1, order=(0, 1), mode="nearest")
    return clean + share * HAADF_RANGE * slope / np.abs(slope).max()


def bse_images(clean):
    for blur in (0, 1, 2, 4):
        yield f"BSE blurred by {blur} pixels", ndimage.gaussian_filter(clean, blur, mode="nearest")
    for share in (0.1, 0.3, 1.0):
        yield f"sharp BSE, {100 * share:.0f} % topographic contrast", topographic(clean, share)


ALONE = {"weights": [0, 0, 0], "tv": "isotropic"}


def sem_table():
    """EDS_SEM with a BSE image in place of the HAADF: what the image gains."""
    print(f"\nEDS_SEM at {SEM_BEAM_ENERGY} keV, {COUNTS} counts")
    rows, raw = {}, []
    for seed in SEEDS:
        signal, clean, truth = sem_specimen(seed)
        rng = np.random.default_rng(100 + seed)
        alone, output, said = automatic(signal, recorded(clean, rng), **ALONE)
        raw.append(snr(stacked(output["raw_maps"]), truth).mean())
        rows.setdefault("no image", Mean()).add(alone, truth, output, said)
        for name, image in bse_images(clean):
            found = automatic(signal, recorded(image, rng))
            rows.setdefault(name, Mean()).add(found[0], truth, *found[1:])
    print_sem_rows(rows, {name: raw for name in rows})

    print("\nSharp BSE image, X-ray maps blurred (Poisson draws through `fuse_maps`)")
    rows, raws = {}, {}
    for seed in SEEDS:
        _, clean, sharp = sem_specimen(seed)
        rng = np.random.default_rng(200 + seed)
        image = recorded(clean, rng)
        for blur in (0, 2, 4):
            truth = ndimage.gaussian_filter(sharp, (0, blur, blur), mode="nearest")
            drawn = dict(zip(("Co_Ka", "O_Ka", "S_Ka"), rng.poisson(truth), strict=True))
            kinds = {"no image": ALONE, "automatic": {}}
            if blur:
                kinds[f"`haadf_blur={blur}`"] = {"haadf_blur": blur}
            for kind, options in kinds.items():
                name = f"X-rays blurred by {blur} pixels, {kind}"
                with Said() as said:
                    fused, output = fuse_maps(
                        drawn, image, gamma="auto", full_output=True, **options
                    )
                rows.setdefault(name, Mean()).add(stacked(fused), truth, output, said.short())
                raw = snr(np.stack(list(drawn.values())), truth).mean()
                raws.setdefault(name, []).append(raw)
    print_sem_rows(rows, raws)


def print_sem_rows(rows, raws):
    titles = "input", "SNR raw / dB", "SNR fused / dB", "image used", "blur chosen / pixels"
    print_titles(*titles, "what the log says (first seed)")
    for name, row in rows.items():
        said = row.said[0] if "no image" not in name else "-"
        blur = row.blur() if "no image" not in name else "-"
        print_row(name, f"{np.mean(raws[name]):.1f}", row.decibels(), row.used(), blur, said)


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


def eels_table(folder):
    """Copper and zinc by EELS, against a full model fit of the same spectra."""
    print("\nEELS of copper and zinc")
    signal, haadf = hs.load(folder / "CuZn_EELS.hspy"), hs.load(folder / "CuZn_HAADF.hspy")
    signal.add_elements(["Cu", "Zn"])
    references = stacked([hs.load(folder / f"CuZn_{e}_modelfit.hspy") for e in ("Cu", "Zn")])
    rows = {"model fit, blurred by 1 pixel (control)": gaussian(references, 1)}
    used = {}
    raw_named = {"windows": "raw, windows", "fit": "raw, fit"}
    for name, options in {
        "fused, windows": {"map_method": "windows"},
        "fused, fit (default)": {},
        "fused, `align=True`": {"align": True},
        "fused, `gain=4.85`": {"gain": 4.85},
        "fused, `gain=4.85, align=True`": {"gain": 4.85, "align": True},
    }.items():
        fused, output, said = automatic(signal, haadf, **options)
        raw = stacked(output["raw_maps"])
        if not {"gain", "align"} & set(options):
            method = options.get("map_method", "fit")
            rows[raw_named[method]] = raw
            if method == "fit":
                rows["raw, fit, blurred by 1 pixel (control)"] = gaussian(raw, 1)
        rows[name], used[name] = fused, (USED[output["uses_haadf"]], said)
    titles = "maps", "corr. Cu", "corr. Zn", "Zn in Cu", "Cu in Zn"
    print_titles(*titles, "the same, references blurred alike", "HAADF used")
    order = sorted(rows, key=lambda name: name.startswith("fused"))
    for name in order:
        both = zip(rows[name], references, strict=True)
        like = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in both]
        leak = [f"{each:.1f} %" for each, _ in leaks(rows[name], references)]
        alike = leaks(rows[name], references, np.arange(0, 2.01, 0.1))
        leak.append(", ".join(f"{each:.1f} % ({blur:.1f} pixels)" for each, blur in alike))
        print_row(name, *(f"{each:.3f}" for each in like), *leak, used.get(name, ("",))[0])
    alike = np.corrcoef(*references.reshape(2, -1))[0, 1]
    print(f"\nCorrelation of the references: {alike:.2f}")
    print(f"\nThe default call says: {used['fused, fit (default)'][1]}")


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
    sums = sum(raw.values())
    print(f"\nDyScO3, sum of the maps in a pixel: {sums.min():.6f} to {sums.max():.6f}")
    kinds = {}
    for name, chosen in {"fused": ("Sc", "Dy", "O"), "fused without O": ("Sc", "Dy")}.items():
        with Said() as said:
            maps = {element: raw[element] for element in chosen}
            found, output = fuse_maps(maps, loaded["HAADF"], gamma="auto", full_output=True)
        kinds[name] = {e: m.data for e, m in zip(chosen, found, strict=True)}
        weights = ", ".join(f"{e} {w:.2f}" for e, w in zip(chosen, output["weights"], strict=True))
        print(
            f"\n{name}: gamma {output['gamma']:g}, HAADF used: {USED[output['uses_haadf']]}, "
            f"weights {weights}, haadf_blur {output['haadf_blur']:g} pixels, r_squared "
            f"{output['r_squared']:.2f}. The log says: {said.short()}"
        )
    kinds["fused without O"]["O"] = 1 - sum(kinds["fused without O"].values())
    smooth = {element: ndimage.gaussian_filter(each, 2) for element, each in raw.items()}
    titles = "element", "maps", "total, fused / raw", "columns / surroundings"
    print_titles(*titles, "scatter of columns", "scatter of surroundings", "pixel noise")
    for element in raw:
        positions, surroundings = columns_of(raw[element])
        for name, maps in {"raw": raw, "raw, Gaussian of 2 pixels": smooth, **kinds}.items():
            image = maps[element]
            at, beside = means_at(image, positions), image[surroundings]
            print_row(
                f"{element} ({len(positions)} columns)",
                name if (name, element) != ("fused without O", "O") else "1 - Sc - Dy, fused",
                f"{image.sum() / raw[element].sum():.4f}",
                f"{at.mean() / beside.mean():.2f}",
                f"{100 * at.std() / at.mean():.1f} %",
                f"{100 * beside.std() / beside.mean():.1f} %",
                f"{pixel_noise(image):.4f}",
            )
    scandium, _ = columns_of(raw["Sc"])
    beneath = {"raw": raw, **kinds}
    found = [f"{name} {means_at(each['O'], scandium).mean():.2f}" for name, each in beneath.items()]
    print(f"\nO at the columns of Sc: {', '.join(found)}")
    total = sum(kinds["fused"].values())
    print(f"\nSum of the three fused maps in a pixel: {total.min():.2f} to {total.max():.2f}")
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


TABLES = "haadf", "sem", "eels", "shares"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="FOLDER", default="../shared/data")
    parser.add_argument("--pictures", metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=TABLES)
    chosen = parser.parse_args()
    hs.preferences.General.show_progressbar = False
    logger = logging.getLogger("hyperspy_multimodal")
    logger.propagate = False
    logger.setLevel(logging.WARNING)  # `machine` imports a benchmark that asks for less
    print(f"Measured on: {machine.name()}")
    folder = Path(chosen.data)
    if "haadf" in chosen.only:
        haadf_table()
    if "sem" in chosen.only:
        sem_table()
    for name, file, table in (
        ("eels", "CuZn_EELS.hspy", eels_table),
        ("shares", "DyScO3_EDS.npz", lambda folder: shares_table(folder, chosen.pictures)),
    ):
        if name not in chosen.only:
            continue
        if (folder / file).exists():
            table(folder)
        else:
            print(f"\nSkipped: {file} is not in {folder}; give its folder with --data.")


if __name__ == "__main__":
    main()
