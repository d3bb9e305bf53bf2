"""A uniform background that maps still hold."""

import re
from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.given.noisy_maps import ready_maps
from hyperspy_multimodal.given.pedestal import checked_pedestal, in_vacuum, without_pedestal

SHAPE = (64, 60)
PEDESTAL = 0.3


def disc(height=8.0):
    y, x = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return height * ((y - 30) ** 2 + (x - 28) ** 2 < 14**2)


def haadf():
    return disc(1.0) + np.random.default_rng(9).normal(0, 0.005, SHAPE)


def counted(pedestal=PEDESTAL, seed=0):
    return np.random.default_rng(seed).poisson(disc() + pedestal)[None].astype(float)


def ready(arrays, pedestal, image=None, mask=None, **options):
    maps, _ = ready_maps(["Co"], arrays, options.get("gain"), None, 2, 0)
    image = haadf() if image is None else image
    return without_pedestal(maps, checked_pedestal(pedestal, 1), image, mask)


def test_the_pedestal_in_vacuum_is_found_without_bias():
    found = [ready(counted(seed=seed), "vacuum") for seed in range(8)]
    assert np.mean([p[0] for _, p in found]) == pytest.approx(PEDESTAL, rel=0.03)
    totals = [maps.net.sum() for maps, _ in found]
    assert np.mean(totals) == pytest.approx(disc().sum(), rel=0.01)


def test_its_error_is_that_of_the_total():
    found = [ready(counted(seed=seed), "vacuum") for seed in range(40)]
    stated = np.sqrt(np.mean([maps.common[0, 0] for maps, _ in found]))
    spread = np.std([p[0] for _, p in found]) * np.prod(SHAPE) / disc().sum()
    assert stated == pytest.approx(spread, rel=0.3)


def test_its_noise_stays():
    with_it, _ = ready(counted(), None)
    maps, _ = ready(counted(), PEDESTAL)
    np.testing.assert_allclose(maps.net, with_it.net - PEDESTAL)
    np.testing.assert_allclose(maps.net_variance, with_it.net_variance)
    assert maps.subtracted[0] - with_it.subtracted[0] == pytest.approx(PEDESTAL)


def test_halves_hold_half_of_it():
    maps, _ = ready(counted(), PEDESTAL)
    for first, second in maps.halves(2, 0):
        np.testing.assert_allclose(first.net + second.net, maps.net)
        assert first.net.mean() == pytest.approx(maps.net.mean() / 2, rel=0.05)


def test_it_is_in_units_of_the_maps():
    _, of_counts = ready(counted(), "vacuum")
    maps, scaled = ready(0.02 * counted(), "vacuum", gain=0.02)
    assert scaled == pytest.approx(0.02 * of_counts)
    given, _ = ready(0.02 * counted(), float(scaled[0]), gain=0.02)
    np.testing.assert_allclose(given.net, maps.net)


@pytest.mark.parametrize("part", [0.5, 1.0, 2.0])
def test_noise_that_was_cut_off_has_raised_sums_by_less_where_it_is_subtracted(part):
    noise = np.random.default_rng(1).normal(0, 0.5, SHAPE)
    arrays = np.maximum(counted() + noise, 0.0)
    with_it, _ = ready(arrays, None, gain=1.0)
    assert with_it.cut_off[0] > 0
    maps, _ = ready(arrays, part * float(with_it.cut_off[0]), gain=1.0)
    assert maps.cut_off[0] == pytest.approx(max(1 - part, 0) * with_it.cut_off[0])


def test_masked_pixels_are_no_vacuum():
    mask = np.zeros(SHAPE, bool)
    mask[:, 50:] = True
    arrays = np.where(mask, 0.0, counted())
    _, found = ready(arrays, "vacuum", mask=mask)
    assert found[0] == pytest.approx(PEDESTAL, rel=0.15)


def test_counts_in_vacuum_are_told_and_kept(caplog):
    arrays = counted()
    maps, subtracted = ready(arrays, None)
    [said] = [each.getMessage() for each in caplog.records if "vacuum" in each.getMessage()]
    assert said.startswith("There are counts in what looks like vacuum")
    assert "% (Co)" in said
    assert subtracted[0] == 0
    np.testing.assert_array_equal(maps.net, arrays)


@pytest.mark.parametrize(("pedestal", "few"), [(0.3, False), (0.04, True)])
def test_a_pedestal_is_offered_for_what_it_helps(caplog, pedestal, few):
    """Fused maps are not negative, so they keep a part of a background of few counts."""
    ready(counted(pedestal=pedestal), None)
    [said] = [each.getMessage() for each in caplog.records if "vacuum" in each.getMessage()]
    assert "pedestal='vacuum' subtracts them" in said
    assert ("so few counts (Co)" in said and "sums of the raw maps" in said) == few


