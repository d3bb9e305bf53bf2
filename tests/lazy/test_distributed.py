"""The same graph on workers of their own processes."""

import multiprocessing
import os
from multiprocessing import forkserver

import dask
import numba
import numpy as np
import pytest

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.threads import threads_for

distributed = pytest.importorskip("distributed", reason="Dask's distributed is not installed")

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}


@pytest.fixture(scope="module")
def started_by():
    """How workers start: where the system can, a server imports what they need once for all."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return "spawn"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["distributed", "hyperspy_multimodal.data"])
    forkserver.ensure_running()
    return "forkserver"


@pytest.fixture(scope="module")
def client(started_by):
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": started_by}),
        distributed.LocalCluster(processes=True, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def specimen():
    return core_shell((24, 28), counts=5)


def lazy_maps(specimen, **options):
    signal = specimen.signal.as_lazy()
    signal.data = signal.data.rechunk((7, -1, -1))
    return signal.multimodal_fusion(specimen.haadf, **{**GIVEN, **options})


def arrays(maps):
    return np.stack([each.data for each in maps])


@pytest.mark.parametrize("method", ["fit", "windows"])
def test_workers_give_the_eager_result(client, specimen, by_method, method):
    found = compute_maps(lazy_maps(specimen, map_method=method))
    np.testing.assert_allclose(arrays(found), arrays(by_method[method]), atol=3e-4)
    assert found[0].metadata.Multimodal_fusion.converged


def test_tasks_have_names_that_say_what_they_do(client, specimen):
    from dask.utils import key_split

    lazy = lazy_maps(specimen)
    names = {key_split(key) for key in dict(lazy[0].data.__dask_graph__())}
    wanted = {"read-block", "read-spectra", "combine-spectra", "project-spectra", "element-maps"}
    assert wanted | {"fuse-maps", "map"} <= names


def test_a_worker_that_dies_changes_nothing(client, specimen, eager, tmp_path):
    dead = tmp_path / "dead"

    def dies_once(block, block_info):
        if block_info[0]["chunk-location"][0] == 2:
            try:
                dead.touch(exist_ok=False)
            except FileExistsError:
                return block
            os._exit(1)
        return block

    signal = specimen.signal.as_lazy()
    signal.data = signal.data.rechunk((5, -1, -1)).map_blocks(
        dies_once, dtype=signal.data.dtype, meta=np.array((), signal.data.dtype)
    )
    lazy = signal.multimodal_fusion(specimen.haadf, **GIVEN)
    before = client.run(os.getpid)
    found = compute_maps(lazy)
    client.wait_for_workers(2)
    assert dead.exists()
    assert set(client.run(os.getpid).values()) != set(before.values())
    np.testing.assert_allclose(arrays(found), arrays(eager), atol=3e-4)


def test_a_worker_uses_no_more_threads_than_it_has(client):
    def threads():
        with threads_for(10**9):
            return numba.get_num_threads()

    assert client.submit(threads, pure=False).result() == 1


def test_maps_are_stored_by_the_workers(client, specimen, eager, tmp_path):
    import zarr

    lazy = lazy_maps(specimen)
    target = tmp_path / "co.zspy"
    lazy[0].save(target)
    stored = zarr.open(str(target), mode="r")
    [name] = stored["Experiments"].group_keys()
    np.testing.assert_allclose(stored["Experiments"][name]["data"][:], eager[0].data, atol=3e-4)
