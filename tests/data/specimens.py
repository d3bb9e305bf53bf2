"""What simulated specimens hold: stacked maps, counts in windows, mass."""

import numpy as np
from exspy.material import elements

from hyperspy_multimodal.eels.edge_measurement import plan_edges
from hyperspy_multimodal.lazy import read_now

EDGES = ["O_K", "Mn_L3", "Co_L3"]
MICROSCOPE = {"beam_energy": 200.0, "convergence_angle": 10.0, "collection_angle": 30.0}


def stack(maps):
    return np.stack([m.data for m in maps])


def gross(signal):
    """Counts in the windows that the package gives the edges."""
    return read_now(signal, plan_edges(signal, None, None, None, None)).maps.counts


def mass(specimen):
    return sum(
        elements[symbol].General_properties.atomic_weight * atoms
        for symbol, atoms in specimen.areal_densities.items()
    )
