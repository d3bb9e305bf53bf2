"""Fused EDS maps keep totals, are closer to the truth, and leave the inputs as they are."""

import numpy as np
import pytest
from slow_repeats import slow

LAMBDAS = (0.01, 0.02)


def stacked(maps):
    return np.stack([m.data for m in maps])


def snr(maps, truth):
    """Signal-to-noise ratio of each map in dB."""
    power = np.square(truth).sum(axis=(1, 2))
    return 10 * np.log10(power / np.square(maps - truth).sum(axis=(1, 2)))


def axes_of(signal):
    return [axis.get_axis_dictionary() for axis in signal.axes_manager._axes]


def state(signal):
    """All that a method could change by mistake."""
    data = signal.data.compute() if signal._lazy else signal.data
    return (
        data.tobytes(),
        data.dtype,
        type(signal),
        signal.metadata.as_dictionary(),
        signal.original_metadata.as_dictionary(),
        axes_of(signal),
    )


# totals, accuracy


@pytest.mark.parametrize("lambdas", [LAMBDAS, (1e-3, 5e-2), (1.0, 0.5)])
def test_net_totals_are_kept(specimen, lambdas):
    fused, output = specimen.signal.multimodal_fusion(specimen.haadf, 1, lambdas, full_output=True)
    expected = stacked(output["raw_maps"]).sum(axis=(1, 2))
    np.testing.assert_allclose(stacked(fused).sum(axis=(1, 2), dtype=float), expected, rtol=2e-3)


def test_totals_may_be_free(specimen):
    fused = specimen.signal.multimodal_fusion(specimen.haadf, 1, (1e-3, 5e-2), keep_totals=False)
    kept = specimen.signal.multimodal_fusion(specimen.haadf, 1, (1e-3, 5e-2))
    ratio = stacked(fused).sum(axis=(1, 2)) / stacked(kept).sum(axis=(1, 2))
    assert (abs(ratio - 1) > 0.01).any()


def test_fused_maps_are_closer_to_the_truth(specimen, truth, fused, automatic):
    raw = snr(stacked(automatic[1]["raw_maps"]), truth)
    for maps in (fused, automatic[0]):
        assert stacked(maps).min() >= 0
        assert (snr(stacked(maps), truth) > raw + 4).all()
    assert automatic[1]["uses_brightness"]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("gamma", [0.2, slow(0.8), 1.7])
def test_other_exponents_denoise_too(specimen, truth, automatic, gamma):
    raw = snr(stacked(automatic[1]["raw_maps"]), truth)
    maps = specimen.signal.multimodal_fusion(specimen.haadf, gamma, LAMBDAS)
    assert (snr(stacked(maps), truth) > raw + 4).all()


def test_haadf_adds_to_total_variation(specimen, truth, fused):
    without = specimen.signal.multimodal_fusion(
        specimen.haadf, 1, LAMBDAS, weights=[0, 0, 0], background_windows="auto"
    )
    assert not without[0].metadata.Multimodal_fusion.uses_brightness
    gain = snr(stacked(fused), truth) - snr(stacked(without), truth)
    assert gain.mean() > 0.3


def test_scanning_electron_microscope(specimen, truth):
    signal = specimen.signal.deepcopy()
    signal.set_signal_type("EDS_SEM")
    signal.set_microscope_parameters(beam_energy=200.0, energy_resolution_MnKa=130.0)
    fused = signal.multimodal_fusion(specimen.haadf, 1, LAMBDAS)
    native = signal.get_lines_intensity()
    assert type(fused[0]) is type(native[0])
    assert fused[0].metadata.Signal.signal_type == native[0].metadata.Signal.signal_type
    assert (snr(stacked(fused), truth) > snr(stacked(native), truth) + 4).all()


@pytest.mark.parametrize(
    ("chunks", "lambdas"),
    [((13, 48, 1024), LAMBDAS), ((40, 48, 100), LAMBDAS), slow((13, 48, 100), "auto")],
)
def test_lazy_equals_eager(specimen, fused, automatic, lambdas, chunks):
    lazy = specimen.signal.as_lazy()
    lazy.data = lazy.data.rechunk(chunks)
    before = state(lazy)
    found = lazy.multimodal_fusion(specimen.haadf, 1, lambdas, lazy_output=False)
    expected = fused if lambdas == LAMBDAS else automatic[0]
    # float32 sums; the choice may lead to other iterations
    tolerance = 3e-4 if lambdas == LAMBDAS else 2e-2
    np.testing.assert_allclose(stacked(found), stacked(expected), atol=tolerance)
    assert axes_of(found[0]) == axes_of(expected[0])
    assert lazy._lazy
    assert state(lazy) == before


