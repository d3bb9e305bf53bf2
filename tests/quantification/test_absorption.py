"""Absorption in thick regions: as eXSpy corrects it, with errors that follow it."""

import numpy as np
import pytest
from slow_repeats import slow

from hyperspy_multimodal import composition

WHOLE = np.ones((32, 32), bool)
ANGLES = {"tilt_stage": 5.0, "azimuth_angle": 30.0, "elevation_angle": 18.0}


def native(fused, counts, units, thickness):
    """The composition of one region by eXSpy."""
    signal = fused.specimen.signal.deepcopy()
    signal.set_microscope_parameters(**ANGLES)
    raw = fused.output["raw_maps"]
    sums = [m._deepcopy_with_new_data(np.full((1, 1), n)) for m, n in zip(raw, counts, strict=True)]
    found, _ = signal.quantification(
        sums,
        method="CL",
        factors=list(fused.kfactors.values()),
        composition_units=units,
        navigation_mask=None,
        absorption_correction=True,
        thickness=thickness,
        convergence_criterion=1e-4,
        show_progressbar=False,
    )
    return [m.data[0, 0] for m in found]


@pytest.mark.slow
@pytest.mark.parametrize(("units", "thickness"), [slow("atomic", 30.0), ("weight", 300.0)])
def test_numbers_are_those_of_exspy(fused, units, thickness):
    maps = [m.deepcopy() for m in fused.maps]
    place = "Acquisition_instrument.TEM."
    for m in maps:
        m.metadata.set_item(f"{place}Stage.tilt_alpha", ANGLES["tilt_stage"])
        for name in ("azimuth_angle", "elevation_angle"):
            m.metadata.set_item(f"{place}Detector.EDS.{name}", ANGLES[name])
    found = composition(
        maps, fused.output, fused.kfactors, WHOLE, thickness=thickness, composition_units=units
    )
    percent = found.atomic_percent if units == "atomic" else found.weight_percent
    expected = native(fused, found.counts[0], units, thickness)
    np.testing.assert_allclose(percent[0], expected, rtol=1e-4)


def test_thickness_times_density_is_mass_thickness(fused):
    one, other = (
        composition(fused.maps, fused.output, fused.kfactors, WHOLE, take_off_angle=20, **given)
        for given in ({"thickness": 200.0, "density": 5.0}, {"mass_thickness": 1e-3})
    )
    np.testing.assert_allclose(one.atomic_percent, other.atomic_percent)
    np.testing.assert_allclose(one.errors["total"], other.errors["total"])
    for a, b in zip(one.maps, other.maps, strict=True):
        np.testing.assert_allclose(a.data, b.data)


def test_thin_regions_are_as_without_and_oxygen_rises_with_thickness(fused):
    plain = composition(fused.maps, fused.output, fused.kfactors, WHOLE)
    found = [
        composition(
            *(fused.maps, fused.output, fused.kfactors, WHOLE),
            mass_thickness=mass,
            take_off_angle=20,
        )
        for mass in (1e-9, 1e-4, 1e-3)
    ]
    np.testing.assert_allclose(found[0].atomic_percent, plain.atomic_percent, rtol=1e-5)
    np.testing.assert_allclose(found[0].covariances, plain.covariances, rtol=1e-4, atol=1e-9)
    oxygen = [each.atomic_percent[0, each.elements.index("O")] for each in found]
    assert oxygen[0] < oxygen[1] < oxygen[2]


@pytest.mark.parametrize("units", ["atomic", "weight"])
def test_errors_follow_the_correction(fused, units):
    """They are those of counts and factors that are changed a little and corrected again."""
    given = {"mass_thickness": 2e-3, "take_off_angle": 20, "composition_units": units}
    kfactors = {name: (k, 0.02 * k) for name, k in fused.kfactors.items()}
    found = composition(fused.maps, fused.output, kfactors, WHOLE, **given)
    squares = 0.0
    for name, k in fused.kfactors.items():
        sides = [
            composition(
                *(fused.maps, fused.output, {**fused.kfactors, name: k * factor}, WHOLE), **given
            )
            for factor in np.exp([0.02, -0.02])
        ]
        up, down = ([s.atomic_percent, s.weight_percent][units == "weight"] for s in sides)
        squares = squares + np.square((up - down) / 2)
    np.testing.assert_allclose(found.errors["kfactors"], np.sqrt(squares), rtol=2e-3)


def test_each_region_has_its_own_thickness(fused):
    halves = {"left": WHOLE & (np.arange(32) < 16), "right": WHOLE & (np.arange(32) >= 16)}
    args = fused.maps, fused.output, fused.kfactors
    given = {"take_off_angle": 20}
    both = composition(*args, halves, mass_thickness={"right": 1e-3, "left": 1e-5}, **given)
    for r, (name, mass) in enumerate({"left": 1e-5, "right": 1e-3}.items()):
        alone = composition(*args, {name: halves[name]}, mass_thickness=mass, **given)
        np.testing.assert_allclose(both.atomic_percent[r], alone.atomic_percent[0])
        for one, other in zip(both.maps, alone.maps, strict=True):
            np.testing.assert_allclose(one.data[halves[name]], other.data[halves[name]])
    only = composition(*args, {"left": halves["left"]}, mass_thickness={"left": 1e-5}, **given)
    assert np.isfinite(only.maps[0].data[:, 20:]).any()  # one thickness is that of all


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"thickness": 100, "mass_thickness": 1e-3}, "both were given"),
        ({"density": 5}, "density needs a thickness"),
        ({"mass_thickness": 1e-3, "density": 5}, "goes with thickness"),
        ({"thickness": -1, "take_off_angle": 20}, "thickness must be a finite number > 0"),
        ({"thickness": {"other": 100}, "take_off_angle": 20}, r"none for \['region'\]"),
        ({"thickness": 100, "take_off_angle": 120}, "at most 90"),
        ({"thickness": 100, "take_off_angle": "best"}, "a number or 'auto'"),
    ],
)
def test_wrong_arguments(fused, arguments, message):
    with pytest.raises(ValueError, match=message):
        composition(fused.maps, fused.output, fused.kfactors, WHOLE, **arguments)


def test_an_angle_that_nobody_knows(fused):
    maps = [m.deepcopy() for m in fused.maps]
    del maps[0].metadata.Acquisition_instrument.TEM.Detector.EDS.elevation_angle
    with pytest.raises(ValueError, match=r"take_off_angle must be given.*elevation_angle"):
        composition(maps, fused.output, fused.kfactors, WHOLE, thickness=100)
