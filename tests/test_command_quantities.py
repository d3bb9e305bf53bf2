"""Compositions, sums, raw maps and errors that the command writes, against the Python functions."""

import csv
import re

import hyperspy.api as hs
import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal import composition, region_sums
from hyperspy_multimodal.command import main
from hyperspy_multimodal.command.advice import translated
from hyperspy_multimodal.command.table import write_windows
from hyperspy_multimodal.data import core_loss, core_shell
from hyperspy_multimodal.quantification import found_regions

SHAPE = 28, 24
FUSION = {"lambdas": (0.01, 0.02), "gamma": 1}
OPTIONS = ["--lambdas", "0.01", "0.02", "--gamma", "1", "--overwrite", "-o", "out"]
FACTORS = {"Co_Ka": 1.0, "O_Ka": (0.75, 0.04), "S_Ka": 0.57}
GIVEN = ["--factors", "Co_Ka=1.0,O_Ka=0.75+-0.04,S=0.57"]
SCAN = ["spectra.hspy", "haadf.hspy", *OPTIONS]


@pytest.fixture(scope="module")
def scan():
    return core_shell(SHAPE, counts=40)


@pytest.fixture(scope="module")
def fused(scan):
    return scan.signal.multimodal_fusion(scan.haadf, full_output=True, **FUSION)


@pytest.fixture
def folder(tmp_path, monkeypatch, scan, blank_overview):
    monkeypatch.chdir(tmp_path)
    scan.signal.save("spectra.hspy")
    scan.haadf.save("haadf.hspy")
    return tmp_path


def labels():
    image = np.zeros(SHAPE, np.uint8)
    image[4:14, 4:20], image[14:24, 4:20] = 1, 2
    return image


def is_written(found, file, tmp_path):
    found.to_csv(tmp_path / "expected.csv")
    return (tmp_path / "expected.csv").read_text() == (tmp_path / "out" / file).read_text()


def test_composition_of_found_regions_is_that_of_python(folder, fused, capsys):
    assert main([*SCAN, *GIVEN, "--regions", "auto"]) == 0
    found = composition(*fused, FACTORS)
    assert is_written(found, "composition.csv", folder)
    assert is_written(found.sums, "region_sums.csv", folder)
    said = capsys.readouterr()
    assert found.table() in said.out
    image = hs.load("out/regions.tif")
    assert image.axes_manager[0].units == "nm"
    for number, mask in enumerate(found.masks, 1):
        np.testing.assert_array_equal(image.data == number, mask)
    assert "Small parts of these regions may differ: draw a label" in said.err
    # a run that asks for nothing leaves nothing of other maps behind
    assert main(SCAN) == 0
    assert not {"composition.csv", "regions.tif"} & {path.name for path in folder.glob("out/*")}


def test_without_different_parts_a_label_image_is_suggested(folder, capsys, monkeypatch):
    monkeypatch.setattr(found_regions, "_APART", 1000.0)
    assert main([*SCAN, *GIVEN, "--regions", "auto"]) == 0
    assert "No parts with different compositions were found. Small ones" in capsys.readouterr().err


@pytest.mark.slow
def test_regions_of_a_file_and_the_whole_scan(folder, fused):
    np.save("labels.npy", labels())
    assert main([*SCAN, *GIVEN, "--regions", "labels.npy", "--pictures"]) == 0
    assert is_written(composition(*fused, FACTORS, labels()), "composition.csv", folder)
    assert (folder / "out" / "composition.png").stat().st_size > 10_000
    (folder / "k.csv").write_text("line,factor,error\nCo_Ka,1,\nO_Ka,0.75,0.04\nS_Ka,0.57,\n")
    assert main([*SCAN, "--factors", "k.csv"]) == 0
    whole = composition(*fused, FACTORS, {"scan": np.ones(SHAPE, bool)})
    assert is_written(whole, "composition.csv", folder)


def test_without_factors_sums_are_written(folder, fused, capsys):
    assert main([*SCAN, "--regions", "auto"]) == 0
    assert is_written(region_sums(*fused), "region_sums.csv", folder)
    assert "Without --factors" in capsys.readouterr().err
    assert not (folder / "out" / "composition.csv").exists()


