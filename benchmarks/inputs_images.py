"""Tables of docs/inputs.md on simulated scans: HAADF images of many kinds, masks, SEM with BSE."""

import numpy as np
from against_truth import snr
from hyperspy.signals import Signal2D
from inputs_tables import Mean, Said, automatic, print_row, print_titles, stacked
from scipy import ndimage

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import core_shell

SHAPE, COUNTS, SEEDS = (96, 96), 20, (0, 1)
SEM_BEAM_ENERGY = 20  # keV
HAADF_RANGE, HAADF_NOISE = 40000, 0.02  # as of the simulated HAADF
ALONE = {"weights": [0, 0, 0], "regulariser": "isotropic"}


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
    yield "as recorded", haadf, {}
    yield "2 x as fine, an array", finer_haadf(2, seed).data, {}
    yield "3 x as fine, calibrated", finer_haadf(3, seed), {}
    for shift in (0.5, 1.7, 4.0):
        moved = ndimage.shift(array, (0, shift), order=3, mode="nearest")
        yield f"shifted by {shift} pixels", moved, {}
        yield f"shifted by {shift} pixels, `align=True`", moved, {"align": True}
    yield "mirrored left to right", array[:, ::-1], {}
    yield "mirrored top to bottom", array[::-1], {}
    yield "rotated by 180 degrees", array[::-1, ::-1], {}
    yield "transposed", array.T, {}
    yield "16 bits, saturated", np.minimum(2.2 * array, 65535).astype(np.uint16), {}
    yield "calibrated to another field", calibrated(array, 0.5), {}
    yield "90 x 90 pixels, an array", array[:90, :90], {}


def haadf_table():
    """Fusions of one specimen with its HAADF in many forms, and with masks."""
    rows, refused, raw = {}, [], []
    mask = masked_positions()
    for seed in SEEDS:
        specimen = core_shell(SHAPE, counts=COUNTS, seed=seed)
        truth, signal = stacked(specimen.counts), specimen.signal
        elements = [each.metadata.Sample.elements[0] for each in specimen.counts]
        kinds = [(signal, *kind) for kind in haadf_kinds(seed, specimen)]
        lost = signal.deepcopy()
        lost.data[mask] = 0
        hidden = {"navigation_mask": mask}
        kinds.append((signal, "10 % masked", specimen.haadf, hidden))
        kinds.append((lost, "the same 10 % lost, not masked", specimen.haadf, {}))
        for spectra, name, image, options in kinds:
            try:
                fused, output, said = automatic(spectra, image, **options)
            except ValueError:
                refused = [name]
                continue
            rows.setdefault(name, Mean()).add(fused, truth, output, said)
            if name == "as recorded":
                raw.append(snr(stacked(output["raw_maps"]), truth).mean())
    titles = (
        "input",
        "SNR / dB",
        "largest bias of a total",
        "HAADF brightness used",
        "shift found (y, x)",
    )
    print_titles("haadf-inputs", *titles, "warning")
    print_row("raw maps", f"{np.mean(raw):.1f}", "", "", "", "")
    for name, row in rows.items():
        cells = row.decibels(), row.bias(elements), row.used(), row.shift(), row.warned()
        print_row(name, *cells)
    for name in refused:
        print_row(name, "refused", "", "", "", "")


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
        name = f"blurred by {blur} pixels" if blur else "as sharp as the X-rays"
        yield name, ndimage.gaussian_filter(clean, blur, mode="nearest")
    for share in (0.1, 0.3, 1.0):
        yield f"sharp, {100 * share:.0f} % topographic contrast", topographic(clean, share)


def sem_table():
    """EDS_SEM with a BSE image in place of the HAADF: what the image gains."""
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
    print_titles("bse", "BSE image", "SNR raw / dB", "SNR fused / dB", "image used")
    for name, row in rows.items():
        print_row(name, f"{np.mean(raw):.1f}", row.decibels(), row.used())


def wide_table():
    """X-rays from a wider region than the image: maps are blurred, drawn, and fused."""
    titles = "SNR raw / dB", "no image / dB", "automatic / dB", "blur chosen", "blur given / dB"
    print_titles("wide-xrays", "X-ray maps", *titles)
    for blur in (0, 2, 4):
        raws, rows = [], {"no image": Mean(), "automatic": Mean(), "given": Mean()}
        for seed in SEEDS:
            _, clean, sharp = sem_specimen(seed)
            rng = np.random.default_rng(200 + seed)
            image = recorded(clean, rng)
            truth = ndimage.gaussian_filter(sharp, (0, blur, blur), mode="nearest")
            drawn = dict(zip(("Co_Ka", "O_Ka", "S_Ka"), rng.poisson(truth), strict=True))
            raws.append(snr(np.stack(list(drawn.values())), truth).mean())
            kinds = {"no image": ALONE, "automatic": {}, "given": {"haadf_blur": blur}}
            for kind, options in kinds.items() if blur else list(kinds.items())[:2]:
                with Said() as said:
                    fused, output = fuse_maps(
                        drawn, image, gamma="auto", full_output=True, **options
                    )
                rows[kind].add(stacked(fused), truth, output, said.short())
        given = f"{rows['given'].decibels()} (`haadf_blur={blur}`)" if blur else ""
        print_row(
            f"blurred by {blur} pixels" if blur else "not blurred",
            f"{np.mean(raws):.1f}",
            rows["no image"].decibels(),
            rows["automatic"].decibels(),
            rows["automatic"].blur(),
            given,
        )