@pytest.mark.parametrize("left_out", [0, 20])
def test_the_share_that_is_told_is_that_of_the_same_counts_everywhere(caplog, left_out):
    mask = np.zeros(SHAPE, bool)
    mask[:, SHAPE[1] - left_out :] = True
    arrays = np.where(mask, 0.0, counted())
    ready(arrays, None, mask=mask)
    [share] = re.findall(r"([\d.]+) % \(Co\)", caplog.text)
    expected = 100 * PEDESTAL * (~mask).sum() / (disc() + PEDESTAL)[~mask].sum()
    assert float(share) == pytest.approx(expected, rel=0.08)


def test_few_counts_in_vacuum_are_not_told(caplog):
    """They are less than 3 % of the total, however clear."""
    ready(counted(pedestal=0.03) + 100 * (disc() > 0), None)
    assert not caplog.text


def test_mean_and_error_in_vacuum_are_those_of_its_pixels():
    image = (disc() == 0) * (1.0 + 2.0 * (np.indices(SHAPE).sum(axis=0) % 2)) + disc(50.0)
    maps, _ = ready_maps(["Co"], image[None], 1.0, None, 0, 0)
    found = in_vacuum(maps, haadf())
    # about half of the pixels are 1 and half are 3
    assert found.mean[0] == pytest.approx(2.0, abs=0.01)
    pixels = 1 / np.square(found.error[0])
    assert 0.8 * (disc() == 0).sum() < pixels <= (disc() == 0).sum()
    subtracted, pedestal = without_pedestal(maps, "vacuum", haadf())
    assert pedestal[0] == pytest.approx(found.mean[0])
    share = image.size * found.error[0] / (image - found.mean[0]).sum()
    assert subtracted.common[0, 0] == pytest.approx(share**2)


def test_a_vacuum_below_zero_is_no_pedestal():
    image = (disc() == 0) * np.random.default_rng(0).normal(-0.2, 0.5, SHAPE) + disc()
    maps, pedestal = ready(image[None], "vacuum", gain=1.0)
    assert pedestal[0] == 0
    np.testing.assert_allclose(maps.net[0], image)


def test_an_empty_vacuum_says_nothing(caplog):
    ready(counted(pedestal=0.0), None)
    assert not caplog.text


def test_vacuum_has_to_be_there():
    y, x = np.ogrid[: SHAPE[0], : SHAPE[1]]
    with pytest.raises(ValueError, match="needs a part of the scan"):
        ready(counted(), "vacuum", image=np.sin(x / 3) + np.cos(y / 4))


@pytest.mark.parametrize("wrong", ["dark", -1.0, [1.0, 2.0]])
def test_what_it_may_be(wrong):
    with pytest.raises(ValueError, match="pedestal"):
        checked_pedestal(wrong, 1)


def test_fused_totals_are_without_it():
    options = {"lambdas": (0.01, 0.02), "show_progressbar": False, "full_output": True}
    (kept,), _ = fuse_maps({"Co": counted()[0]}, haadf(), **options)
    (fused,), output = fuse_maps({"Co": counted()[0]}, haadf(), pedestal="vacuum", **options)
    vacuum = disc() == 0
    assert kept.data.sum() == pytest.approx(counted().sum(), rel=1e-3)
    assert fused.data.sum() == pytest.approx(disc().sum(), rel=0.03)
    assert fused.data[vacuum].mean() < 0.1 * kept.data[vacuum].mean()
    assert fused.metadata.Multimodal_fusion.pedestal[0] == output["pedestal"][0]


def test_the_record_reproduces_the_maps():
    options = {"lambdas": (0.01, 0.02), "show_progressbar": False}
    image = 0.02 * counted()[0]
    (fused,) = fuse_maps({"Co": image}, haadf(), gain=0.02, pedestal="vacuum", **options)
    record = fused.metadata.Multimodal_fusion
    assert record.background == [0.0]
    given = {name: record[name] for name in ("gain", "background", "pedestal")}
    (again,) = fuse_maps({"Co": image}, haadf(), **given, **options)
    np.testing.assert_allclose(again.data, fused.data, rtol=1e-6, atol=1e-9)


def test_the_error_of_a_total_that_is_known_remains_beside_that_of_the_pedestal():
    maps, _ = ready_maps(["Co"], counted(), 1.0, None, 0, 0)
    before = maps.net.sum()
    plain, _ = without_pedestal(maps, "vacuum", haadf())
    both, _ = without_pedestal(replace(maps, common=np.array([[0.04]])), "vacuum", haadf())
    added = (both.common - plain.common)[0, 0]
    assert np.sqrt(added) * both.net.sum() == pytest.approx(0.2 * before)
