"""Absorption of X-rays in the specimen, and its correction."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..checks import checked_number
from ..written_numbers import plain
from .propagation import percentages

_logger = logging.getLogger(__name__)

_MOST_ITERATIONS = 100
_LIGHT = 0.01  # g/cm^3: a gas, whose density says nothing of its compounds
_LARGEST_CORRECTION = 3.0
_CONVERGED = 1e-8  # of the weight fractions
_STEP = 1e-5


@dataclass(frozen=True)
class Absorption:
    """Absorption of X-rays of K lines on their way out of R regions.

    With thickness t in kg/m^2, take-off angle a and mass absorption coefficients m of the mixture,
    x / (1 - exp(-x)) times as many X-rays were made as came out, x = m t / sin(a): those of a film
    that makes as many at any depth, as eXSpy has it.

    Attributes
    ----------
    coefficients : numpy.ndarray
        Of each line (first axis) in each element, in m^2/kg, shape (K, K).
    densities : numpy.ndarray
        Of the elements, in kg/m^3, shape (K,).
    mass_thickness, thickness : numpy.ndarray or None
        In kg/m^2 and m, shape (R,); one of them is None: of a thickness the density is the mean of
        those of the elements, by weight.
    sine : float
        Of the take-off angle.
    """

    coefficients: np.ndarray
    densities: np.ndarray
    mass_thickness: np.ndarray | None
    thickness: np.ndarray | None
    sine: float

    @property
    def is_uniform(self):
        """Whether all regions are as thick."""
        given = self.thickness if self.mass_thickness is None else self.mass_thickness
        return bool(np.all(given == given[:1]))

    def of_regions(self, indices):
        """Return the same for a choice of the regions, by indices."""
        mass, thickness = (
            None if each is None else each[indices]
            for each in (self.mass_thickness, self.thickness)
        )
        return Absorption(self.coefficients, self.densities, mass, thickness, self.sine)

    def correction(self, shares):
        """Return X-rays made for each that came out, of weight fractions (R, K)."""
        mass = self.mass_thickness
        if mass is None:
            mass = self.thickness * (shares @ self.densities)
        exponent = np.maximum(shares @ self.coefficients.T * mass[:, None] / self.sine, 1e-12)
        return exponent / -np.expm1(-exponent)

    def corrected(self, counts, factors, names=None):
        """Return factors times corrections, (R, K), that agree with the composition they give.

        Parameters
        ----------
        counts : numpy.ndarray
            Shape (R, K).
        factors : numpy.ndarray
            For weight, shape (K,).
        names : sequence of str or None
            Of the regions, for messages. None (default): factors are NaN where composition and
            correction do not converge.

        Raises
        ------
        ValueError
            If they do not converge in a region that has a name.
        """
        found = np.broadcast_to(factors, counts.shape)
        shares = percentages(counts, found) / 100
        for _ in range(_MOST_ITERATIONS):
            found = factors * self.correction(shares)
            before, shares = shares, percentages(counts, found) / 100
            changes = np.nan_to_num(np.abs(shares - before).max(axis=1, initial=0.0))
            if not np.any(changes > _CONVERGED):
                if names is not None:
                    _warn_of_thickness(found / factors, names)
                return found
        if names is None:
            return np.where((changes > _CONVERGED)[:, None], np.nan, found)
        wrong = [name for name, change in zip(names, changes, strict=True) if change > _CONVERGED]
        raise ValueError(
            "thickness must be one for which the iteration of composition and absorption "
            f"converges, but those of {wrong} do not. Correct the thickness or the take-off "
            "angle, or leave out elements with negative counts."
        )

    def responses(self, shares):
        """Return how the composition answers to what it would be without absorption, (R, K, K).

        Errors that are carried to weight fractions at a fixed correction are multiplied by it,
        because what changes the composition changes the correction.
        """
        size = shares.shape[1]
        slopes = np.empty((*shares.shape, size))
        for k, step in enumerate(_STEP * np.eye(size)):
            up, down = (np.log(self.correction(shares + sign * step)) for sign in (1, -1))
            slopes[:, :, k] = (up - down) / (2 * _STEP)
        own = shares[:, :, None] * np.eye(size) - shares[:, :, None] * shares[:, None, :]
        return np.linalg.inv(np.eye(size) - own @ np.nan_to_num(slopes))


def _warn_of_thickness(corrections, names):
    """Warn if most X-rays of a line are absorbed."""
    worst = np.nan_to_num(corrections).max(axis=1, initial=0.0)
    if np.any(worst > _LARGEST_CORRECTION):
        _logger.warning(
            "Absorption multiplies the counts of a line by %s in region %r, so small errors "
            "of thickness and take-off angle cause large errors of the composition. Check the "
            "thickness (nm), density (g/cm^3) or mass thickness (kg/m^2).",
            plain(worst.max()),
            names[int(worst.argmax())],
        )


def absorption_of(measured, regions, maps, *, thickness, density, mass_thickness, take_off_angle):
    """Return the `Absorption` that arguments of `composition` describe, None without a thickness.

    Parameters
    ----------
    measured : Measured
        Of X-ray lines.
    regions : list of str
        Names of the regions.
    maps : list of BaseSignal
        For the angles in their metadata.
    thickness, density, mass_thickness, take_off_angle
        As in `composition`.
    """
    if thickness is None and mass_thickness is None:
        if density is not None:
            raise ValueError("density needs a thickness, but none was given. Pass thickness in nm.")
        return None
    if measured.kind != "line":
        raise ValueError(
            "thickness corrects the absorption of X-rays, but maps of EELS edges were given. "
            "Leave thickness out."
        )
    if thickness is not None and mass_thickness is not None:
        raise ValueError("Pass either thickness or mass_thickness, but both were given.")
    from exspy.material import elements, mass_absorption_coefficient

    names = measured.names
    symbols = [name.split("_")[0] for name in names]
    if mass_thickness is not None:
        if density is not None:
            raise ValueError("density goes with thickness, but mass_thickness was given.")
        mass, depth = _by_region("mass_thickness", mass_thickness, regions), None
    else:
        mass, depth = None, 1e-9 * _by_region("thickness", thickness, regions)
        if density is not None:
            mass, depth = depth * 1e3 * _by_region("density", density, regions), None
        weights = [elements[each].Physical_properties["density (g/cm^3)"] for each in symbols]
        light = [each for each, weight in zip(symbols, weights, strict=True) if weight < _LIGHT]
        if density is None and light:
            _logger.warning(
                "No density was given. The mean density of the elements is far too low for "
                "compounds of %s, and so is the absorption correction. Pass density in g/cm^3.",
                ", ".join(light),
            )
    return Absorption(
        coefficients=0.1
        * np.array([mass_absorption_coefficient(each, list(names)) for each in symbols]).T,
        densities=1e3
        * np.array([elements[each].Physical_properties["density (g/cm^3)"] for each in symbols]),
        mass_thickness=mass,
        thickness=depth,
        sine=float(np.sin(np.radians(_angle(take_off_angle, maps[0].metadata)))),
    )


def _by_region(name, given, regions):
    """Return a number > 0 of each region, (R,), from one of all or from a dictionary."""
    if not isinstance(given, Mapping):
        return np.full(len(regions), checked_number(name, given, low=0, include_low=False))
    missing = [region for region in regions if region not in given]
    if missing:
        raise ValueError(
            f"{name} must be one number, or contain one for each of the regions {regions}, but has "
            f"none for {missing}."
        )
    return np.array(
        [
            checked_number(f"{name}[{region!r}]", given[region], low=0, include_low=False)
            for region in regions
        ]
    )


def _angle(given, metadata):
    """Return the take-off angle in degrees, as given or from the metadata."""
    if not isinstance(given, str):
        angle = checked_number("take_off_angle", given, low=0, include_low=False)
        if angle > 90:
            raise ValueError(f"take_off_angle must be at most 90 degrees, but {given!r} was given.")
        return angle
    if given != "auto":
        raise ValueError(f"take_off_angle must be a number or 'auto', but {given!r} was given.")
    from exspy.utils.eds import take_off_angle

    found = metadata.get_item("Acquisition_instrument.TEM", None)
    places = {
        "tilt_stage": "Stage.tilt_alpha",
        "azimuth_angle": "Detector.EDS.azimuth_angle",
        "elevation_angle": "Detector.EDS.elevation_angle",
    }
    angles = {
        name: None if found is None else found.get_item(place, None)
        for name, place in places.items()
    }
    missing = [name for name, angle in angles.items() if angle is None]
    if missing:
        raise ValueError(
            f"take_off_angle must be given, in degrees, because the metadata contain no {missing}."
        )
    tilt = found.get_item("Stage.tilt_beta", None) or 0.0
    return float(take_off_angle(beta_tilt=tilt, **angles))
