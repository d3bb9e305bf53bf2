"""EELS of oxide particles: what was drawn agrees with the truth that comes with it."""

import exspy.signals
import hyperspy.api as hs
import numpy as np
import pytest
from exspy.material import elements

from hyperspy_multimodal.data import CoreLossSpecimen, core_loss
from hyperspy_multimodal.data._core_loss_specimen import (
    edge_cross_section,
    power_law,
    white_lines_shape,
)
from hyperspy_multimodal.eels.edge_measurement import measure_edges
from hyperspy_multimodal.physics.hydrogenic import hydrogenic_edges

EDGES = ["O_K", "Mn_L3", "Co_L3"]
MICROSCOPE = {"beam_energy": 200.0, "convergence_angle": 10.0, "collection_angle": 30.0}


def stack(maps):
    return np.stack([m.data for m in maps])


def gross(signal):
    """Counts in the windows that the package gives the edges."""
    return measure_edges(signal, None, None, None, None, False).maps.counts


def mass(specimen):
    return sum(
        elements[symbol].General_properties.atomic_weight * atoms
        for symbol, atoms in specimen.areal_densities.items()
    )


@pytest.fixture(scope="module")
def specimen():
    return core_loss((24, 40), counts=50.0)


@pytest.fixture(scope="module")
def rich():
    return core_loss((16, 24), counts=1e5, white_lines=0.3, seed=3)


# ---- what a user is given


def test_signal_knows_its_axes_and_microscope():
    signal = core_loss(
        (8, 12), pixel_size=0.3, channels=160, first_energy=402.0, channel_width=4.0
    ).signal
    assert type(signal) is exspy.signals.EELSSpectrum
    x, y = signal.axes_manager.navigation_axes
    energy = signal.axes_manager.signal_axes[0]
    assert (x.name, x.units, x.scale, x.size) == ("x", "nm", 0.3, 12)
    assert (y.name, y.units, y.scale, y.size) == ("y", "nm", 0.3, 8)
    assert (energy.units, energy.offset, energy.scale, energy.size) == ("eV", 402, 4, 160)
    tem = signal.metadata.Acquisition_instrument.TEM
    found = tem.beam_energy, tem.convergence_angle, tem.Detector.EELS.collection_angle
    assert found == tuple(MICROSCOPE.values())
    assert signal.metadata.Sample.elements == ["Co", "Mn", "O"]
    assert "oxide" in signal.metadata.General.title


def test_specimen_has_the_parts_it_says(specimen):
    assert isinstance(specimen, CoreLossSpecimen)
    assert specimen._fields == ("signal", "haadf", "counts", "background", "areal_densities")
    assert specimen.signal.data.shape == (24, 40, 300)
    assert specimen.signal.data.dtype.kind == "u"
    assert sorted(specimen.areal_densities) == ["Co", "Mn", "O"]
    assert all(atoms.shape == (24, 40) for atoms in specimen.areal_densities.values())


def test_haadf_lies_on_the_same_grid(specimen):
    haadf, signal = specimen.haadf, specimen.signal
    assert type(haadf) is hs.signals.Signal2D and haadf.data.dtype == np.float32
    for image_axis, scan_axis in zip(
        haadf.axes_manager.signal_axes, signal.axes_manager.navigation_axes, strict=True
    ):
        for attribute in ("name", "units", "scale", "offset", "size"):
            assert getattr(image_axis, attribute) == getattr(scan_axis, attribute)


def test_haadf_is_that_of_the_atoms():
    specimen = core_loss((16, 16), haadf_noise=0)
    scattered = sum(
        elements[symbol].General_properties.Z ** 1.7 * atoms
        for symbol, atoms in specimen.areal_densities.items()
    )
    expected = 4000 + 40000 * scattered / scattered.max()
    np.testing.assert_allclose(specimen.haadf.data, expected, rtol=1e-5)


def test_haadf_has_the_noise_asked_for():
    noisy, clean = (core_loss((64, 64), haadf_noise=noise).haadf.data for noise in (0.05, 0))
    assert (noisy - clean).std() == pytest.approx(0.05 * 40000, rel=0.05)


def test_truth_looks_like_fused_maps():
    specimen = core_loss((16, 16), counts=50, gain=2.0)
    fused = specimen.signal.multimodal_fusion(
        specimen.haadf, 1, (0.01, 0.02), max_iterations=5, show_progressbar=False
    )
    for result, *truths in zip(fused, specimen.counts, specimen.background, strict=True):
        for truth in truths:
            assert type(truth) is type(result)
            assert truth.axes_manager.as_dictionary() == result.axes_manager.as_dictionary()
            assert truth.metadata.Sample.as_dictionary() == result.metadata.Sample.as_dictionary()
            assert not truth.metadata.has_item("Signal.Noise_properties")
    assert [truth.metadata.Sample.edges for truth in specimen.counts] == [[e] for e in EDGES]


