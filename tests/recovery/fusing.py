"""What tests of one small specimen share."""

import numpy as np

LAMBDAS = (0.01, 0.02)
LINES = ["Co_Ka", "O_Ka", "S_Ka"]


def stacked(maps):
    return np.stack([m.data for m in maps])
