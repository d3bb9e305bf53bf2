"""Published scans are what was published, downloaded once, and errors say what to do."""

import functools
import hashlib
import http.server
import threading
from dataclasses import replace

import h5py
import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import _published as published
from hyperspy_multimodal.data import co3o4_mn3o4, dysco3

MADE_UP = replace(published._DYSCO3, title="Made up", shape=(6, 8), file="made_up.npz")


@pytest.fixture
def images():
    rng = np.random.default_rng(3)
    return {name: rng.uniform(size=(6, 8)) for name in ("HAADF", "Sc", "Dy", "O")}


@pytest.fixture
def site(tmp_path, images, monkeypatch):
    """A server of one file on this machine; returns the folder it serves, and what was asked."""
    folder = tmp_path / "site" / "commit"
    folder.mkdir(parents=True)
    np.savez(folder / "made_up.npz", **images)
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            asked.append(self.path)

    handler = functools.partial(Handler, directory=folder.parent)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(published, "_REPOSITORY", f"http://127.0.0.1:{server.server_port}")
    yield folder, asked
    server.shutdown()
    server.server_close()
    thread.join()


def checksum(images):
    return hashlib.sha256(b"".join(each.tobytes() for each in images.values())).hexdigest()


def made_up(images, **changed):
    return replace(MADE_UP, **{"commit": "commit", "contents": checksum(images), **changed})


def test_a_scan_is_downloaded_once(site, images, tmp_path):
    _, asked = site
    for _ in range(2):
        scan = published._load(made_up(images), None, tmp_path / "cache", None)
        np.testing.assert_array_equal(scan.haadf.data, images["HAADF"])
        assert list(scan.maps) == ["Sc", "Dy", "O"]
        for name, each in scan.maps.items():
            np.testing.assert_array_equal(each.data, images[name])
            assert each.metadata.Sample.elements == [name]
            assert each.metadata.General.doi == "10.69761/MXVR4353"
    assert asked == ["/commit/made_up.npz"]


def test_other_images_are_refused_and_not_kept(site, images, tmp_path):
    _, asked = site
    for _ in range(2):
        with pytest.raises(ValueError, match="its images have other values"):
            published._load(made_up(images, contents="0" * 64), None, tmp_path / "cache", None)
    assert len(asked) == 2


def test_a_damaged_download_is_not_kept_but_a_file_put_there_by_hand_is(site, images, tmp_path):
    folder, asked = site
    cache, whole = tmp_path / "cache", (folder / "made_up.npz").read_bytes()
    middle = len(whole) // 2
    for damaged in (whole[:-40], whole[:middle] + b"xxxx" + whole[middle + 4 :]):
        (folder / "made_up.npz").write_bytes(damaged)
        with pytest.raises(ValueError, match="cannot be read"):
            published._load(made_up(images), None, cache, None)
        assert not list(cache.iterdir())
    (cache / "made_up.npz").write_bytes(damaged)
    with pytest.raises(ValueError, match=r"cannot be read.*Remove it to download"):
        published._load(made_up(images), None, cache, None)
    assert (cache / "made_up.npz").read_bytes() == damaged
    assert len(asked) == 2


def test_an_unknown_checksum_is_told(site, images, tmp_path, caplog):
    with caplog.at_level("INFO", "hyperspy_multimodal"):
        published._load(made_up(images, contents=None), None, tmp_path / "cache", None)
    assert checksum(images) in caplog.text


def test_without_a_network_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(published, "_REPOSITORY", "http://127.0.0.1:9")  # where nothing listens
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9.*made_up\.npz.*pass path=, or put it into"):
        published._load(MADE_UP, None, tmp_path, None)
    with pytest.raises(FileNotFoundError, match="There is no file"):
        dysco3(path=tmp_path / "none.npz")


def test_the_cache_is_where_the_environment_says(site, images, tmp_path, monkeypatch):
    monkeypatch.setenv("HYPERSPY_MULTIMODAL_DATA", str(tmp_path / "elsewhere"))
    published._load(made_up(images), None, None, None)
    assert [each.name for each in (tmp_path / "elsewhere").rglob("*.npz")] == ["made_up.npz"]


def test_what_is_in_a_file_is_checked(tmp_path, images):
    path = tmp_path / "scan.npz"
    for changed, message in [
        ({"O": images["O"][:5]}, r"O has the shape \(5, 8\), not \(6, 8\)"),
        ({"Dy": np.ones((6, 8))}, "Dy is constant"),
        ({"Sc": np.full((6, 8), np.nan)}, "Sc is constant or not finite"),
    ]:
        np.savez(path, **{**images, **changed})
        with pytest.raises(ValueError, match=message):
            published._load(MADE_UP, path, None, None)
    np.savez(path, HAADF=images["HAADF"])
    with pytest.raises(ValueError, match="contains HAADF, but not Sc, Dy, O"):
        published._load(MADE_UP, path, None, None)
    damaged = path.read_bytes()[:-30]
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="cannot be read"):
        published._load(MADE_UP, path, None, None)
    path.write_bytes(b"no file of arrays")
    with pytest.raises(ValueError, match="cannot be read"):
        published._load(MADE_UP, path, None, None)


def test_co3o4_mn3o4_is_read_from_hdf5(tmp_path, images):
    names = {"HAADF": "HAADF", "Co": "Sc", "Mn": "Dy", "O": "O"}
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w") as file:
        for name, source in names.items():
            file[name] = images[source].astype(np.float32)
    scan = co3o4_mn3o4(path=path)
    assert list(scan.maps) == ["Co", "Mn", "O"]
    np.testing.assert_allclose(scan.maps["Mn"].data, images["Dy"], rtol=1e-6)


def test_dysco3_is_fused(shared_data):
    path = shared_data / "DyScO3_EDS.npz"
    scan = dysco3(path=path)
    metals = {name: scan.maps[name].isig[:48, :48] for name in ("Sc", "Dy")}
    haadf = scan.haadf.isig[:48, :48]
    maps = fuse_maps(metals, haadf, gamma=1.7, lambdas=(0.01, 0.02), show_progressbar=False)
    assert [each.metadata.Sample.elements for each in maps] == [["Sc"], ["Dy"]]
    for name, each in zip(metals, maps, strict=True):
        assert each.data.sum() == pytest.approx(metals[name].data.sum(), rel=1e-3)
