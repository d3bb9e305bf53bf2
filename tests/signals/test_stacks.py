"""Stacks of spectrum images: tilt series, time series, frames."""

import hyperspy.api as hs
import numpy as np
import pytest
from hyperspy.signal import BaseSignal
from hyperspy.signals import Signal2D

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.data import core_shell

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}
COARSE = {"channels": 420, "channel_width": 0.02}


@pytest.fixture(scope="module")
def frames():
    return [core_shell((24, 32), counts=10, seed=seed, **COARSE) for seed in range(3)]


@pytest.fixture(scope="module")
def stack(frames):
    """Spectra of dimensions (x, y, t|E)."""
    found = hs.stack([each.signal for each in frames], new_axis_name="t")
    found = found.rollaxis("t", found.axes_manager.navigation_axes[-1].name)
    manager = found.axes_manager
    assert manager.navigation_shape[-1] == 3, manager
    return found


@pytest.fixture(scope="module")
def fused(frames, stack):
    """Maps of the stack, each slice with its own HAADF."""
    return arrays(stack.multimodal_fusion(haadf_stack(frames), **GIVEN))


@pytest.fixture(scope="module")
def fused_by_first(frames, stack):
    """Maps of the stack, all slices with the first HAADF."""
    return arrays(stack.multimodal_fusion(frames[0].haadf, **GIVEN))


def arrays(maps):
    return np.stack([each.data for each in maps])


def one_by_one(frames, **options):
    return np.stack(
        [
            arrays(each.signal.multimodal_fusion(each.haadf, **{**GIVEN, **options}))
            for each in frames
        ],
        axis=1,
    )


def haadf_stack(frames):
    return np.stack([each.haadf.data for each in frames])


def test_each_slice_is_fused_with_its_own_haadf(frames, stack, fused):
    np.testing.assert_array_equal(fused, one_by_one(frames))
    images = haadf_stack(frames)
    for haadf in (Signal2D(images), BaseSignal(images).transpose(navigation_axes=3)):
        maps = stack.multimodal_fusion(haadf, **GIVEN)
        np.testing.assert_array_equal(arrays(maps), fused)
    for found, line in zip(maps, ["Co_Ka", "O_Ka", "S_Ka"], strict=True):
        assert found.axes_manager.navigation_shape == (32, 24, 3)
        assert found.axes_manager.signal_shape == ()
        names = [axis.name for axis in stack.axes_manager.navigation_axes]
        assert [axis.name for axis in found.axes_manager.navigation_axes] == names
        assert found.metadata.Sample.xray_lines == [line]
        assert len(found.metadata.Multimodal_fusion.iterations) == 3
        assert found.metadata.Multimodal_fusion.gamma == 1


def test_one_haadf_may_serve_all_slices(frames, fused_by_first):
    haadf = frames[0].haadf
    expected = np.stack(
        [arrays(each.signal.multimodal_fusion(haadf, **GIVEN)) for each in frames], axis=1
    )
    np.testing.assert_array_equal(fused_by_first, expected)


def test_lazy_stacks_give_the_same(frames, stack, fused_by_first):
    found = stack.as_lazy().multimodal_fusion(frames[0].haadf, **GIVEN)
    assert all(each._lazy for each in found)
    computed = compute_maps(found)
    np.testing.assert_allclose(arrays(computed), fused_by_first, atol=1e-5)
    _, output = stack.as_lazy().multimodal_fusion(
        frames[0].haadf, map_method="windows", full_output=True, **GIVEN
    )
    assert len(compute_maps(output["raw_maps"])) == len(computed)
    node = computed[0].metadata.Multimodal_fusion
    assert isinstance(node.r_squared, float) or len(node.r_squared) == len(frames)
    with pytest.raises(ValueError, match="lazy_output=False"):
        stack.as_lazy().multimodal_fusion(frames[0].haadf, slices="shared", **GIVEN)


@pytest.mark.slow
def test_parameters_are_chosen_for_each_or_shared(frames, stack):
    options = {"gamma": "auto", "show_progressbar": False, "full_output": True}
    options["regulariser"] = "tv"  # fewer settings to try
    _, output = stack.multimodal_fusion(haadf_stack(frames), **options)
    assert [len(each["selection"]) > 0 for each in output["slices"]] == [True] * 3
    maps, output = stack.multimodal_fusion(haadf_stack(frames), slices="shared", **options)
    assert [each["lambdas_chosen"] for each in output["slices"]] == [False, True, False]
    names = "gamma", "lambda_1", "lambda_2", "regularisers", "haadf_blur", "uses_brightness"
    for name in names:
        first, *others = (each[name] for each in output["slices"])
        assert all(other == first for other in others), name
    assert arrays(output["raw_maps"]).shape == arrays(maps).shape == (3, 3, 24, 32)


def test_maps_survive_saving(frames, stack, tmp_path):
    two = stack.inav[..., :2].deepcopy()
    two.set_elements(["Co"])
    two.set_lines(["Co_Ka"])
    given = {**GIVEN, "map_method": "windows", "uncertainty": True}
    found = two.multimodal_fusion(haadf_stack(frames)[:2], **given)[0]
    assert found.metadata.Multimodal_fusion.standard_deviation.shape == (2, 24, 32)
    found.save(tmp_path / "map.hspy")
    loaded = hs.load(tmp_path / "map.hspy")
    np.testing.assert_array_equal(loaded.data, found.data)
    assert loaded.axes_manager.navigation_shape == (32, 24, 2)


def test_wrong_stacks_are_refused(frames, stack):
    with pytest.raises(ValueError, match="a stack of one for each"):
        stack.multimodal_fusion(haadf_stack(frames)[:2], **GIVEN)
    with pytest.raises(ValueError, match="slices must be"):
        stack.multimodal_fusion(haadf_stack(frames), slices="all", **GIVEN)
    with pytest.raises(TypeError, match="haadf must be a HAADF image"):
        stack.multimodal_fusion(None, **GIVEN)


def test_input_is_not_modified(frames, stack):
    data, images = stack.data.copy(), haadf_stack(frames)
    before = images.copy()
    stack.multimodal_fusion(images, **GIVEN)
    np.testing.assert_array_equal(stack.data, data)
    np.testing.assert_array_equal(images, before)


def test_haadfs_and_masks_may_be_one_a_slice(frames, stack, fused):
    images = [each.haadf for each in frames]
    np.testing.assert_array_equal(arrays(stack.multimodal_fusion(images, **GIVEN)), fused)
    with pytest.raises(ValueError, match="a list of 1 images"):
        stack.multimodal_fusion(images[:1], **GIVEN)
    masks = np.zeros(stack.data.shape[:-1], bool)
    masks[0, 4] = True
    found = arrays(stack.multimodal_fusion(haadf_stack(frames), navigation_mask=masks, **GIVEN))
    np.testing.assert_array_equal(found[:, 1:], fused[:, 1:])
    assert np.abs(found[:, 0] - fused[:, 0]).max() > 0
