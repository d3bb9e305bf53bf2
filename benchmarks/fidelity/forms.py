"""Print total variation and its Huber form without HAADF, each chosen by held-out counts.

Usage: python forms.py [--seeds N]

For each element: SNR of the maps of both forms, and by how many standard errors Huber's form
predicts held-out counts better. Specimens are those of the main table, 96 x 96 pixels.
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

SHAPE = (96, 96)


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
    """Return SNR of both forms, (2, K), and what Huber's form gains, in standard errors."""
    found = prepared(specimen)
    maps, models, kept = found["maps"], found["models"], found["kept"]
    held_out = HeldOut(maps, models, 0, kept, lambda: None)
    n_maps = held_out.n_maps
    truth = np.stack([each.data for each in specimen.xrays])
    settings, scores = [], []
    for names in (TOTAL_VARIATION, HUBER_FORMS):
        start = Setting(None, 1.0, (names[0],) * n_maps, (2.0,) * n_maps, (False,) * n_maps)
        settings.append(settled(held_out, start, [names] * n_maps, held_out.counted))
        fused = fuse_setting(
            maps, models, settings[-1],
            totals=np.where(kept, maps.totals, np.nan), **effort(settings[-1], 1e-3, 300),
        )  # fmt: skip
        scores.append(snr(maps.gains[:, None, None] * fused.maps, truth))
    return np.array(scores), held_out.standard_errors_lost(*settings)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    seeds = parser.parse_args().seeds
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    print("| specimen | counts | seed | element | total variation | Huber's form | gain in "
          "standard errors |\n|---|---|---|---|---|---|---|")  # fmt: skip
    for name, counts in CONDITIONS:
        for seed in range(seeds):
            specimen = SPECIMENS[name].func(SHAPE, counts=float(counts), seed=seed)
            scores, gained = compared(specimen)
            lines = specimen.signal.metadata.Sample.xray_lines
            for line, plain, huber, gain in zip(lines, *scores, gained, strict=True):
                element = line.split("_")[0]
                print(f"| {name} | {counts} | {seed} | {element} | {plain:.1f} | {huber:.1f} "
                      f"| {gain:+.1f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
