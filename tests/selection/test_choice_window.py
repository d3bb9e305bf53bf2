"""The part of a large scan on which parameters are chosen."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.masked_maps import MaskedMaps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.eds.xray_windows import plan_windows
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.selection import CroppedModels, GuidedModels, part_to_choose_on


class Maps:
    def __init__(self, net):
        self.net = net


def test_small_scans_are_taken_whole():
    assert part_to_choose_on(Maps(np.zeros((2, 512, 700)))) is None
    assert part_to_choose_on(Maps(np.zeros((2, 3, 3)))) is None


@pytest.mark.parametrize("shape", [(700, 900), (4096, 130), (513, 1024), (1100, 1100)])
def test_the_window_is_where_the_structure_is(shape):
    ny, nx = shape
    net = np.random.default_rng(0).normal(size=(2, *shape)) * 0.1
    top, left = max(ny - 300, 0), max(nx - 300, 0)
    net[0, top : top + 150 : 40, left:] += 5
    rows, cols = part_to_choose_on(Maps(net))
    assert rows.stop - rows.start == min(512, ny) and cols.stop - cols.start == min(512, nx)
    assert 0 <= rows.start and rows.stop <= ny and 0 <= cols.start and cols.stop <= nx
    assert rows.start <= top and cols.start <= left
    assert rows.stop >= min(top + 150, ny) and cols.stop >= nx - 1


def test_units_of_the_maps_do_not_matter():
    rng = np.random.default_rng(1)
    net = rng.poisson(np.add.outer(np.arange(800) / 100, np.arange(900) / 100), (3, 800, 900))
    scale = np.array([1, 1e3, 1e-3])[:, None, None]
    assert part_to_choose_on(Maps(net)) == part_to_choose_on(Maps(net * scale))


@pytest.fixture(scope="module")
def specimen():
    return core_shell((40, 48), counts=5)


@pytest.mark.parametrize("method", ["fit", "windows", "masked"])
def test_cropped_maps_are_parts_of_the_whole(specimen, method):
    if method == "windows":
        plan = plan_windows(specimen.signal, None, 2.0, "auto")
    else:
        plan = plan_fit(specimen.signal, None, 2.0, None)
    maps = read_now(specimen.signal, plan, 2).maps
    if method == "masked":
        mask = np.zeros((40, 48), bool)
        mask[6:9] = True
        maps = MaskedMaps(maps, mask)
    part = slice(5, 30), slice(8, 40)
    cropped = maps.cropped(*part)
    np.testing.assert_allclose(
        cropped.counts[:, 6:], maps.counts[(slice(None), *part)][:, 6:], atol=0.5
    )
    there = slice(None) if method != "masked" else ~maps.mask[part]
    for name in ("net", "net_variance"):
        np.testing.assert_array_equal(
            getattr(cropped, name)[:, there], getattr(maps, name)[(slice(None), *part)][:, there]
        )
    assert all(half.net.shape == (3, 25, 32) for pair in cropped.halves(2, 0) for half in pair)


def test_cropped_models_are_parts_of_the_whole(specimen):
    from hyperspy_multimodal.selection.haadf_model import HaadfModel

    model = HaadfModel(np.ones(1), np.ones(1), 0.0, 1.0, 1.0, 0.9)
    whole = GuidedModels(specimen.haadf.data / 4e4, [model])
    rows, cols = slice(3, 20), slice(10, 44)
    part = CroppedModels(whole, rows, cols)
    np.testing.assert_array_equal(part.matched(model), whole.matched(model)[rows, cols])
    for mine, theirs in zip(part.directions(model), whole.directions(model), strict=True):
        np.testing.assert_array_equal(mine, theirs[rows, cols])
    assert part.first is model


@pytest.mark.slow
def test_fusion_of_a_large_scan_chooses_on_a_part(specimen, monkeypatch):
    from hyperspy_multimodal.selection import choice_window as module

    options = {"gamma": 1, "show_progressbar": False, "full_output": True}
    whole, known = specimen.signal.multimodal_fusion(specimen.haadf, **options)
    assert known["chosen_on"] is None
    monkeypatch.setattr(module, "SIDE", 32)
    monkeypatch.setattr(module, "_LARGE", 1024)
    found, output = specimen.signal.multimodal_fusion(specimen.haadf, **options)
    (top, bottom), (left, right) = output["chosen_on"]
    assert (bottom - top, right - left) == (32, 32)
    assert found[0].data.shape == (40, 48)
    for each, other in zip(found, whole, strict=True):
        assert each.data.sum() == pytest.approx(other.data.sum(), rel=1e-3)
        assert each.metadata.Multimodal_fusion.chosen_on == output["chosen_on"]
