"""The gain of EELS data: given, from the metadata, or from the noise."""

import numpy as np
import pytest

from hyperspy_multimodal.notes import gathered
from hyperspy_multimodal.recovery.verdict import verdicts_of
from hyperspy_multimodal.written_numbers import plain

from .edge_spectra import SIZE, flat, measure, power_law, spectrum_image


def noisy(gain, level=500, seed=0):
    """Return counts of particles of varying thickness, ``gain`` of them an electron."""
    rng = np.random.default_rng(seed)
    thickness = 1 + 3 * (rng.random((24, 24)) > 0.5)
    return gain * rng.poisson(thickness[..., None] * level * power_law(3.0) / power_law(3.0)[0])


def test_gain_given_is_used():
    data = noisy(1.0)
    plain, scaled = measure(spectrum_image(data)), measure(spectrum_image(3.7 * data), gain=3.7)
    np.testing.assert_allclose(scaled.maps.counts, plain.maps.counts, rtol=1e-12)
    np.testing.assert_allclose(scaled.maps.background, plain.maps.background)
    assert (plain.gain, plain.camera.gain_source) == (1.0, "integer counts")
    assert (scaled.gain, scaled.camera.gain_source) == (3.7, "given")


def test_gain_of_the_metadata_is_used(logged):
    signal = spectrum_image(noisy(4.5))
    item = "Signal.Noise_properties.Variance_linear_model.gain_factor"
    signal.metadata.set_item(item, 4.5)
    found = measure(signal)
    assert (found.gain, found.camera.gain_source) == (4.5, "metadata")
    assert "noise of the spectra suggests" not in logged.text
    signal.metadata.set_item(item, 2.0)
    assert measure(signal).gain == 2.0
    assert "noise of the spectra suggests" in logged.text
    signal.metadata.set_item(item, -1.0)
    assert measure(signal).camera.gain_source == "estimated"
    assert "is ignored" in logged.text


@pytest.mark.parametrize("gain", [35, 5])
@pytest.mark.parametrize("stored", [1.0, None])
def test_noise_that_contradicts_the_metadata_wins(gain, stored, logged):
    """Readers of files put 1 where a file says nothing; cameras give whole numbers."""
    signal = spectrum_image(noisy(gain, level=2000))
    if stored is not None:
        signal.metadata.set_item(
            "Signal.Noise_properties.Variance_linear_model.gain_factor", stored
        )
    found = measure(signal)
    assert found.camera.gain_source == "noise"
    assert found.gain == pytest.approx(gain, rel=0.25)
    (text,) = {each for each in logged.messages if "the noise of the spectra shows" in each}
    assert text.startswith("Whole numbers suggest" if stored is None else "The metadata give")
    assert "a gain of 1, but" in text and f"{plain(found.gain)} counts per electron" in text
    with gathered() as notes:
        measure(signal)
    (brief,) = {note.brief for note in notes if note.brief}
    assert brief.startswith("Gain: ") and "estimated from the noise" in brief
    assert ("the metadata say 1" in brief) == (stored is not None)
    given = measure(signal, gain=1.0)
    assert (given.gain, given.camera.gain_source) == (1.0, "given")


@pytest.mark.parametrize("stored", [1.0, None])
@pytest.mark.parametrize(("gain", "side"), [(1, 2), (1, 3), (1, 8), (5, 2), (5, 3), (5, 10)])
def test_a_wrong_gain_of_few_pixels_is_found_or_doubted(gain, side, stored):
    """Whatever the number of pixels: the gain is right, or it is said that it may not be."""
    signal = spectrum_image(noisy(gain, level=2000)[:side, :side])
    if stored is not None:
        signal.metadata.set_item(
            "Signal.Noise_properties.Variance_linear_model.gain_factor", stored
        )
    with gathered() as notes:
        found = measure(signal)
    doubts = [note.text for note in notes if "cannot confirm it" in note.text]
    if found.gain == pytest.approx(gain, rel=0.3):
        assert len(doubts) == (gain == 1 and side == 2)
    else:
        assert side < 10 and len(doubts) == 1
        assert ("(metadata)" if stored else "(integer counts)") in doubts[0]
    if side >= 8:
        assert found.gain == pytest.approx(gain, rel=0.3)


def test_a_gain_that_cannot_be_checked_is_said_with_the_remedy():
    signal = spectrum_image(noisy(5, level=2000)[:1, :1])
    with gathered() as notes:
        assert measure(signal).gain == 1
        assert measure(signal, gain=5).gain == 5
    [note] = [each for each in notes if "The gain is taken" in each.text]
    assert "suggests" not in note.text  # one pixel has no noise
    assert "pass the `gain` that was found for the whole scan" in note.text
    assert verdicts_of(["Ti_L3"], [note])[0].words == ["noise level is a guess"]


@pytest.mark.parametrize("given", [0.2, 1.0, 2.0, 3.5, 5.0, 8.0, 12.0, 50.0])
@pytest.mark.parametrize("whole", [True, False])
def test_a_gain_that_the_noise_contradicts_is_used_and_doubted(given, whole):
    data = noisy(5, level=2000)
    with gathered() as notes:
        found = measure(spectrum_image(data if whole else data.astype(float) + 0.25), gain=given)
    assert (found.gain, found.camera.gain_source) == (given, "given")
    doubts = [note for note in notes if note.kind == "wrong gain"]
    assert bool(doubts) == (not 2.5 < given < 10)
    for note in doubts:
        assert f"to be {plain(given)} counts per electron (given), but" in note.text
        assert note.text.endswith("Keep `gain` only if it is known.")
    if doubts:
        [verdict] = verdicts_of(found.maps.names, doubts)
        assert verdict.words == ["doubtful gain"]


def test_gain_of_fractions_is_estimated_with_a_warning(logged):
    found = measure(spectrum_image(noisy(0.37)))
    assert found.camera.gain_source == "estimated"
    assert found.gain == pytest.approx(0.37, rel=0.25)
    given = measure(spectrum_image(noisy(0.37)), gain=0.37).maps.counts * 0.37
    np.testing.assert_allclose(found.maps.counts * found.gain, given, rtol=1e-9)
    halves = found.maps.split(0.5, np.random.default_rng(0))
    assert all(half.are_integers for half in halves)
    whole = sum(half.counts for half in halves)
    assert np.abs(whole - found.maps.counts).max() < 1
    assert "the gain is estimated" in logged.text


def test_whole_counts_are_reported_as_electrons(logged):
    measure(spectrum_image(noisy(1.0)))
    assert "taken to be one electron" in logged.text


@pytest.mark.parametrize(
    ("gain", "error"), [(0, ValueError), (-1, ValueError), (np.inf, ValueError), ("2", TypeError)]
)
def test_bad_gain(gain, error):
    with pytest.raises(error, match="gain"):
        measure(flat(), gain=gain)


def test_fractions_without_noise():
    with pytest.raises(ValueError, match="or pass `gain`"):
        measure(spectrum_image(np.full((6, 7, SIZE), 50.5)))
