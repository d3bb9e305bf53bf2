"""Maps that follow those of other elements."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.data import core_shell, swap
from hyperspy_multimodal.selection.shared_structure import SharedStructure, shared_structure

SHAPE, BANDS = (64, 48), 4
EVERYONE = np.ones(3, bool)


def truth(level=8.0):
    """Two phases of three elements: the third has a part in both."""
    rows, columns = np.indices(SHAPE)
    core = 1.0 * (np.hypot(rows - 24, columns - 20) < 9)
    shell = 1.0 * (np.hypot(rows - 24, columns - 20) < 15) - core
    other = 1.0 * (np.abs(rows - 50) < 6)
    return level * np.array([core + other, shell + 0.3 * core, 0.6 * core + 0.2 * other])


def dependent(level=8.0):
    """Three elements in two phases."""
    first, second, _ = truth(level)
    return np.array([first, second, 0.5 * first + 0.3 * second])


def with_weights(weights):
    """The same weights in all pixels."""
    places = {i: each[:, None, None] for i, each in enumerate(weights)}
    return SharedStructure(np.asarray(weights), places, EVERYONE)


def counts_of(maps):
    return SimpleNamespace(net=maps.astype(float), net_variance=np.maximum(maps, 0.1))


def held_out(expected, seed=0, mask=None, counted=EVERYONE):
    """Halves of drawn counts, and their smoothed maps in place of fused ones."""
    generator = np.random.default_rng(seed)
    halves = [counts_of(generator.poisson(expected / 2)) for _ in range(2)]
    fused = np.array([blurred(half.net) for half in halves])
    return SimpleNamespace(
        splits=[tuple(halves)],
        mask=mask,
        counted=np.asarray(counted),
        n_maps=len(expected),
        fused_halves=lambda setting: fused,
    )


def blurred(maps, widths=(1.0, 1.0, 4.0)):
    """The third one too smooth."""
    return np.array([ndimage.gaussian_filter(a, b) for a, b in zip(maps, widths, strict=False)])


def whole(halves):
    return counts_of(sum(half.net for half in halves.splits[0]))


def error(found, expected):
    return np.square(found - expected).mean(axis=(1, 2))


def naive_weights(halves, element):
    """Weights by their formula, with numpy's least squares and one loop."""
    others = [i for i in range(halves.n_maps) if i != element]
    products, squares = np.zeros(BANDS), np.zeros(BANDS)
    for a in (0, 1):
        own, other = halves.splits[0][a], halves.splits[0][1 - a]
        fused = halves.fused_halves(None)[a]
        variance = ndimage.gaussian_filter(own.net_variance[element], 4, mode="nearest")
        root = np.sqrt(1 / np.maximum(variance, 0.05 * variance.mean())).ravel()
        design = np.array([*(fused[i].ravel() for i in others), np.ones(fused[0].size)])
        found, *_ = np.linalg.lstsq((design * root).T, own.net[element].ravel() * root)
        difference = (found @ design).reshape(SHAPE) - fused[element]
        for band in range(BANDS):
            one = naive_band(difference, band)
            products[band] += (one * naive_band(other.net[element] - fused[element], band)).sum()
            squares[band] += np.square(one).sum()
    return np.clip(products / squares, 0, 1)


def naive_band(image, band):
    widths = [0.0, 1.0, 2.5, 6.0, np.inf]

    def broad(width):
        if width == np.inf:
            return np.zeros_like(image)
        return image if width == 0 else ndimage.gaussian_filter(image, width, mode="nearest")

    return broad(widths[band]) - broad(widths[band + 1])


def test_weights_are_those_of_the_formula():
    halves = held_out(dependent())
    found = shared_structure(halves, None).weights
    for i in range(3):
        used = found[i] > 0
        np.testing.assert_allclose(found[i][used], naive_weights(halves, i)[used], rtol=1e-6)
    assert found[2].any()


def test_a_map_that_depends_on_others_comes_nearer_to_the_truth():
    expected = dependent()
    gained = []
    for seed in range(5):
        halves = held_out(expected, seed)
        scan = whole(halves)
        fused = blurred(scan.net)
        found = shared_structure(halves, None).applied(fused, scan)
        gained.append(error(fused, expected) / error(found, expected))
    assert np.mean(gained, axis=0)[2] > 1.5
    assert np.min(gained) > 0.9


def test_coefficients_are_those_of_the_phases():
    expected = dependent(200.0)
    shared = with_weights(np.ones((3, BANDS)))
    scan = counts_of(np.random.default_rng(0).poisson(expected))
    found = shared.coefficients(expected, scan)
    np.testing.assert_allclose(found[2], [0.5, 0.3, 0, 0], atol=0.02)
    assert found[0, 0] == found[1, 1] == found[2, 2] == 0


