"""Lazy in, lazy out: nothing is read before maps are computed, and then as seldom as can be."""

import pickle

import dask
import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from slow_repeats import alternating, slow

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.lazy import map_blocks_of

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}
CHUNKS = {
    "thin slabs": (1, -1, -1),
    "spectral": (-1, -1, 100),
    "one": (-1, -1, -1),
    "odd": (13, 17, 300),
    "columns": (-1, 5, -1),
}


@pytest.fixture(scope="module")
def specimen():
    return core_shell((40, 48), counts=5)


class Source:
    """An array that counts how often each block of it is read."""

    def __init__(self, data, broken=None):
        self.data, self.broken, self.reads = data, broken, []
        self.shape, self.dtype, self.ndim = data.shape, data.dtype, data.ndim

    def __getitem__(self, key):
        place = tuple(part.start or 0 for part in key)
        self.reads.append(place)
        if place == self.broken:
            raise OSError("checksum does not match")
        return self.data[key]


def counting(specimen, chunks, broken=None):
    signal = specimen.signal.as_lazy()
    source = Source(specimen.signal.data, broken)
    meta = np.array((), source.dtype)
    signal.data = da.from_array(source, chunks=chunks, asarray=False, meta=meta)
    source.reads.clear()
    return signal, source


def arrays(maps):
    return np.stack([np.asarray(each.data) for each in maps])


@alternating(method=["windows", "fit"], form=list(CHUNKS))
def test_spectra_are_read_once_or_twice_and_not_before(specimen, by_method, form, method):
    signal, source = counting(specimen, CHUNKS[form])
    lazy = signal.multimodal_fusion(specimen.haadf, map_method=method, **GIVEN)
    assert not source.reads
    assert all(each._lazy and isinstance(each.data, da.Array) for each in lazy)
    maps = compute_maps(lazy)
    times = {"windows": 1, "fit": 2}[method]
    assert len(source.reads) == times * signal.data.npartitions
    assert len(set(source.reads)) == signal.data.npartitions
    np.testing.assert_allclose(arrays(maps), arrays(by_method[method]), atol=3e-4)


@pytest.mark.parametrize(
    ("method", "regulariser"),
    [("fit", "directional"), pytest.param("windows", "tv", marks=pytest.mark.slow)],
)
def test_automatic_choice_and_all_outputs(method, regulariser):
    specimen = core_shell((20, 24), counts=5)
    options = {**GIVEN, "lambdas": "auto", "seed": 3, "uncertainty": True}
    options |= {"map_method": method, "regulariser": regulariser}
    signal, _ = counting(specimen, (13, -1, -1))
    lazy, output = signal.multimodal_fusion(specimen.haadf, full_output=True, **options)
    expected, known = specimen.signal.multimodal_fusion(specimen.haadf, full_output=True, **options)
    images = ("haadf", "modelled_haadf", "haadf_residual")
    lists = ("raw_maps", "standard_deviations")
    of_lazy, of_eager = (
        [
            *(each[name] for name in images),
            *(m for name in lists for m in each[name]),
            *each["draws"][-1],
        ]
        for each in (output, known)
    )
    assert all(each._lazy for each in of_lazy)
    computed = compute_maps([*lazy, *of_lazy])
    maps, others = computed[: len(lazy)], computed[len(lazy) :]
    # Rounding may end a fusion one record earlier, within its tolerance.
    np.testing.assert_allclose(arrays(maps), arrays(expected), rtol=1e-3, atol=5e-3)
    for one, other in zip(maps, expected, strict=True):
        mine, theirs = (each.metadata.Multimodal_fusion.as_dictionary() for each in (one, other))
        assert set(mine) == set(theirs)
        np.testing.assert_allclose(
            mine["standard_deviation"], theirs["standard_deviation"], rtol=1e-3, atol=0.05
        )
    numbers = output["record"].compute()
    assert numbers["seed"] == 3 and len(numbers["selection"]) == len(known["selection"])
    assert output["raw_maps"][0].data.dtype == known["raw_maps"][0].data.dtype
    assert len(output["draws"]) == len(known["draws"])
    for one, other in zip(others, of_eager, strict=True):
        np.testing.assert_allclose(one.data, other.data, rtol=1e-3, atol=0.05)
        assert one.metadata.General.title == other.metadata.General.title