def test_metadata_record_how_to_make_it_again():
    made = core_loss((16, 24), 7.0, exponent=2.5, background_ratio=4.0, white_lines=0.2, gain=1.5,
                     channels=280, first_energy=420.0, channel_width=1.9, pixel_size=0.4,
                     haadf_noise=0.03, layout_seed=2, seed=9)  # fmt: skip
    for signal in (made.signal, made.haadf):
        recorded = signal.metadata.Simulation.as_dictionary()
        for derived in ("specimen", "electrons_per_pixel"):
            assert recorded.pop(derived)
        again = core_loss(**recorded)
        np.testing.assert_array_equal(again.signal.data, made.signal.data)
        np.testing.assert_array_equal(again.haadf.data, made.haadf.data)


def test_it_can_be_saved(specimen, tmp_path):
    specimen.signal.deepcopy().save(tmp_path / "scan.hspy")  # saving adds to the metadata
    loaded = hs.load(tmp_path / "scan.hspy")
    assert type(loaded) is exspy.signals.EELSSpectrum
    np.testing.assert_array_equal(loaded.data, specimen.signal.data)


# ---- seeds


def test_a_seed_fixes_everything(specimen):
    again = core_loss((24, 40), counts=50.0)
    np.testing.assert_array_equal(again.signal.data, specimen.signal.data)
    np.testing.assert_array_equal(again.haadf.data, specimen.haadf.data)


def test_another_seed_changes_the_noise_and_not_the_truth(specimen):
    other = core_loss((24, 40), counts=50.0, seed=1)
    assert np.any(other.signal.data != specimen.signal.data)
    assert np.any(other.haadf.data != specimen.haadf.data)
    for field in ("counts", "background"):
        np.testing.assert_array_equal(stack(getattr(other, field)), stack(getattr(specimen, field)))


def test_another_layout_seed_changes_the_truth(specimen):
    other = core_loss((24, 40), counts=50.0, layout_seed=1)
    assert np.any(stack(other.counts) != stack(specimen.counts))


# ---- electrons


def test_windows_hold_truth_and_background_with_poisson_noise(rich):
    expected = stack(rich.counts) + stack(rich.background)
    there = expected > 100
    residual = (gross(rich.signal) - expected)[there] / np.sqrt(expected[there])
    assert abs(residual.mean()) < 4 / np.sqrt(residual.size)
    assert residual.std() == pytest.approx(1, abs=4 / np.sqrt(2 * residual.size))


def test_mean_of_many_draws_is_the_truth():
    drawn = [core_loss((16, 16), counts=3.0, seed=seed) for seed in range(12)]
    expected = stack(drawn[0].counts) + stack(drawn[0].background)
    found = np.mean([gross(each.signal) for each in drawn], axis=0)
    there = expected > 1
    residual = (found - expected)[there] / np.sqrt(expected[there] / len(drawn))
    assert np.mean(residual**2) == pytest.approx(1, abs=4 * np.sqrt(2 / residual.size))
    assert abs(residual.mean()) < 4 / np.sqrt(residual.size)


def test_spectrum_is_that_of_the_atoms_under_the_beam(rich):
    """Hydrogenic edges by the dose, a power law and the white lines, all made here anew."""
    step = 0.1
    fine = 399 + step * (np.arange(6000) + 0.5)
    dose = rich.signal.metadata.Simulation.electrons_per_pixel * 1e-10
    windows = measure_edges(rich.signal, None, None, None, None, False).integration_windows
    spectrum = np.zeros(6000)
    strongest = np.argmax(stack(rich.counts).max(axis=(1, 2)))
    inside = [(fine > left) & (fine < right) for left, right in windows]
    for edge, within in zip(EDGES, inside, strict=True):
        element, subshell = edge.split("_")
        shape = hydrogenic_edges([edge], MICROSCOPE)[0](fine)
        if subshell == "L3":
            lines = np.zeros(6000)
            for name, area in (("L3", 2), ("L2", 1)):
                onset = elements[element].Atomic_properties.Binding_energies[name]
                onset = onset["onset_energy (eV)"]
                lines += (fine > onset) * area / (1 + (fine - onset - 2) ** 2 / 4)
            shape = shape + 0.3 * shape[within].sum() / lines[within].sum() * lines
        spectrum += dose * step * rich.areal_densities[element].sum() * shape
    law = fine**-3.0
    share = mass(rich).sum() / mass(rich)[np.unravel_index(
        stack(rich.counts)[strongest].argmax(), (16, 24))]  # fmt: skip
    spectrum += 10 * 1e5 * share * law / law[inside[strongest]].sum()
    expected = spectrum.reshape(300, 20).sum(axis=1)
    found = rich.signal.data.sum(axis=(0, 1), dtype=float)
    np.testing.assert_allclose(found, expected, rtol=2e-3)
    assert np.std((found - expected) / np.sqrt(expected)) < 3


