"""Print what fusion of spectrum images on disk takes: seconds and memory.

Usage: python lazy.py --folder FOLDER [--sizes 1024 2048] [--channels 1024] [--workers 2]

Each spectrum image, gold-palladium particles on titania that repeat every 256 pixels, is written to
FOLDER as .zspy, block by block, unless it is there; 2048 x 2048 x 1024 channels are 4 GiB of
counts. Each is fused lazily in a process of its own, lambdas given, by the fit of whole spectra
(read twice) and by windows (read once).
"""

import argparse
import json
import logging
import resource
import subprocess
import sys
import time
from pathlib import Path

import dask
import dask.array as da
import hyperspy.api as hs
import numpy as np
from dask.callbacks import Callback
from dask.utils import key_split

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.data import bimetal

_FIELD = 256
_BLOCK = 128
GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}
_PHASES = {
    "reading": ("read-block",),
    "counts": ("read-spectra", "project-spectra"),
    "fit": ("combine-spectra",),
    "maps": ("element-maps",),
    "solve": ("fuse-maps",),
}


def field(channels, size=_FIELD):
    """Return a specimen of so many pixels and channels up to 10.5 keV."""
    width = 10.5 / channels
    return bimetal((size, size), counts=5.0, channels=channels, channel_width=width)


def path_of(folder, size, channels):
    """Return the file of a spectrum image."""
    return Path(folder) / f"lazy_{size}_{channels}.zspy"


def write(folder, size, channels):
    """Write a spectrum image that repeats one field, unless it is there."""
    path = path_of(folder, size, channels)
    if path.exists():
        return path
    specimen = field(channels)
    spectra = specimen.signal.data.astype(np.uint8)
    once = da.from_array(spectra, chunks=(_BLOCK, _BLOCK, channels))
    times = size // _FIELD
    signal = specimen.signal.as_lazy()
    image = signal._deepcopy_with_new_data(da.tile(once, (times, times, 1)))
    image.save(path, chunks=(_BLOCK, _BLOCK, channels), show_progressbar=False)
    np.save(path.with_suffix(".npy"), np.tile(specimen.haadf.data, (times, times)))
    return path


class Clock(Callback):
    """Add up the seconds of tasks by what they do, and the time from first to last."""

    def __init__(self):
        self.busy, self._started = {}, {}

    def _pretask(self, key, dsk, state):
        self._started[key] = time.perf_counter()

    def _posttask(self, key, result, dsk, state, worker_id):
        seconds = time.perf_counter() - self._started[key]
        name = key_split(key)
        self.busy[name] = self.busy.get(name, 0.0) + seconds


def run(path, method, workers):
    """Fuse one file; print what it took as JSON."""
    logging.disable(logging.WARNING)
    small = field(512, 32)
    small.signal.multimodal_fusion(small.haadf, map_method=method, **GIVEN)  # kernels
    haadf = np.load(Path(path).with_suffix(".npy"))
    signal = hs.load(path, lazy=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    lazy = signal.multimodal_fusion(haadf, map_method=method, **GIVEN)
    built = time.perf_counter() - start
    with dask.config.set(scheduler="threads", num_workers=workers), Clock() as clock:
        maps = compute_maps(lazy)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {
        "built": built,
        "seconds": seconds,
        "extra_GiB": (after - before) / 2**20,
        "iterations": maps[0].metadata.Multimodal_fusion.iterations,
        "totals": [float(each.data.sum()) for each in maps],
        "busy": clock.busy,
        "tasks": len(dict(lazy[0].data.__dask_graph__())),
    }
    print(json.dumps(found))


def table(arguments):
    """Write the files, and print a row for each."""
    print("<!-- table: lazy -->\n")
    print(
        "| size | method | seconds | solve | reading | counts | fit | extra memory / GiB "
        "| spectra / GiB | maps / GiB | tasks |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for size in arguments.sizes:
        path = write(arguments.folder, size, arguments.channels)
        for method in ("fit", "windows"):
            command = [sys.executable, __file__, "--run", str(path), "--method", method]
            command += ["--workers", str(arguments.workers)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found = json.loads(output.splitlines()[-1])
            busy = {
                phase: sum(found["busy"].get(name, 0.0) for name in names)
                for phase, names in _PHASES.items()
            }
            shares = [busy["reading"] / arguments.workers, busy["counts"] / arguments.workers]
            print(
                f"| {size}² x {arguments.channels} | {method} | {found['seconds']:.1f} "
                f"| {busy['solve']:.1f} | {shares[0]:.1f} | {shares[1]:.1f} "
                f"| {busy['fit'] + busy['maps']:.1f} | {found['extra_GiB']:.2f} "
                f"| {size**2 * arguments.channels / 2**30:.2f} | {4 * 8 * size**2 / 2**30:.2f} "
                f"| {found['tasks']} |",
                flush=True,
            )


def main():
    """Parse the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=".")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 2048])
    parser.add_argument("--channels", type=int, default=1024)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--method", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run(arguments.run, arguments.method, arguments.workers)
    else:
        table(arguments)


if __name__ == "__main__":
    main()
