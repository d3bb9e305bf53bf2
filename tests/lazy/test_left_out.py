"""What cannot come from the specimen is left out of lazy signals as of eager ones."""

import logging

import numpy as np
import pytest
from slow_repeats import slow

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.data import core_loss, core_shell

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False, "full_output": True}
CHUNKS = [slow((1, -1, -1)), slow((-1, -1, 100)), (13, 17, 90), slow((-1, 5, -1))]


@pytest.fixture(scope="module", params=[core_shell, core_loss], ids=["EDS", "EELS"])
def spoilt(request):
    specimen = request.param((40, 48), counts=20)
    signal, size = specimen.signal, specimen.signal.data.shape[-1]
    signal.data = signal.data.astype("u4")
    signal.data[..., size - 2 :] = 0
    signal.data[..., 140] = 0
    signal.data[11, 17] = 5000
    signal.data[3, 4, 150:152] = 9000
    return specimen


@pytest.fixture(scope="module", params=["fit", "windows"])
def eager(request, spoilt):
    options = {**GIVEN, "map_method": request.param}
    return options, *spoilt.signal.multimodal_fusion(spoilt.haadf, **options)


def arrays(maps):
    return np.stack([np.asarray(each.data) for each in maps])


@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
def test_lazy_maps_leave_out_the_same(chunks, spoilt, eager):
    options, maps, output = eager
    signal = spoilt.signal.as_lazy()
    signal.data = signal.data.rechunk(chunks)
    lazy, of_lazy = signal.multimodal_fusion(spoilt.haadf, **options)
    found = compute_maps([*lazy, *of_lazy["raw_maps"]])
    np.testing.assert_allclose(arrays(found[: len(maps)]), arrays(maps), atol=3e-3)
    raw = arrays(found[len(maps) :])
    np.testing.assert_allclose(raw, arrays(output["raw_maps"]), rtol=1e-4, atol=1e-3)
    node, expected = (each[0].metadata.Multimodal_fusion for each in (found, maps))
    assert node.left_out_channels == expected.left_out_channels
    assert node.left_out_positions == expected.left_out_positions
    assert [11, 17] in node.left_out_positions
    assert bool(node.left_out_channels) == (options["map_method"] == "fit")


def test_one_line_is_logged_when_it_is_computed(spoilt, caplog):
    caplog.set_level(logging.INFO, logger="hyperspy_multimodal")
    lazy, _ = spoilt.signal.as_lazy().multimodal_fusion(
        spoilt.haadf, **{**GIVEN, "map_method": "fit"}
    )
    assert "cannot come from the specimen" not in caplog.text
    compute_maps(lazy)
    assert caplog.text.count("cannot come from the specimen") == 1
