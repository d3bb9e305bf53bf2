"""Run the published package on the arrays of a .npz file; for the Python that has it installed.

Usage: PYTHON published_run.py IN.npz OUT.npz GAMMA LAMBDA_EDS LAMBDA_TV TV_STEPS BACKGROUND
"""

import sys
import time

import numpy as np
from multimodal_fusion.fusion import DataFusion


def main(source, target, gamma, lambda_eds, lambda_tv, tv_steps, background):
    arrays = np.load(source)
    names = ["Co", "O", "S"][: len(arrays["counts"])]
    fusion = DataFusion(names, gamma=float(gamma))
    counts = arrays["counts"].astype(np.float32)
    fusion.load_chemical_maps({name: x.copy() for name, x in zip(names, counts, strict=True)})
    fusion.load_haadf(arrays["haadf"].astype(np.float32))
    began = time.perf_counter()
    fusion.run(
        nIter=50,
        lambdaEDS=float(lambda_eds),
        lambdaTV=float(lambda_tv),
        ng=int(tv_steps),
        bkg=float(background),
        plot_images=False,
        plot_convergence=False,
    )
    seconds = time.perf_counter() - began
    maps = np.stack([fusion.get_results()[name] for name in names])
    np.savez(target, maps=maps, seconds=seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
