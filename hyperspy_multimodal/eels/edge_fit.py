"""EELS: element maps from whole core-loss spectra."""

from dataclasses import dataclass

import numpy as np

from ..counts.absent import say_absent
from ..counts.segments import merged_segments
from ..counts.templates import Templates
from ..counts.uncertain_totals import say_uncertain
from ..counts.unphysical import WIDEST_SPIKE
from ..notes import Speaker
from ..physics.edges import edge_onsets, onset_energy
from ..physics.hydrogenic import edge_subshells, hydrogenic_edges
from .core_loss_fit import ElementEdges, fit_core_loss
from .core_loss_misfit import worst_misfit
from .edge_measurement import EdgeWindowPlan, check_electrons, plan_edges
from .fitted_edges import EdgeProjection
from .possible_fit import (
    check_one_edge_an_element,
    check_room_below,
    edges_of_other_elements,
    fitted_channels,
    instrument_of,
)
from .unlisted_edges import say_unlisted_edge
from .white_lines import white_line_onsets

_logger = Speaker(__name__)


@dataclass(frozen=True)
class EdgeFitPlan:
    """Plan for fitting core-loss spectra.

    Attributes
    ----------
    windows_plan : EdgeWindowPlan
        Edges to map, their windows and the gain.
    others : dict of str to float
        Edges, with onsets, of elements that are not mapped.
    subshells : list of list of str
        Edges that name the K and L shells of each element, mapped or not.
    energy : numpy.ndarray
        Energies of the channels in eV, shape (C,).
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).
    instrument : dict
        Beam energy and angles.
    """

    windows_plan: EdgeWindowPlan
    others: dict
    subshells: list
    energy: np.ndarray
    used: np.ndarray
    instrument: dict
    negative = True
    smooth = True
    widest_spike = WIDEST_SPIKE
    two_passes = can_fit = True
    raw_dtype = np.float64

    @property
    def limits(self):
        """Channels between which counts are summed."""
        return self.windows_plan.limits

    @property
    def names(self):
        """Edges to map."""
        return self.windows_plan.names

    @property
    def ranges(self):
        """Channels [start, stop) of the integration windows, by edge."""
        inside = zip(self.names, self.windows_plan.inside, strict=True)
        return {name: [channels] for name, channels in inside}

    @property
    def windows(self):
        """Integration windows, shape (K, 2), in units of the energy axis."""
        return self.windows_plan.windows

    def noise_of(self, segments, total):
        """Return counts per electron and the floor of the noise, as `EdgeWindowPlan.noise_of`."""
        return self.windows_plan.noise_of(segments, total)

    def after_first_pass(self, segments, total, divisor):
        """Return the `EdgeProjection` of counts between the limits and of the summed spectrum."""
        plan = self.windows_plan
        camera = plan.camera(segments, total)
        say_unlisted_edge(plan.known, total, camera, self.ranges)
        counts = merged_segments(segments, self.limits, plan.window_limits)
        check_electrons(camera, counts, np.diff(plan.window_limits))
        if total[self.used].min() < 0 or not total[self.used].any():
            raise ValueError(
                "The sum of all spectra must be positive in the channels that the fit needs, "
                "but is negative or empty in some. Pass spectra without background subtraction, "
                "or use map_method='windows'."
            )
        elements = [_element_edges(each, self.energy, self.instrument) for each in self.subshells]
        pixels = segments[0].size
        dark = camera.gain * pixels * float(camera.floors(1))
        fit = fit_core_loss(total, self.energy, elements, self.used, camera.gain, dark, plan.inside)
        _logger.info(
            "The fit moved all edges by %+.1f eV from the tables (`edge_shift` in the record); the "
            "windows are not moved. Background: exponent %.2f.",
            fit.shift,
            fit.exponent,
        )
        misfit = self._checked_misfit(fit, camera.gain)
        templates = _templates(fit, self.names, self.others, plan.inside)
        can_split = divisor >= 0 and camera.gain == 1 and camera.floor == 0
        projection = EdgeProjection(self, fit, templates, camera, dark, can_split, misfit)
        self._say_uncertain(projection)
        return projection

    def _say_uncertain(self, projection):
        """Name edges that were not found, and those whose totals are uncertain."""
        say_absent(projection.absent)
        say_uncertain(
            self.names,
            projection.totals,
            projection.total_errors,
            projection.absent,
            "how much they change with the energy range of the fit, and with other shapes of "
            "background and edges",
        )

    def _checked_misfit(self, fit, gain):
        """Warn where edges are far from the tables or from the summed spectrum; return where."""
        if fit.at_limit:
            _logger.warning(
                "The fit moved all edges by %+.1f eV from the tables, its limit. Either the energy "
                "axis is off, or the edges rise more slowly than those of the fit, as with wide "
                "channels or in thick specimens. The errors of totals include this. Compare the "
                "onsets with the tables in plot_sum_spectrum; if the axis is off, correct "
                "s.axes_manager[-1].offset.",
                fit.shift,
                kind="moved edges",
            )
        lowest = min([*map(onset_energy, self.names), *self.others.values()])
        misfit = worst_misfit(fit, self.energy, self.windows_plan.inside, lowest, gain)
        if misfit is not None:
            _logger.warning(
                "The fitted edges deviate strongly from the sum of all spectra at %.0f to %.0f eV, "
                "by %.0f %% of the edges nearby, so the maps may be wrong. Add all elements with "
                "edges on the energy axis, mapped or not, with s.add_elements. If they are all "
                "there, use other `integration_windows` or, if no edge lies on the tail of "
                "another, map_method='windows': the fit does not describe thick specimens or "
                "strong fine structure.",
                *misfit,
                kind="far fit",
            )
        return misfit