def test_lines_without_a_factor_are_left_out_and_named(folder, fused, capsys):
    np.save("labels.npy", labels())
    given = ["--factors", "Co_Ka=1,S_Ka=0.57,Cu_Ka=2", "--regions", "labels.npy"]
    assert main([*SCAN, *given]) == 0
    two = [each for each in fused[0] if each.metadata.Sample.elements[0] != "O"]
    assert is_written(composition(two, fused[1], FACTORS, labels()), "composition.csv", folder)
    said = capsys.readouterr().err
    assert "--factors contains no factor for O_Ka" in said and "of Co_Ka, S_Ka alone" in said
    assert "--factors of Cu_Ka were not used" in said and "Did you mean" not in said
    assert is_written(region_sums(*fused, labels()), "region_sums.csv", folder)


def test_an_element_that_is_close_to_one_without_a_factor_is_asked_for(folder, capsys):
    np.save("labels.npy", labels())
    assert main([*SCAN, "--factors", "Cu=1,O=1.9,S=2", "--regions", "labels.npy"]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "--factors of Cu were not used: there are no such maps. Did you mean 'Co', not" in said


def test_counts_of_found_regions_are_written_also_without_a_factor(folder, fused, capsys):
    assert main([*SCAN, "--factors", "Co_Ka=1,S_Ka=0.57", "--regions", "auto"]) == 0
    two = [each for each in fused[0] if each.metadata.Sample.elements[0] != "O"]
    found = composition(two, fused[1], FACTORS)
    with open("out/region_sums.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["Co_Ka", "O_Ka", "S_Ka"] * len(found.regions)
    own = [float(row["counts"]) for row in rows if row["line"] != "O_Ka"]
    np.testing.assert_allclose(own, found.sums.counts.ravel(), rtol=1e-6)
    errors = [float(row["error"]) for row in rows if row["line"] != "O_Ka"]
    np.testing.assert_allclose(errors, found.sums.errors["total"].ravel(), rtol=1e-6)


@pytest.mark.parametrize("given", ["O", "o_ka"])
def test_ratios_refer_to_the_element_that_is_chosen(folder, fused, capsys, monkeypatch, given):
    np.save("labels.npy", labels())
    drawn = []
    monkeypatch.setattr(
        "hyperspy_multimodal.plot.plot_composition",
        lambda found, haadf, ratio_to=None: drawn.append(ratio_to),
    )
    asked = ["--regions", "labels.npy", "--ratio-to", given, "--pictures"]
    assert main([*SCAN, *GIVEN, *asked]) == 0
    assert drawn == [None, "O_Ka"]
    assert all((folder / "out" / name).exists() for name in ("composition.png", "ratios.png"))
    found = composition(*fused, FACTORS, labels())
    found.to_csv(folder / "expected.csv", ratio_to="O")
    written = (folder / "out" / "composition.csv").read_text()
    assert (folder / "expected.csv").read_text() == written
    assert found.table(ratio_to="O") in capsys.readouterr().out


def test_factors_of_edges_are_refused_before_x_rays_are_fused(folder, capsys):
    assert main([*SCAN, "--factors", "Co_Ka=1,S_Ka=0.57,O_L3=1.9"]) != 0
    assert "not an X-ray line of O" in capsys.readouterr().err
    assert not (folder / "out" / "maps.csv").exists()


def test_regions_are_cropped_with_the_scan(folder, scan):
    np.save("labels.npy", labels())
    given = ["--regions", "labels.npy", "--crop", "2:26,:20"]
    assert main([*SCAN, *GIVEN, *given]) == 0
    part = scan.signal.inav[:20, 2:26].multimodal_fusion(
        scan.haadf.isig[:20, 2:26], full_output=True, **FUSION
    )
    found = composition(*part, FACTORS, labels()[2:26, :20])
    assert is_written(found, "composition.csv", folder)


def test_regions_and_masks_of_the_cropped_size_are_accepted(folder):
    """As an earlier run with the same part wrote them."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[4:6] = 1
    written = []
    for number, part in enumerate((np.s_[:, :], np.s_[2:26, :20])):
        np.save("labels.npy", labels()[part])
        np.save("mask.npy", mask[part])
        given = ["--regions", "labels.npy", "--mask", "mask.npy", "--crop", "2:26,:20"]
        assert main([*SCAN, *GIVEN, *given, "--output", f"out{number}"]) == 0
        written.append((folder / f"out{number}" / "composition.csv").read_text(encoding="utf-8"))
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--factors", "Si_Ka=1,Cu_Ka=2"], ["at least two of the maps, Co_Ka, O_Ka, S_Ka"]),
        (["--factors", "Co_Ka=1,Cu_Ka=2"], ["at least two"]),
        (["--factors", "Co=1,Co_ka=1,co-ka=2"], ["once", "Co_Ka"]),
        (["--lines", "Co_Ka,Co_La,O_Ka", "--factors", "Co=1,O=2"], ["one X-ray line per element"]),
        (
            ["--factors", "Co=1,O=2", "--ratio-to", "S"],
            ["--ratio-to", "Co_Ka, O_Ka", "S was given"],
        ),
        (["--regions", "auto", "--ratio-to", "O"], ["--ratio-to", "need --factors"]),
        (["--regions", "small.npy"], ["--regions", "28 x 24", "3 x 4"]),
        (["--regions", "small.npy", "--crop", "8:,8:"], ["28 x 24", "20 x 16", "3 x 4"]),
        (["--mask", "small.npy", "--crop", "8:,8:"], ["--mask", "28 x 24", "20 x 16", "3 x 4"]),
        (["--regions", "missing.npy"], ["no file missing.npy"]),
        (["--regions", "corner.npy", "--crop", "8:,8:"], ["--crop", "has none"]),
    ],
)
def test_what_gives_no_numbers_is_refused_before_the_fusion(folder, capsys, options, words):
    np.save("small.npy", np.ones((3, 4), int))
    corner = np.zeros(SHAPE, int)
    corner[:4, :4] = 1
    np.save("corner.npy", corner)
    assert main([*SCAN, *options]) == 2
    message = capsys.readouterr().err
    assert all(word in message for word in words), message
    assert not (folder / "out").exists()


def test_lines_and_stacks_have_no_regions(folder, scan, capsys):
    scan.signal.inav[:, 12].save("line.hspy")
    scan.haadf.isig[:, 12].save("profile.hspy")
    assert main(["line.hspy", "profile.hspy", *OPTIONS, *GIVEN]) == 2
    assert "rows and columns, not for lines" in capsys.readouterr().err


def test_maps_need_their_lines_and_their_noise(folder, scan, capsys):
    arrays = {each.metadata.Sample.elements[0]: each.data for each in scan.counts}
    rng = np.random.default_rng(0)
    drawn = {name: rng.poisson(each) for name, each in arrays.items()}
    np.savez("maps.npz", HAADF=scan.haadf.data, **drawn)
    given = ["maps.npz", "--maps", "--gain", "1", *OPTIONS, *GIVEN]
    assert main([*given[:4], *OPTIONS, "--regions", "whole"]) == 0
    with open("out/region_sums.csv", encoding="utf-8") as file:
        sums = {row["line"]: float(row["counts"]) for row in csv.DictReader(file)}
    assert sums == {name: each.sum() for name, each in drawn.items()}
    assert main(given) == 2
    assert "--elements Si_Ka O_Ka" in capsys.readouterr().err
    lines = [f"{name}_Ka" for name in sorted(arrays)]
    assert main([*given, "--elements", *sorted(arrays)]) == 2
    assert main([*given, "--elements", *lines]) == 0
    with open("out/composition.csv", encoding="utf-8") as file:
        rows = {row["line"]: row for row in csv.DictReader(file)}
    for name, each in drawn.items():
        assert float(rows[f"{name}_Ka"]["counts"]) == pytest.approx(each.sum())


def test_edges_have_cross_sections_of_their_own(folder):
    specimen = core_loss((16, 16), counts=40)
    specimen.signal.save("spectra.hspy", overwrite=True)
    specimen.haadf.save("haadf.hspy", overwrite=True)
    assert main([*SCAN, "--regions", "whole"]) == 0
    maps, output = specimen.signal.multimodal_fusion(specimen.haadf, full_output=True, **FUSION)
    whole = composition(maps, output, None, {"scan": np.ones((16, 16), bool)})
    assert is_written(whole, "composition.csv", folder)


def write_maps(maps, haadf):
    """Write maps of Co, Mn and so on, and a HAADF, in one plain file."""
    np.savez("maps.npz", HAADF=haadf, **dict(zip(("Co_L3", "Mn_L3", "O_K"), maps, strict=False)))


def different_units():
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.linspace(1, 30, 64) * np.ones((3, 64, 1)))
    in_steps = np.array([0.01, 0.05, 0.01])[:, None, None] * counts
    return in_steps * rng.normal(1.0, 1e-3, counts.shape)


def unknown_noise():
    rows = np.indices((96, 96))[0]
    band = 1 + 8 * np.exp(-np.square((rows - 48) / 3))
    rng = np.random.default_rng(0)
    smooth = [ndimage.gaussian_filter(rng.poisson(band) / 7, (0.3, 4)) for _ in range(2)]
    return np.array(smooth)


def fractions():
    counts = different_units() + 0.01
    return counts / counts.sum(axis=0)


@pytest.mark.parametrize(("maps", "wanted", "why"), [
    (different_units, ["--regions", "auto"], "No regions can be found"),
    (different_units, ["--factors", "Co=1,Mn=1"], "maps must have the same unit"),
    (different_units, ["--factors", "Co=1,O_K=1"], ""),
    (different_units, ["--regions", "whole"], ""),
    (different_units, ["--regions", "auto", "--gain", "0.01"], ""),
    (unknown_noise, ["--regions", "auto"], "No regions can be found.*Co_L3"),
    (unknown_noise, ["--regions", "whole"], ""),
    (fractions, ["--factors", "Co=1,Mn=1"], "maps must be amounts.*Pass the counts\\."),
])  # fmt: skip
def test_maps_without_a_table_are_still_fused_and_drawn(
    tmp_path, monkeypatch, blank_overview, capsys, maps, wanted, why
):
    monkeypatch.chdir(tmp_path)
    write_maps(maps(), maps().sum(axis=0))
    code = main(["maps.npz", "--maps", *OPTIONS, "--format", "tif", *wanted])
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"Co_L3.tif", "maps.csv", "messages.txt", "overview.png"} <= written
    assert (code, "region_sums.csv" in written) == ((1, False) if why else (0, True))
    found = re.search(
        rf"The maps are in out, but nothing was summed: {why}", capsys.readouterr().err
    )
    assert bool(found) == bool(why)


def test_wrong_options_are_refused_before_maps_are_fused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_maps(different_units(), different_units()[0])
    np.save("small.npy", np.ones((3, 3), int))
    for wanted in (["--factors", "Co=1"], ["--regions", "small.npy"], ["--ratio-to", "Ni"]):
        given = ["maps.npz", "--maps", *OPTIONS, "--regions", "whole", *wanted]
        assert main(given) == 2
        assert not (tmp_path / "out").exists()


def test_raw_maps_and_errors_are_in_all_formats(folder, scan):
    for each, name in zip(scan.counts, ("Co", "O", "S"), strict=True):
        bare = hs.signals.Signal2D(np.random.default_rng(1).poisson(each.data).astype(float))
        bare.save(f"{name}.hspy")  # its title is all that names it
    files = ["Co.hspy", "O.hspy", "S.hspy", "haadf.hspy", "--maps", "--gain", "1"]
    more = ["--raw", "--uncertainty", "--format", "hspy", "tif"]
    assert main([*files, *OPTIONS, *more]) == 0
    written = {path.name for path in (folder / "out").iterdir()} - {"maps.csv", "overview.png"}
    assert written - {"windows.csv", "messages.txt"} == {
        f"{name}{suffix}.{kind}"
        for name in ("Co", "O", "S")
        for suffix in ("", "_raw", "_error")
        for kind in ("hspy", "tif")
    }
    for name in ("Co", "O", "S"):
        raw = hs.load(f"{name}.hspy").data
        np.testing.assert_allclose(hs.load(f"out/{name}_raw.tif").data, raw, rtol=1e-6)


def test_windows_are_listed_with_both_sums(tmp_path):
    record = {
        "scan_shape": [9, 9], "lines": ["O_Ka"], "windows": ["spot"], "rows": [2.5],
        "columns": [4], "standard_errors": [-5.5], "raw_counts": [80.0],
        "counts_before": [120.0], "counts_after": [81.0], "row_starts": [2], "row_stops": [4],
        "column_starts": [3], "column_stops": [6],
    }  # fmt: skip
    path = tmp_path / "windows.csv"
    write_windows(path, {"differing": record, "relaxed": None})
    assert path.read_text().splitlines() == [
        "map,found,window,row,column,standard errors,raw sum,fused sum before correction,fused sum,"
        "row start,row stop,column start,column stop",
        "O_Ka,differs,spot,2.5,4,-5.5,80,120,81,2,4,3,6",
    ]
    write_windows(path, {"slices": [{}, {"relaxed": record}]})
    assert path.read_text().splitlines()[1].startswith("1,O_Ka,corrected,spot")
    write_windows(path, {"differing": None})
    assert not path.exists()
    said = translated("Compare them in the windows listed in `differing` of the record.")
    assert said == "Compare them in the windows listed in windows.csv."
