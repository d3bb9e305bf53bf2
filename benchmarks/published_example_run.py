"""Run the published package with weights Z; for the Python that has it installed.

Usage: PYTHON published_example_run.py IN.npz OUT.npy CHEM TV TV_STEPS BACKGROUND NAMES

CHEM and TV are lambdas. IN holds ``maps`` (K, ny, nx) and ``haadf`` (ny, nx). Other parameters are
those of its tutorial: 30 iterations, gamma 1.6, weights Z over their mean.
"""

import sys

import numpy as np
from multimodal_fusion.fusion import DataFusion


def main(source, target, lambda_chem, lambda_tv, tv_steps, background, *names):
    arrays = np.load(source)
    fusion = DataFusion(list(names), gamma=1.6)
    maps = arrays["maps"].astype(np.float32)
    fusion.load_chemical_maps(
        {name: image.copy() for name, image in zip(names, maps, strict=True)}, method=1
    )
    fusion.load_haadf(arrays["haadf"].astype(np.float32))
    fusion.run(
        nIter=30,
        lambdaEDS=float(lambda_chem),
        lambdaTV=float(lambda_tv),
        ng=int(tv_steps),
        bkg=float(background),
        plot_images=False,
        plot_convergence=False,
    )
    np.save(target, np.stack([fusion.get_results()[name] for name in names]))


if __name__ == "__main__":
    main(*sys.argv[1:])