def test_the_hydrogenic_model_names_one_l_shell_three_times():
    """Why L1, L2 and L3 are not added: each is the whole shell."""
    limits = 399 + 2.0 * np.arange(301)
    for name in ("Mn_L1", "Mn_L2"):
        same = edge_cross_section("Mn_L3", limits)
        np.testing.assert_array_equal(edge_cross_section(name, limits), same)


def test_densest_point_has_the_counts_asked_for(specimen, rich):
    assert stack(specimen.counts).max() == pytest.approx(50)
    assert stack(rich.counts).max() == pytest.approx(1e5)


def test_expected_electrons_follow_the_counts(specimen):
    tenfold = core_loss((24, 40), counts=500.0)
    for field in ("counts", "background"):
        np.testing.assert_allclose(
            stack(getattr(tenfold, field)), 10 * stack(getattr(specimen, field)), rtol=1e-12
        )
    for symbol, atoms in specimen.areal_densities.items():
        np.testing.assert_array_equal(tenfold.areal_densities[symbol], atoms)


def test_counts_stand_for_atoms(specimen):
    for truth in specimen.counts:
        atoms = specimen.areal_densities[truth.metadata.Sample.elements[0]]
        factor = truth.data.max() / atoms.max()
        np.testing.assert_allclose(truth.data, factor * atoms, rtol=1e-12)


def test_background_has_the_ratio_asked_for_and_follows_the_mass():
    with_it, without = (core_loss((24, 40), 50, background_ratio=ratio) for ratio in (7.0, 0.0))
    truth = stack(with_it.counts)
    np.testing.assert_allclose(truth, stack(without.counts))
    law = stack(with_it.background) - stack(without.background)
    strongest, *densest = np.unravel_index(truth.argmax(), truth.shape)
    assert law[(strongest, *densest)] == pytest.approx(7 * 50)
    for each in law:
        np.testing.assert_allclose(each / each.max(), mass(with_it) / mass(with_it).max())
    # nothing lies under the first edge but the power law; the others stand on tails
    tails = stack(without.background)
    np.testing.assert_allclose(tails[0], 0, atol=1e-12)
    assert tails[1].max() > 1 and tails[2].max() > 1


@pytest.mark.parametrize("exponent", [1.0, 2.0, 4.5])
def test_background_falls_with_the_exponent(exponent):
    with_it, without = (
        core_loss((8, 8), exponent=exponent, background_ratio=ratio) for ratio in (5.0, 0.0)
    )
    law = (stack(with_it.background) - stack(without.background)).sum(axis=(1, 2))
    windows = measure_edges(with_it.signal, None, None, None, None, False).integration_windows
    expected = []
    for left, right in windows:
        energies = np.linspace(left, right, 20001)
        expected.append((right - left) * np.mean(energies**-exponent))
    np.testing.assert_allclose(law / law[0], np.array(expected) / expected[0], rtol=1e-4)


def test_vacuum_holds_no_electrons(specimen):
    vacuum = mass(specimen) == 0
    assert vacuum.any()
    assert not specimen.signal.data[vacuum].any()
    assert not stack(specimen.background)[:, vacuum].any()


def test_gain_multiplies_the_counts_and_is_recorded(specimen):
    many = core_loss((24, 40), counts=50.0, gain=7.5)
    assert many.signal.data.dtype == np.float32
    np.testing.assert_array_equal(many.signal.data, np.float32(7.5) * specimen.signal.data)
    item = "Signal.Noise_properties.Variance_linear_model.gain_factor"
    assert many.signal.metadata.get_item(item) == 7.5
    assert not specimen.signal.metadata.has_item("Signal.Noise_properties")
    np.testing.assert_array_equal(stack(many.counts), stack(specimen.counts))