def test_a_map_keeps_structure_of_its_own():
    """Discs of one element where the others are even, in a map that follows them elsewhere."""
    rows, columns = np.indices(SHAPE)
    kept, everywhere, sharp = [], [], partial(blurred, widths=(1.0, 1.0, 1.5))
    for seed in range(5):
        expected = dependent(20.0)
        disc = np.hypot(rows - 10, columns - 38) < 5
        expected[2] += 20 * disc + 2.0
        halves = held_out(expected, seed)
        halves.fused_halves = lambda _, halves=halves: [
            sharp(each.net) for each in halves.splits[0]
        ]
        scan = whole(halves)
        fused = sharp(scan.net)
        shared = shared_structure(halves, None)
        for result, each in ((kept, shared), (everywhere, shared.everywhere)):
            found = each.applied(fused, scan)
            result.append(np.square(found - expected)[2, disc].mean())
    assert np.mean(kept) < 0.9 * np.mean(everywhere)


def test_noise_is_hardly_followed():
    """Without structure, hardly more weights are found than two standard errors allow."""
    flat = np.full((3, *SHAPE), 4.0)
    found = [shared_structure(held_out(flat, seed), None).weights[:, :-1] for seed in range(20)]
    changes = []
    for seed, weights in enumerate(found):
        scan = whole(held_out(flat, seed))
        fused = blurred(scan.net, (4, 4, 4))
        weights = np.pad(weights, ((0, 0), (0, 1)))
        after = with_weights(weights).applied(fused, scan)
        changes.append(error(after, flat) / error(fused, flat))
    assert np.mean(changes) < 1.02


def test_even_maps_seldom_follow_others():
    """Also in the broadest band, whose noise is alike in neighbouring small blocks."""
    rows, columns = np.indices((96, 96))
    others = [np.hypot(rows - 30, columns - 40) < 14, np.hypot(rows - 70, columns - 60) < 9]
    expected = np.array([np.full((96, 96), 5.0), *(10.0 * each for each in others)])
    found = []
    for seed in range(30):
        halves = held_out(expected, seed)
        for fused, half in zip(halves.fused_halves(None), halves.splits[0], strict=True):
            fused[0] = half.net[0].mean()
        found.append(shared_structure(halves, None).weights[0].any())
    assert np.mean(found) < 0.12


@pytest.fixture
def scan():
    return counts_of(np.random.default_rng(3).poisson(dependent()))


@pytest.fixture
def shared():
    return with_weights(np.random.default_rng(4).uniform(0, 1, (3, BANDS)))


def test_sums_stay_and_values_are_not_negative(scan, shared):
    fused = blurred(scan.net)
    before = fused.copy()
    found = shared.applied(fused, scan)
    np.testing.assert_array_equal(fused, before)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), fused.sum(axis=(1, 2)))
    assert found.min() >= 0 and not np.allclose(found, fused)


@pytest.mark.parametrize("turned", [lambda x: x[..., ::-1], lambda x: np.swapaxes(x, -1, -2)])
def test_mirrored_scans_give_mirrored_maps(scan, shared, turned):
    fused = blurred(scan.net)
    there = SimpleNamespace(net=turned(scan.net), net_variance=turned(scan.net_variance))
    np.testing.assert_allclose(
        shared.applied(turned(fused), there), turned(shared.applied(fused, scan)), atol=1e-9
    )


def test_the_order_of_elements_does_not_matter(scan, shared):
    order, fused = [2, 0, 1], blurred(scan.net)
    other = SimpleNamespace(net=scan.net[order], net_variance=scan.net_variance[order])
    moved = with_weights(shared.weights[order])
    np.testing.assert_allclose(
        moved.applied(fused[order], other), shared.applied(fused, scan)[order], atol=1e-9
    )


def test_counts_in_other_units_give_maps_in_these(scan, shared):
    units = np.array([1e-3, 1.0, 1e6])[:, None, None]
    fused = blurred(scan.net)
    other = SimpleNamespace(net=units * scan.net, net_variance=units**2 * scan.net_variance)
    np.testing.assert_allclose(
        shared.applied(units * fused, other) / units, shared.applied(fused, scan), rtol=1e-6
    )


