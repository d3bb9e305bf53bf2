"""Print total variation and its Huber form without HAADF, each chosen by held-out counts.

Usage: python forms.py [--seeds N]

By element, the gain in SNR of Huber's form, mean over the seeds. Specimens are those of the main
table, 64 x 64 pixels.
"""

import argparse
import logging
from unittest.mock import patch

import numpy as np
from scans import CONDITIONS, SPECIMENS
from scores import snr

from hyperspy_multimodal.recovery import setting as setting_of_calls
from hyperspy_multimodal.selection import fuse_setting
from hyperspy_multimodal.selection.forms import HUBER_FORMS, TOTAL_VARIATION, settled
from hyperspy_multimodal.selection.held_out import HeldOut
from hyperspy_multimodal.selection.settings import Setting, effort

SHAPE = (64, 64)


class _Prepared(Exception):
    """Ends a call when its maps and HAADF models are known."""


def prepared(specimen):
    """Return what the automatic choice of a call starts from."""
    found = {}

    def stop(maps, models, seed, kept, candidates, progress):
        found.update(maps=maps, models=models, kept=kept)
        raise _Prepared

    with patch.object(setting_of_calls, "choose_setting", stop):
        try:
            specimen.signal.multimodal_fusion(specimen.haadf, show_progressbar=False)
        except _Prepared:
            return found
    raise AssertionError("the choice was not reached")


def compared(specimen):
    """Return SNR of both forms, (2, K)."""
    found = prepared(specimen)
    maps, models, kept = found["maps"], found["models"], found["kept"]
    held_out = HeldOut(maps, models, 0, kept, lambda: None)
    n_maps = held_out.n_maps
    truth = np.stack([each.data for each in specimen.xrays])
    scores = []
    for names in (TOTAL_VARIATION, HUBER_FORMS):
        start = Setting(None, 1.0, (names[0],) * n_maps, (2.0,) * n_maps, (False,) * n_maps)
        setting = settled(held_out, start, [names] * n_maps, held_out.counted)
        fused = fuse_setting(
            maps, models, setting,
            totals=np.where(kept, maps.totals, np.nan), **effort(setting, 1e-3, 300),
        )  # fmt: skip
        scores.append(snr(maps.gains[:, None, None] * fused.maps, truth))
    return np.array(scores)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    seeds = parser.parse_args().seeds
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    print("<!-- table: forms -->\n")
    print("| specimen | counts | Huber's form - total variation, by element / dB |\n|---|---|---|")
    every = []
    for name, counts in CONDITIONS:
        gains = []
        for seed in range(seeds):
            specimen = SPECIMENS[name].func(SHAPE, counts=float(counts), seed=seed)
            gains.append(np.subtract(*compared(specimen)[::-1]))
        lines = specimen.signal.metadata.Sample.xray_lines
        means = ", ".join(
            f"{line.split('_')[0]} {gain:+.1f}"
            for line, gain in zip(lines, np.mean(gains, axis=0), strict=True)
        )
        print(f"| {name} | {counts} | {means} |", flush=True)
        every += [gain for each in gains for gain in each]
    print(
        f"| {len(every)} maps | all | mean {np.mean(every):+.1f}, least {min(every):+.1f}, "
        f"most {max(every):+.1f} |"
    )


if __name__ == "__main__":
    main()