def plan_edge_fit(signal, edges, integration_windows, gain):
    """Return the `EdgeFitPlan` of an EELS spectrum image without reading its spectra.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, eager or lazy.
    edges, integration_windows, gain
        As in `multimodal_fusion`.
    """
    windows = plan_edges(signal, edges, integration_windows, None, gain)
    names, axis = windows.names, signal.axes_manager.signal_axes[0]
    check_one_edge_an_element(names)
    energy = axis.axis * (1e3 if axis.units == "keV" else 1.0)
    others, shapeless = edges_of_other_elements(signal, names, energy)
    for edge, onset in shapeless.items():
        _logger.warning(
            "%s lies on the energy axis, but the fit has no shape for this edge, so its counts "
            "go to other elements. Crop the axis below %g eV, or use map_method='windows'.",
            edge,
            onset,
            kind="far fit",
        )
    onsets = {**{name: onset_energy(name) for name in names}, **others}
    check_room_below(energy, onsets)
    return EdgeFitPlan(
        windows_plan=windows,
        others=others,
        subshells=[
            edge_subshells(name, edge_onsets(name.split("_")[0]), (energy[0], energy[-1]))
            for name in [*names, *others]
        ],
        energy=energy,
        used=fitted_channels(energy, min(onsets.values())),
        instrument=instrument_of(signal),
    )


def _templates(fit, names, others, channels):
    n_maps, shapes = len(names), []
    continua = fit.edges - fit.white_lines
    for name, edge, continuum, (start, stop) in zip(
        names, fit.edges, continua, channels, strict=False
    ):
        if not continuum[start:stop].sum() > 0:
            raise ValueError(
                f"integration_windows must reach above the onsets of the edges, but the window of "
                f"{name} lies below its edge. Pass `integration_windows` above the onset."
            )
        shapes.append(edge / edge[start:stop].sum())
    law = np.where(fit.used, fit.power_law, 0.0)
    rest = [edge / edge[fit.used].sum() for edge in fit.edges[n_maps:]]
    expected = np.maximum(fit.fitted + fit.dark, 1e-6 * fit.fitted[fit.used].max())
    return Templates(
        names=list(names),
        others=[*others, "background"],
        shapes=np.array([*shapes, *rest, law / law.sum()]),
        weights=np.where(fit.used, 1 / expected, 0.0),
    )


def _element_edges(subshells, energy, instrument):
    """Return the `ElementEdges` of an element."""
    onsets = edge_onsets(subshells[0].split("_")[0])
    return ElementEdges(
        functions=hydrogenic_edges(subshells, instrument),
        onsets=[onsets[name] for name in subshells],
        lines=white_line_onsets(subshells, onsets, (energy[0], energy[-1])),
    )
