"""Run the published package over a grid of its parameters; for the Python that has it installed.

Usage: PYTHON published_grid.py IN.npz OUT.npz
"""

import itertools
import sys

import numpy as np
from multimodal_fusion.fusion import DataFusion

_NAMES = ["Co", "O", "S", "Ti", "Mn", "La"]
GAMMAS = (1.0, 1.6)
LAMBDAS_EDS = (5e-4, 5e-3, 5e-2)
LAMBDAS_TV = (5e-3, 2e-2, 5e-2, 1e-1, 2e-1)


def main(source, target):
    arrays = np.load(source)
    counts = arrays["counts"].astype(np.float32)
    names = _NAMES[: len(counts)]
    results = []
    for gamma, lambda_eds, lambda_tv in itertools.product(GAMMAS, LAMBDAS_EDS, LAMBDAS_TV):
        fusion = DataFusion(names, gamma=gamma)
        fusion.load_chemical_maps({name: x.copy() for name, x in zip(names, counts, strict=True)})
        fusion.load_haadf(arrays["haadf"].astype(np.float32))
        fusion.run(
            nIter=50,
            lambdaEDS=lambda_eds,
            lambdaTV=lambda_tv,
            ng=15,
            bkg=0.1,
            plot_images=False,
            plot_convergence=False,
        )
        found = fusion.get_results()
        results.append(np.stack([found[name] for name in names]))
    np.savez(target, maps=np.array(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