# options


def test_background_may_be_left_out_or_given(specimen):
    signal = specimen.signal
    given = [[6.2, 6.4, 7.2, 7.4], [0.3, 0.4, 0.6, 0.65], [1.9, 2.1, 2.6, 2.7]]
    for background in (None, given):
        fused, output = signal.multimodal_fusion(
            specimen.haadf,
            1,
            LAMBDAS,
            map_method="windows",
            background_windows=background,
            full_output=True,
        )
        native = signal.get_lines_intensity(background_windows=background)
        np.testing.assert_allclose(stacked(output["raw_maps"]), stacked(native), atol=1e-12)
        assert fused[0].metadata.Multimodal_fusion.background_windows == background


def test_weights_may_be_published_or_zero(specimen):
    published = specimen.signal.multimodal_fusion(specimen.haadf, 1, LAMBDAS, weights=None)
    node = published[0].metadata.Multimodal_fusion
    assert (node.weights, node.weights_fitted) == ([1, 1, 1], False)
    other = specimen.signal.multimodal_fusion(
        specimen.haadf.data[::-1],
        1,
        LAMBDAS,
        weights=[0, 0, 0],
        regulariser="isotropic",
        keep_significant=False,
    )
    same = specimen.signal.multimodal_fusion(
        specimen.haadf,
        1,
        LAMBDAS,
        weights=[0, 0, 0],
        regulariser="isotropic",
        keep_significant=False,
    )
    np.testing.assert_allclose(stacked(other), stacked(same), atol=1e-6)


def test_smoothness_may_differ_by_element(specimen):
    def roughness(lambda_2):
        maps = specimen.signal.multimodal_fusion(
            specimen.haadf, 1, (0.01, lambda_2), weights=[0, 0, 0]
        )
        return np.abs(np.diff(stacked(maps), axis=2)).sum(axis=(1, 2))

    low, mixed = roughness(0.002), roughness([0.002, 0.002, 0.05])
    np.testing.assert_allclose(mixed[:2], low[:2], rtol=0.02)
    assert mixed[2] < 0.5 * low[2]


@pytest.mark.parametrize("width", [np.float32(2), np.int64(2), 2])
def test_width_may_be_any_real_number(specimen, fused, width):
    found = specimen.signal.multimodal_fusion(specimen.haadf, 1, LAMBDAS, integration_windows=width)
    np.testing.assert_allclose(stacked(found), stacked(fused), atol=1e-3)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("show", [False, True, None])
def test_progress_is_shown_on_demand(specimen, show, lazy, capfd):
    signal = specimen.signal.as_lazy() if lazy else specimen.signal
    signal.multimodal_fusion(specimen.haadf, 1, LAMBDAS, lazy_output=False, show_progressbar=show)
    captured = capfd.readouterr()
    # None follows the preferences, which are off in these tests
    assert ("Fusing" in captured.out + captured.err) == bool(show)
    assert captured.out + captured.err == "" or show


@pytest.mark.parametrize("lambdas", [LAMBDAS, slow("auto")])
def test_inputs_are_not_modified_and_the_same_seed_gives_the_same_maps(
    specimen, fused, automatic, lambdas
):
    signal, haadf = specimen.signal.deepcopy(), specimen.haadf.deepcopy()
    before = state(signal), state(haadf)
    expected = fused if lambdas == LAMBDAS else automatic[0]
    fused = signal.multimodal_fusion(haadf, 1, lambdas)
    assert (state(signal), state(haadf)) == before
    np.testing.assert_allclose(stacked(fused), stacked(expected), atol=1e-6)
    # nor do the results share anything with them
    fused[0].metadata.Acquisition_instrument.TEM.beam_energy = 1.0
    fused[0].original_metadata.Maker.model = "Y"
    fused[0].axes_manager[0].scale = 9.0
    fused[0].data[:] = -1
    assert (state(signal), state(haadf)) == before
    assert fused[1].metadata.Acquisition_instrument.TEM.beam_energy == 200
    assert fused[1].data.min() >= 0