def test_computed_maps_are_those_of_a_signal_in_memory(specimen, eager):
    lazy = specimen.signal.as_lazy().multimodal_fusion(specimen.haadf, **GIVEN)
    for found, native in zip(compute_maps(lazy), eager, strict=True):
        assert type(found) is type(native)
        assert found.axes_manager.as_dictionary() == native.axes_manager.as_dictionary()
        assert found.data.dtype == native.data.dtype
        mine, theirs = (each.metadata.as_dictionary() for each in (found, native))
        nodes = [each.pop("Multimodal_fusion") for each in (mine, theirs)]
        assert mine == theirs
        assert set(nodes[0]) == set(nodes[1])
        assert nodes[0]["weights"] == pytest.approx(nodes[1]["weights"], rel=1e-4)
        assert nodes[0]["iterations"] == nodes[1]["iterations"]
    assert all(each._lazy for each in lazy)


def test_a_lazy_record_holds_what_was_given(specimen):
    lazy = specimen.signal.as_lazy().multimodal_fusion(specimen.haadf, **GIVEN)
    node = lazy[0].metadata.Multimodal_fusion
    assert (node.gamma, node.lambdas) == (1, (0.01, 0.02))
    assert node.xray_lines == ["Co_Ka", "O_Ka", "S_Ka"]


def test_one_map_computes_as_any_lazy_signal(specimen, eager):
    lazy = specimen.signal.as_lazy().multimodal_fusion(specimen.haadf, **GIVEN)
    one = lazy[1]
    part = one.inav[3:9, 2:4]
    one.compute(show_progressbar=False)
    np.testing.assert_allclose(one.data, eager[1].data, atol=3e-4)
    np.testing.assert_allclose(np.asarray(part.data), eager[1].data[2:4, 3:9], atol=3e-4)


def test_maps_are_fused_once_for_all(specimen, monkeypatch):
    from hyperspy_multimodal.signals import lazy_signals as lazy_maps

    calls = []

    def counted(*args, **kwargs):
        calls.append(1)
        return fuse_reading(*args, **kwargs)

    fuse_reading = lazy_maps.fuse_reading
    monkeypatch.setattr(lazy_maps, "fuse_reading", counted)
    lazy = specimen.signal.as_lazy().multimodal_fusion(specimen.haadf, **GIVEN)
    compute_maps(lazy)
    assert len(calls) == 1
    kept = dask.persist(*[each.data for each in lazy])
    for each in kept:
        each.compute()
    assert len(calls) == 2


def test_eager_signals_can_give_lazy_maps(specimen, eager):
    lazy = specimen.signal.multimodal_fusion(specimen.haadf, lazy_output=True, **GIVEN)
    assert all(each._lazy for each in lazy)
    np.testing.assert_allclose(arrays(compute_maps(lazy)), arrays(eager), atol=3e-4)
    with pytest.raises(TypeError, match="lazy_output must be"):
        specimen.signal.multimodal_fusion(specimen.haadf, lazy_output="yes", **GIVEN)


@pytest.mark.parametrize("extension", ["hspy", "zspy"])
def test_lazy_maps_are_saved_and_loaded_signals_fused(specimen, eager, tmp_path, extension):
    source, target = tmp_path / f"scan.{extension}", tmp_path / f"co.{extension}"
    specimen.signal.save(source)
    lazy = hs.load(source, lazy=True).multimodal_fusion(specimen.haadf, **GIVEN)
    lazy[0].save(target)
    found = hs.load(target)
    np.testing.assert_allclose(found.data, eager[0].data, atol=3e-4)
    assert found.metadata.Multimodal_fusion.gamma == 1
    assert found.metadata.Sample.xray_lines == ["Co_Ka"]


def test_a_block_that_cannot_be_read_is_named(specimen):
    signal, _ = counting(specimen, (20, 16, 512), broken=(20, 32, 512))
    for method in ("fit", "windows"):
        lazy = signal.multimodal_fusion(specimen.haadf, map_method=method, **GIVEN)
        where = "rows 20 to 39, columns 32 to 47, channels 512 to 1023, cannot be read: checksum"
        with pytest.raises(OSError, match=where):
            compute_maps(lazy)
    # and what was there is as it was
    assert signal._lazy and signal.data.shape == specimen.signal.data.shape