def test_white_lines_raise_the_edges_that_have_them():
    plain, white = (core_loss((16, 16), white_lines=share) for share in (0, 0.5))
    for specimen in (plain, white):
        assert stack(specimen.counts).max() == pytest.approx(5)
    per_beam = [
        stack(each.counts) / each.signal.metadata.Simulation.electrons_per_pixel
        for each in (plain, white)
    ]
    for before, after, raised in zip(*per_beam, (1, 1.5, 1.5), strict=True):
        np.testing.assert_allclose(after, raised * before)


def test_white_lines_lie_above_their_onsets():
    limits = 399 + 2.0 * np.arange(301)
    lines = white_lines_shape("Co_L3", limits)
    assert not lines[limits[1:] <= 779].any()
    peaks = np.flatnonzero((lines[1:-1] > lines[:-2]) & (lines[1:-1] >= lines[2:])) + 1
    np.testing.assert_allclose((limits[peaks] + limits[peaks + 1]) / 2, [781, 796], atol=2)
    assert not white_lines_shape("O_K", limits).any()


# ---- sampling


@pytest.mark.parametrize("shape", [(16, 16), (16, 28)])
def test_finer_sampling_shows_the_same_particles(shape):
    coarse = core_loss(shape).areal_densities
    fine = core_loss(tuple(5 * n for n in shape), pixel_size=0.1, counts=0.01).areal_densities
    for symbol, atoms in coarse.items():
        # a fifth of a pixel: the middle one of 5 x 5 has the same centre
        np.testing.assert_allclose(fine[symbol][2::5, 2::5], atoms, atol=1e-9)


def test_wider_channels_hold_what_narrow_ones_do():
    narrow, wide = 399 + 2.0 * np.arange(301), 399 + 4.0 * np.arange(151)
    for edge in EDGES:
        joined = edge_cross_section(edge, narrow).reshape(-1, 2).sum(axis=1)
        np.testing.assert_allclose(edge_cross_section(edge, wide), joined, rtol=0.05, atol=1e-3)
        lines = white_lines_shape(edge, narrow).reshape(-1, 2).sum(axis=1)
        np.testing.assert_allclose(white_lines_shape(edge, wide), lines, atol=1e-12)
    for exponent in (1.0, 3.0):
        joined = power_law(exponent, narrow).reshape(-1, 2).sum(axis=1)
        np.testing.assert_allclose(power_law(exponent, wide), joined / joined[0])


@pytest.mark.parametrize(("shape", "counts"), [((8, 30), 1e-3), ((30, 8), 1e4)])
def test_any_shape_and_dose(shape, counts):
    specimen = core_loss(shape, counts)
    assert specimen.signal.data.shape == (*shape, 300)
    for field in ("counts", "background"):
        assert np.isfinite(stack(getattr(specimen, field))).all()
        assert stack(getattr(specimen, field)).min() >= 0
    assert (stack(specimen.counts).sum(axis=(1, 2)) > 0).all()


# ---- wrong arguments


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"shape": (7, 40)}, ValueError),
        ({"shape": 32}, TypeError),
        ({"counts": 0.0}, ValueError),
        ({"counts": "5"}, TypeError),
        ({"layout_seed": -1}, ValueError),
        ({"layout_seed": 1.0}, TypeError),
        ({"exponent": 0.0}, ValueError),
        ({"exponent": np.inf}, ValueError),
        ({"background_ratio": -1.0}, ValueError),
        ({"background_ratio": None}, TypeError),
        ({"white_lines": -0.1}, ValueError),
        ({"white_lines": [0.1]}, TypeError),
        ({"gain": 0.0}, ValueError),
        ({"gain": np.nan}, ValueError),
        ({"channels": 1}, ValueError),
        ({"channels": 300.0}, TypeError),
        ({"channels": 200}, ValueError),
        ({"first_energy": 0.5}, ValueError),
        ({"first_energy": 526.0}, ValueError),
        ({"first_energy": "400"}, TypeError),
        ({"channel_width": 0.0}, ValueError),
        ({"channel_width": 1.0}, ValueError),
        ({"channel_width": 40.0}, ValueError),
        ({"pixel_size": -1.0}, ValueError),
        ({"haadf_noise": -0.1}, ValueError),
        ({"seed": 0.5}, TypeError),
    ],
)
def test_bad_arguments_are_named_with_what_was_given_and_expected(arguments, error):
    (argument,) = arguments
    with pytest.raises(error, match=rf"{argument}.*: given .*, expected .*; \w+"):
        core_loss(**{"shape": (16, 16), **arguments})


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="seeds"):
        core_loss((16, 16), seeds=3)
