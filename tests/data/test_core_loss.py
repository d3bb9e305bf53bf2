"""EELS of oxide particles: what was drawn agrees with the truth that comes with it."""

import exspy.signals
import hyperspy.api as hs
import numpy as np
import pytest
from exspy.material import elements

from hyperspy_multimodal.data import CoreLossSpecimen, core_loss

from .specimens import EDGES, MICROSCOPE, stack


@pytest.fixture(scope="module")
def specimen():
    return core_loss((24, 40), counts=50.0)


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


@pytest.mark.slow
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


# ---- sampling


@pytest.mark.parametrize("shape", [(16, 16), (16, 28)])
def test_finer_sampling_shows_the_same_particles(shape):
    coarse = core_loss(shape).areal_densities
    fine = core_loss(tuple(5 * n for n in shape), pixel_size=0.1, counts=0.01).areal_densities
    for symbol, atoms in coarse.items():
        # a fifth of a pixel: the middle one of 5 x 5 has the same centre
        np.testing.assert_allclose(fine[symbol][2::5, 2::5], atoms, atol=1e-9)


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
    with pytest.raises(error, match=rf"{argument}.* must .*, but .* given"):
        core_loss(**{"shape": (16, 16), **arguments})


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="seeds"):
        core_loss((16, 16), seeds=3)