def test_masked_pixels_say_nothing(scan, shared):
    mask = np.zeros(SHAPE, bool)
    mask[5:12, 30:40] = True
    fused, wrong = blurred(scan.net), scan.net.copy()
    wrong[:, mask] = 1e6
    other = SimpleNamespace(net=wrong, net_variance=scan.net_variance)
    np.testing.assert_allclose(
        shared.applied(fused, other, mask), shared.applied(fused, scan, mask)
    )
    expected = dependent()
    clean, spoiled = held_out(expected, mask=mask), held_out(expected, mask=mask)
    for half in spoiled.splits[0]:
        half.net[:, mask] = 1e6
    spoiled.fused_halves = clean.fused_halves
    np.testing.assert_allclose(
        shared_structure(spoiled, None).weights, shared_structure(clean, None).weights
    )


def test_only_the_chosen_elements_change(scan, shared):
    fused = blurred(scan.net)
    every = shared.applied(fused, scan)
    some = shared.applied(fused, scan, elements=[1])
    np.testing.assert_array_equal(some[[0, 2]], fused[[0, 2]])
    np.testing.assert_array_equal(some[1], every[1])


def test_elements_without_counts_neither_follow_nor_lead():
    expected = dependent()
    alone = held_out(expected, counted=[True, False, False])
    assert not shared_structure(alone, None).weights.any()
    halves = held_out(expected, counted=[True, False, True])
    shared = shared_structure(halves, None)
    assert not shared.weights[1].any()
    scan = whole(halves)
    other = blurred(scan.net)
    changed = other.copy()
    changed[1] = 7.0
    np.testing.assert_array_equal(
        shared.applied(changed, scan)[[0, 2]], shared.applied(other, scan)[[0, 2]]
    )


def test_one_element_is_left_as_it_is():
    halves = held_out(dependent()[:1], counted=[True])
    shared = shared_structure(halves, None)
    fused = blurred(whole(halves).net)
    assert shared.elements == [] and shared.applied(fused, whole(halves)) is fused


def fused_maps(specimen, **options):
    options = {"gamma": 1, "full_output": True, "show_progressbar": False, **options}
    maps, output = specimen.signal.multimodal_fusion(specimen.haadf, **options)
    return np.array([each.data for each in maps]), output, maps


@pytest.fixture(scope="module")
def specimen():
    return core_shell((48, 48), counts=20)


@pytest.fixture(scope="module")
def automatic(specimen):
    return fused_maps(specimen)


def test_oxygen_of_core_shell_particles_follows_cobalt_and_sulphur(specimen, automatic):
    found, output, maps = automatic
    alone, _, _ = fused_maps(specimen, share_structure=False)
    expected = np.array([each.data for each in specimen.xrays])
    assert error(found, expected)[1] < 0.6 * error(alone, expected)[1]
    assert error(found, expected).sum() < error(alone, expected).sum()
    cobalt, oxygen, sulphur, _ = output["shared_coefficients"][1]
    assert cobalt > 0 > sulphur and oxygen == 0
    node = maps[0].metadata.Multimodal_fusion
    np.testing.assert_array_equal(node.shared_weights, output["shared_weights"])


def test_a_record_gives_the_same_maps(specimen, automatic):
    found, output, _ = automatic
    given = {name: output[name] for name in ("gamma", "haadf_blur", "weights")}
    given |= {"lambdas": (output["lambda_1"], output["lambda_2"])}
    given |= {"regulariser": output["regularisers"], "share_structure": True}
    again, _, _ = fused_maps(specimen, **given)
    assert (error(again, found) < 2e-3 * found.var(axis=(1, 2))).all()


def test_given_lambdas_share_nothing_unless_told_to(specimen):
    given = {"lambdas": (0.1, 0.3), "regulariser": "isotropic"}
    plain, output, _ = fused_maps(specimen, **given)
    assert output["shared_weights"] is None and output["shared_coefficients"] is None
    shared, output, _ = fused_maps(specimen, **given, share_structure=True)
    assert np.any(output["shared_weights"])
    expected = np.array([each.data for each in specimen.xrays])
    assert error(shared, expected).sum() < error(plain, expected).sum()


def test_atoms_that_change_places_are_seen_better():
    """Where one element replaces another, each shows the structure of both."""
    specimen = swap((48, 48), counts=10.0)
    expected = np.array([each.data for each in specimen.xrays])
    with_it, _, _ = fused_maps(specimen)
    without, _, _ = fused_maps(specimen, share_structure=False)
    assert error(with_it, expected).sum() < error(without, expected).sum()


@pytest.mark.parametrize("given", [1, None, "yes"])
def test_what_is_wrong_is_refused(specimen, given):
    with pytest.raises(TypeError, match="share_structure must be 'auto', True or False, but"):
        fused_maps(specimen, share_structure=given)
