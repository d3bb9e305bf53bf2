"""`save_maps`: what is written can be read back, with its scale."""

import csv

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tifffile
from matplotlib.figure import Figure

from hyperspy_multimodal import save_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.plot import panels


@pytest.fixture(scope="module")
def maps():
    found = core_shell((24, 20), counts=20).signal.get_lines_intensity()
    for each in found:
        for axis in each.axes_manager.navigation_axes:
            axis.scale = 0.25
    return found


@pytest.mark.parametrize("kind", ["hspy", ".zspy"])
def test_signals(maps, tmp_path, kind):
    paths = save_maps(maps, tmp_path / "new" / "folder", kind)
    assert [path.stem for path in paths] == ["Co_Ka", "O_Ka", "S_Ka"]
    loaded = hs.load(paths[0])
    np.testing.assert_array_equal(loaded.data, maps[0].data)
    assert loaded.metadata.Sample.xray_lines == ["Co_Ka"]


@pytest.mark.parametrize(("units", "shown"), [("nm", "nm"), ("µm", "µm"), ("Å", "Å")])
def test_images_with_their_scale(maps, tmp_path, units, shown):
    scaled = maps[0].deepcopy()
    for axis in scaled.axes_manager.navigation_axes:
        axis.units = units
    [path] = save_maps([scaled], tmp_path, "tif")
    image = hs.load(path)
    np.testing.assert_array_equal(image.data, scaled.data.astype("f4"))
    assert image.data.dtype == np.float32
    assert [axis.scale for axis in image.axes_manager.signal_axes] == [0.25, 0.25]
    assert image.axes_manager[0].units.replace("μ", "µ") == shown
    with tifffile.TiffFile(path) as file:
        assert file.is_imagej
        numerator, denominator = file.pages[0].tags["XResolution"].value
        assert numerator / denominator == pytest.approx(4)


def test_stack_of_images(maps, tmp_path):
    stack = hs.stack([maps[0], maps[1]], show_progressbar=False)
    [path] = save_maps([stack], tmp_path, "tif")
    np.testing.assert_array_equal(hs.load(path).data, stack.data.astype("f4"))
    with pytest.raises(ValueError, match=r"two axes.*has 3.*inav"):
        save_maps([stack], tmp_path, "png")


def test_stack_whose_frames_come_first(maps, tmp_path):
    stack = hs.stack([maps[0], maps[1]], show_progressbar=False)
    stack = stack.transpose(navigation_axes=[2, 0, 1])
    assert stack.axes_manager.navigation_shape == (2, 20, 24)
    [path] = save_maps([stack], tmp_path, "tif")
    image = hs.load(path)
    np.testing.assert_array_equal(image.data, np.array([m.data for m in maps[:2]], "f4"))


def test_names_that_become_one_file(maps, tmp_path):
    one, two = maps[0].deepcopy(), maps[0].deepcopy()
    for each, title in ((one, "Fe/Co"), (two, "Fe:Co")):
        del each.metadata.Sample
        each.metadata.General.title = title
    with pytest.raises(ValueError, match="suffix"):
        save_maps([one, two], tmp_path)


def test_pictures(maps, tmp_path):
    path = save_maps(maps, tmp_path, "png")[0]
    picture = plt.imread(path)
    assert picture.shape[0] > 300 and picture[..., :3].std() > 0.05


def test_colour_bars_of_clipped_pictures_are_pointed(maps, tmp_path, monkeypatch):
    ends = []
    colour_bar = Figure.colorbar

    def seen(*args, **kwargs):
        ends.append(kwargs["extend"])
        return colour_bar(*args, **kwargs)

    monkeypatch.setattr(Figure, "colorbar", seen)
    clipped, whole = maps[0].deepcopy(), maps[0].deepcopy()
    clipped.data[:], whole.data[:] = 1.0, 1.0
    clipped.data[3, 4] = 9.0
    for each in (clipped, whole):
        save_maps([each], tmp_path, "png", overwrite=True)
    assert ends == ["max", "neither"]


def test_pictures_say_what_is_not_the_fused_map(maps, tmp_path, monkeypatch):
    titles, show = [], panels.show

    def shown(*given):
        titles.append(given[3])
        return show(*given)

    monkeypatch.setattr(panels, "show", shown)
    for suffix in (", fused", ", raw", ", standard deviation"):
        each = maps[0].deepcopy()
        each.metadata.General.title = f"X-ray line intensity of Co_Ka{suffix}"
        save_maps([each], tmp_path, "png", overwrite=True)
    assert titles == ["Co Kα", "Co Kα, raw", "Co Kα, standard deviation"]


def test_tables_and_profiles(maps, tmp_path):
    path = save_maps(maps, tmp_path, "csv")[1]
    np.testing.assert_allclose(np.loadtxt(path, delimiter=","), maps[1].data)
    line = hs.roi.Line2DROI(0.5, 1.0, 4.0, 5.0)
    profiles = [line(each) for each in maps]
    [path] = save_maps(profiles, tmp_path, "csv")
    with open(path, encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert path.name == "profiles.csv"
    assert rows[0] == ["position (nm)", "Co_Ka", "O_Ka", "S_Ka"]
    values = np.array(rows[1:], float)
    np.testing.assert_allclose(values[:, 0], profiles[0].axes_manager[0].axis, rtol=1e-6)
    np.testing.assert_allclose(values[:, 2], profiles[1].data, rtol=1e-6)


def test_files_are_kept(maps, tmp_path):
    save_maps(maps[:1], tmp_path)
    before = (tmp_path / "Co_Ka.hspy").read_bytes()
    with pytest.raises(FileExistsError, match=r"Co_Ka.hspy exist.*overwrite=True"):
        save_maps(maps, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["Co_Ka.hspy"]
    assert (tmp_path / "Co_Ka.hspy").read_bytes() == before
    save_maps(maps, tmp_path, overwrite=True)
    save_maps(maps, tmp_path, suffix="_raw")
    assert len(list(tmp_path.glob("*_raw.hspy"))) == 3


def test_lazy_maps(maps, tmp_path):
    paths = save_maps([each.as_lazy() for each in maps], tmp_path, "tif")
    np.testing.assert_array_equal(hs.load(paths[0]).data, maps[0].data)


@pytest.mark.parametrize(
    ("given", "kind", "error", "words"),
    [
        (lambda m: m, "jpg", ValueError, ["'jpg'", "tif"]),
        (lambda m: [each.data for each in m], "tif", TypeError, ["list of maps", "ndarray"]),
        (lambda m: [], "tif", TypeError, ["list of maps"]),
        (lambda m: [m[0], m[0]], "tif", ValueError, ["Co_Ka", "suffix"]),
        (lambda m: [m[0].inav[3]], "png", ValueError, ["two axes", "csv"]),
    ],
)
def test_what_is_refused(maps, tmp_path, given, kind, error, words):
    with pytest.raises(error) as refused:
        save_maps(given(maps), tmp_path, kind)
    assert all(word in str(refused.value) for word in words), refused.value
    assert not list(tmp_path.iterdir())
