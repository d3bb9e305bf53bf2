"""Where elements are, where they are not, and where counts do not tell."""

from dataclasses import replace

import numpy as np
import pytest
from exspy.material import elements

from hyperspy_multimodal import composition, fit_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.quantification import detection_map
from hyperspy_multimodal.quantification.absence import absence, region_states, states
from hyperspy_multimodal.quantification.blocks import spread, summed


@pytest.mark.parametrize("least", [2.0, 10.0, 300.0])
@pytest.mark.parametrize("background", [0.0, 4.0, 200.0])
def test_elements_that_are_there_are_seldom_said_to_be_absent(rng, background, least):
    gross = rng.poisson(background + least, 20000)
    p = absence(gross - background, background, 0.0, 1.0, np.full(gross.shape, least), 0.0)
    for level in (0.001, 0.01, 0.05):
        assert np.mean(p < level) < 1.3 * level + 3e-4


def test_states_tell_little_from_none_and_from_what_would_be_missed():
    there, less = (np.array(each, bool) for each in ([1, 1, 0, 0, 0, 0], [0, 1, 1, 1, 1, 0]))
    limits = np.array([9.0, 9.0, 4.0, 6.0, np.nan, 4.0])
    assert list(states(there, less, limits, 5.0)) == [2, 1, -1, 0, 0, 0]


def test_a_trace_everywhere_is_nowhere_said_to_be_missing_or_much(fused):
    kfactors = dict(zip(fused.kfactors, (1.0, 1.0, 0.01), strict=True))
    found = detection_map(fused.maps, fused.output, kfactors, least=20).maps[2].data
    assert (found == 1).sum() > 100
    assert (found == 2).sum() < 0.1 * (found == 1).sum()


def test_few_counts_of_many_that_should_be_are_an_absence():
    one, *others = (
        float(absence(np.float64(0), np.float64(9.0), common, 1.0, np.float64(least), error))
        for common, least, error in ((0.0, 50.0, 0.0), (400.0, 50.0, 0.0), (0.0, 50.0, 20.0))
    )
    assert one < 1e-8 < min(others)
    assert absence(np.float64(0), np.float64(1.0), 0.0, 1.0, np.float64(np.nan), 0.0) == 1


def test_blocks_hold_all_counts(rng):
    image = rng.random((10, 13))
    blocks = summed(image, 4)
    assert blocks.shape == (3, 4)
    np.testing.assert_allclose(blocks[2, 3], image[8:, 12:].sum())
    np.testing.assert_allclose(blocks.sum(), image.sum())
    np.testing.assert_array_equal(summed(image, 1), image)
    assert spread(blocks, 4, image.shape)[9, 12] == blocks[2, 3]


def test_sulphur_is_in_cores_and_not_in_shells(fused):
    found = detection_map(fused.maps, fused.output, fused.kfactors, least=10)
    sulphur, size = found.maps[2].data, found.sizes[2]
    truth = [summed(each.data, size) for each in fused.specimen.xrays]
    weights = [elements[each].General_properties.atomic_weight for each in found.elements]
    atoms = [t * k / w for t, k, w in zip(truth, fused.kfactors.values(), weights, strict=True)]
    share = spread(100 * atoms[2] / np.maximum(sum(atoms), 1e-9), size, sulphur.shape)
    assert (sulphur > 0).sum() > 100
    assert np.mean(share[sulphur > 0] > 1) > 0.95
    assert np.all(share[np.abs(sulphur) == 1] < 10)


def test_vacuum_tells_nothing_and_has_no_limit(fused):
    found = detection_map(fused.maps, fused.output, fused.kfactors, sizes=2)
    empty = sum(each.data for each in fused.specimen.xrays) < 0.05
    empty = spread(summed(empty, 2) == 4, 2, empty.shape)
    assert empty.sum() > 20
    for where, limits in zip(found.maps, found.limits, strict=True):
        assert np.mean(where.data[empty] == 0) > 0.97
        assert np.mean(np.isnan(limits.data[empty])) > 0.9


def test_blocks_are_smaller_where_more_may_be_missed(fused):
    fine, coarse = (
        detection_map(fused.maps, fused.output, fused.kfactors, least=each).sizes
        for each in (30, 0.5)
    )
    assert all(a <= b for a, b in zip(fine, coarse, strict=True))
    assert fine != coarse


def test_elements_that_are_not_there_are_in_few_maps():
    absent, false = ["Ni_Ka", "Cl_Ka", "V_Ka"], 0
    for seed in range(3):
        signal = core_shell((24, 24), counts=20, seed=seed).signal
        maps, output = fit_maps(signal, ["Co_Ka", "O_Ka", "S_Ka", *absent], full_output=True)
        for size in (1, 4):
            found = detection_map(maps, output, [1.0] * 6, sizes=size)
            false += sum((each.data > 0).any() for each in found.maps[3:])
            assert (found.maps[0].data > 0).any()
    assert false <= 2  # of 18, at 5 %


def test_pixels_that_were_left_out_tell_nothing(fused):
    raw = [each.deepcopy() for each in fused.output["raw_maps"]]
    for each in raw:
        each.data[:8, :8] = np.nan
    output = {**fused.output, "raw_maps": raw}
    found = detection_map(fused.maps, output, fused.kfactors, sizes=4)
    for where, limits in zip(found.maps, found.limits, strict=True):
        assert (where.data[:8, :8] == 0).all() and np.isnan(limits.data[:8, :8]).all()


def test_regions_without_an_element_are_told_from_those_of_few_counts(fused):
    every = np.ones((32, 32), bool)
    found = composition(fused.maps, fused.output, fused.kfactors, every)
    none = replace(
        found, counts=found.counts * [[1, 1, 0]], detected=np.array([[True, True, False]])
    )
    limit = float(found.detection_limits[0, 2])
    assert list(region_states(none, 4 * limit)[0]) == [2, 2, -1]
    assert list(region_states(none, 0.5 * limit)[0]) == [2, 2, 0]
    nothing = replace(
        none, detected=np.zeros((1, 3), bool), atomic_percent=np.full((1, 3), np.nan),
        detection_limits=np.full((1, 3), np.nan),
    )  # fmt: skip
    assert list(region_states(nothing, 50)[0]) == [0, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"least": 0}, "least must be"),
        ({"least": 100}, "least must be below 100"),
        ({"false_discovery_rate": 1}, "false_discovery_rate must be below 1"),
        ({"composition_units": "mass"}, "composition_units must be"),
        ({"sizes": 0}, "sizes must be a whole number"),
        ({"sizes": 2.5}, "sizes must be a whole number"),
        ({"sizes": {"Ti": 2}}, "sizes must be of lines of the maps"),
    ],
)
def test_wrong_arguments_are_refused(fused, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        detection_map(fused.maps, fused.output, fused.kfactors, **arguments)
