"""Run the published package on the arrays of a .npz file; for the Python that has it installed.

Usage: PYTHON published_run.py IN.npz OUT.npz GAMMA LAMBDA_EDS LAMBDA_TV TV_STEPS BACKGROUND
       [--iterations N] [--weights {1,Z}] [--names NAME ...]

IN holds ``counts`` (K, ny, nx) and ``haadf`` (ny, nx), OUT ``maps`` and ``seconds``. By default
there are 50 iterations and weights of 1; names matter for weights Z only.
"""

import argparse
import time

import numpy as np
from multimodal_fusion.fusion import DataFusion


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("target")
    for name in ("gamma", "lambda_eds", "lambda_tv"):
        parser.add_argument(name, type=float)
    parser.add_argument("tv_steps", type=int)
    parser.add_argument("background", type=float)
    parser.add_argument("--iterations", type=int, default=50)
    parser.add_argument("--weights", choices=["1", "Z"], default="1")
    parser.add_argument("--names", nargs="+", default=["Co", "O", "S"])
    given = parser.parse_args()
    arrays = np.load(given.source)
    counts = arrays["counts"].astype(np.float32)
    names = given.names[: len(counts)]
    fusion = DataFusion(names, gamma=given.gamma)
    fusion.load_chemical_maps(
        {name: image.copy() for name, image in zip(names, counts, strict=True)},
        method=int(given.weights == "Z"),
    )
    fusion.load_haadf(arrays["haadf"].astype(np.float32))
    began = time.perf_counter()
    fusion.run(
        nIter=given.iterations,
        lambdaEDS=given.lambda_eds,
        lambdaTV=given.lambda_tv,
        ng=given.tv_steps,
        bkg=given.background,
        plot_images=False,
        plot_convergence=False,
    )
    seconds = time.perf_counter() - began
    maps = np.stack([fusion.get_results()[name] for name in names])
    np.savez(given.target, maps=maps, seconds=seconds)


if __name__ == "__main__":
    main()
