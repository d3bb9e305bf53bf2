"""Regions that differ from another one only by the counts of their surroundings."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from hyperspy_multimodal import region_sums
from hyperspy_multimodal.quantification.measured import measured_of
from hyperspy_multimodal.quantification.surroundings import surroundings_remarks

PARTICLE, OTHER, STRAY = np.array([[6.0, 3.0, 1.5], [0.3, 1.5, 0.3], [0.02, 0.02, 0.7]])


@pytest.fixture(scope="module")
def drawn(fused):
    """A function of the counts per pixel of a particle, its outline, and all that is around."""
    measured = measured_of(fused.maps, fused.output)
    distance = np.hypot(*(each - each.mean() for each in np.indices(measured.used.shape)))
    inside, radius = distance < 7, distance < 10
    masks = np.array([inside, radius & ~inside])

    def made(outline, around, seed=0):
        counts = np.tile(around[:, None, None], (1, *inside.shape))
        for mask, values in zip(masks, (PARTICLE, outline), strict=True):
            counts[:, mask] += values[:, None]
        noisy = np.random.default_rng(seed).poisson(counts).astype(float)
        return replace(
            measured, fused=counts, net=noisy, variance=counts, per_count=np.ones(3),
            background=np.zeros_like(counts), covariances={}, correlation=np.eye(3),
        )  # fmt: skip

    return masks, made


def remarks_of(measured, masks):
    return surroundings_remarks(measured, ["1", "2"], masks, np.ones(3))


@pytest.mark.parametrize("seed", range(4))
def test_an_outline_that_is_particle_and_surroundings_is_told(drawn, seed):
    masks, made = drawn
    measured = made(0.15 * PARTICLE, STRAY, seed)
    first, second = remarks_of(measured, masks)
    assert not first and "not told apart from 1" in second
    # nothing is known of the surroundings if regions cover everything
    assert remarks_of(measured, np.array([masks[0], ~masks[0]])) == ["", ""]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("around", [STRAY, 0.001 * STRAY])
def test_a_shell_of_its_own_composition_is_not(drawn, seed, around):
    masks, made = drawn
    remarks = remarks_of(made(OTHER, around, seed), masks)
    assert not any("told apart" in each for each in remarks)
    assert around is STRAY or remarks == ["", ""]


def film_and_particle(drawn, seed, film, rim):
    """Return counts of a particle on a film that covers the scan, and masks without some pixels."""
    (inside, outline), made = drawn
    measured = made(np.zeros(3), film, seed)
    apart = np.zeros(inside.shape, bool)
    if rim == "scattered":
        apart = outline & (np.random.default_rng(seed).random(inside.shape) < 0.3)
    elif rim == "closed":
        apart = binary_dilation(inside) & ~inside
    elif rim == "few":
        apart[:4, :4] = True
    return measured, np.array([~inside & ~apart, inside & ~apart])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rim", ["none", "scattered", "closed", "few"])
def test_what_lies_between_regions_is_no_surroundings(drawn, seed, rim):
    """A film and particles that cover the scan differ, whatever a few pixels between them hold."""
    measured, masks = film_and_particle(drawn, seed, np.array([0.2, 0.3, 12.0]), rim)
    assert remarks_of(measured, masks) == ["", ""]


@pytest.mark.parametrize("seed", range(3))
def test_a_region_of_which_nothing_is_left_hides_no_other(drawn, seed):
    """Half of a film is a region, the rest is outside: only the film is told to be nothing."""
    measured, masks = film_and_particle(drawn, seed, np.array([0.2, 0.3, 12.0]), "none")
    masks[0, :, :8] = False
    film, particle = remarks_of(measured, masks)
    assert film.startswith("no counts beyond their error are left")
    assert "told apart" not in particle and "are left" not in particle


@pytest.mark.parametrize("seed", range(1, 5))
def test_what_the_surroundings_hold_of_an_element_is_told(drawn, seed):
    """Without them, the shell has the third element as 0.3 of 2.1 counts, not 1 of 2.84."""
    masks, made = drawn
    measured = made(OTHER, STRAY, seed)
    said = re.fullmatch(
        rf"outside all regions, {measured.names[2]} has (\d+) % of the counts per pixel .* without "
        r"them, it would have (\d+) instead of (\d+) at%",
        remarks_of(measured, masks)[1],
    )
    share, without, percent = map(float, said.groups())
    assert share == pytest.approx(70, abs=20)
    assert without == pytest.approx(14, abs=9) and percent == pytest.approx(35, abs=9)
    few = surroundings_remarks(measured, ["1", "2"], masks, np.array([1.0, 1.0, 0.01]))
    assert few == ["", ""]  # few atoms


def test_regions_that_are_given_have_no_such_remark(fused):
    found = region_sums(fused.maps, fused.output, {"all": fused.maps[0].data >= 0})
    assert not any("told apart" in each for each in found.gain_remarks)