def test_a_calculation_before_may_fail_too(specimen):
    signal, _ = counting(specimen, (20, 16, 512), broken=(0, 16, 0))
    signal.data = signal.data.astype("uint32").rechunk((20, 48, 512))
    lazy = signal.multimodal_fusion(specimen.haadf, **GIVEN)
    with pytest.raises(OSError, match="checksum"):
        compute_maps(lazy)


def test_the_graph_is_small_and_can_be_sent(specimen):
    signal = type(specimen.signal.as_lazy())(
        da.zeros((512, 512, 1024), chunks=(64, 64, 1024), dtype="uint8"),
        metadata=specimen.signal.metadata.as_dictionary(),
    )
    energy = signal.axes_manager.signal_axes[0]
    energy.scale, energy.units = 0.01, "keV"
    haadf = np.add.outer(np.arange(512.0), np.arange(512.0))
    lazy = signal.multimodal_fusion(haadf, **GIVEN)
    graph = dict(lazy[0].data.__dask_graph__())
    size = len(pickle.dumps(graph))
    assert size < 3 * haadf.nbytes + 1e6  # nothing but the HAADF is large in it


@pytest.mark.parametrize("given", [[3], None, "maps", ([], {})])
def test_compute_maps_refuses_other_things(given):
    with pytest.raises(TypeError, match="maps must be a list of signals"):
        compute_maps(given)


def test_computed_and_cut_maps_are_left_as_they_are(specimen, eager):
    signal, source = counting(specimen, (20, -1, -1))
    lazy = signal.multimodal_fusion(specimen.haadf, **GIVEN)
    one, two = compute_maps([eager[0], lazy[0].inav[2:5]])
    np.testing.assert_array_equal(one.data, eager[0].data)
    assert two.data.shape == (40, 3)
    lazy[1].compute(show_progressbar=False)
    source.reads.clear()
    compute_maps(lazy[1])
    assert not source.reads


@pytest.mark.parametrize(("value", "words"), [(np.nan, "NaN or infinity"), (-500, "negative")])
@pytest.mark.parametrize("method", ["fit", "windows"])
def test_bad_counts_are_refused_when_computed(specimen, value, words, method):
    signal = specimen.signal.deepcopy()
    signal.change_dtype("float32")
    signal.data[3, 4, 690:700] = value
    lazy = signal.as_lazy().multimodal_fusion(specimen.haadf, map_method=method, **GIVEN)
    with pytest.raises(ValueError, match=words):
        compute_maps(lazy)


def test_counts_beyond_float32_stay_exact(specimen):
    signal = specimen.signal.deepcopy()
    signal.data = signal.data.astype(np.int64) * 10**8 + 1
    options = {**GIVEN, "map_method": "windows", "full_output": True}
    _, lazy = signal.as_lazy().multimodal_fusion(specimen.haadf, **options)
    _, eager = signal.multimodal_fusion(specimen.haadf, **options)
    for one, other in zip(compute_maps(lazy["raw_maps"]), eager["raw_maps"], strict=True):
        np.testing.assert_array_equal(one.data, other.data)


def test_blocks_of_large_maps_are_in_place():
    array = np.arange(2 * 1500 * 2100, dtype=np.float64).reshape(2, 1500, 2100)
    maps = map_blocks_of(dask.delayed(array), np.asarray, 2, (1500, 2100))
    assert maps[0].numblocks == (2, 3)
    for one, other in zip(maps, array, strict=True):
        np.testing.assert_array_equal(one.compute(), other)


@pytest.mark.parametrize("names", [slow("sieve"), ["sieve", "directional", "smooth"], "tgv"])
def test_sieves_of_lazy_signals_are_those_of_signals(specimen, names):
    signal, _ = counting(specimen, CHUNKS["odd"])
    given = GIVEN | {"lambdas": (0.01, 0.02), "regulariser": names}
    lazy = compute_maps(signal.multimodal_fusion(specimen.haadf, **given))
    eager = specimen.signal.multimodal_fusion(specimen.haadf, **given)
    # blocks of spectra are added up in another order, for which steps differ
    np.testing.assert_allclose(arrays(lazy), arrays(eager), atol=1e-3 * arrays(eager).max())
    assert lazy[0].metadata.Multimodal_fusion.regulariser == names
