"""Measured maps and HAADF models of simulated specimens."""

import numpy as np

from hyperspy_multimodal.eds.xray_windows import plan_windows
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.physics.scattering import xray_scattering
from hyperspy_multimodal.selection import GuidedModels, HaadfFit, HeldOut, normalise_haadf

SHAPE = 48, 40


def plan_of(specimen):
    return plan_windows(specimen.signal, None, 2.0, "auto")


def measured_maps(specimen):
    return read_now(specimen.signal, plan_of(specimen)).maps


def guided_models(specimen, maps, haadf=None, gammas=(1.0,), weights="auto", blur=0.0):
    """Models of the specimen's HAADF, or of another image."""
    windows = plan_of(specimen).windows
    unit, lowest = normalise_haadf(specimen.haadf.data if haadf is None else haadf)
    fit = HaadfFit(maps, unit, lowest, xray_scattering(specimen.signal, maps.names, windows))
    models = [fit.model(gamma, weights, blur) for gamma in gammas]
    return GuidedModels(unit, sorted(models, key=lambda model: -model.r_squared))


def all_kept(maps):
    return np.ones(len(maps.names), bool)


def held_out(maps, models, seed=0, kept=None, progress=lambda: None):
    return HeldOut(maps, models, seed, all_kept(maps) if kept is None else kept, progress)
