"""The table of totals that the command writes, and results of earlier runs."""

import csv

import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps, region_sums
from hyperspy_multimodal.command import main
from hyperspy_multimodal.data import core_shell

pytestmark = pytest.mark.usefixtures("blank_overview")

FUSION = ["--lambdas", "0.01", "0.02", "--gamma", "1"]


@pytest.fixture(scope="module")
def scan():
    return core_shell((24, 20), counts=20)


@pytest.fixture
def run(tmp_path, monkeypatch, scan):
    """The command on a scan, or on its maps in units of 7 per count, and its table."""
    monkeypatch.chdir(tmp_path)
    scan.signal.save("spectra.hspy")
    scan.haadf.save("haadf.hspy")
    counts = {each.metadata.Sample.elements[0]: each.data for each in scan.counts}
    rng = np.random.default_rng(0)
    drawn = {name: 7.0 * rng.poisson(each) for name, each in counts.items()}
    np.savez("maps.npz", HAADF=scan.haadf.data, **drawn)

    def called(*options):
        assert main([*options, *FUSION, "-o", "out", "--overwrite"]) == 0
        with open(tmp_path / "out" / "maps.csv", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    return called


def errors(table, column):
    return np.array([float(row[f"{column} total error"]) for row in table])


def test_errors_of_totals_are_at_least_those_of_poisson_noise(run, scan):
    table = run("spectra.hspy", "haadf.hspy", "--uncertainty")
    totals = np.array([float(row["raw total"]) for row in table])
    truth = np.array([each.data.sum() for each in scan.counts])
    found = errors(table, "raw")
    assert (found > 0.5 * np.sqrt(totals)).all() and (found < 0.3 * totals).all()
    assert (np.abs(totals - truth) < 4 * found).all()
    np.testing.assert_allclose(errors(table, "fused"), found, rtol=0.01)
    windows = run("spectra.hspy", "haadf.hspy", "--method", "windows")
    assert (errors(windows, "raw") > np.sqrt(totals)).all()
    assert "fused total error" not in windows[0]


def test_errors_of_maps_are_in_their_units(run):
    table = run("maps.npz", "--maps", "--gain", "7")
    totals = np.array([float(row["raw total"]) for row in table])
    np.testing.assert_allclose(errors(table, "raw"), 7 * np.sqrt(totals / 7), rtol=0.02)


def test_errors_of_an_estimated_gain_are_those_of_region_sums(run, scan):
    with np.load("maps.npz") as file:
        maps = {f"{name}_Ka": file[name] for name in file if name != "HAADF"}
    settings = {"gamma": 1, "lambdas": (0.01, 0.02), "full_output": True}
    found = region_sums(*fuse_maps(maps, scan.haadf, **settings), {"scan": scan.haadf.data > 0})
    of_table = dict(zip(maps, errors(run("maps.npz", "--maps"), "raw"), strict=True))
    of_sums = dict(zip(found.lines, found.errors["total"][0], strict=True))
    for name, error in of_sums.items():
        assert of_table[name] == pytest.approx(error, rel=0.1)


def test_windows_record_the_errors_of_totals_as_a_fit_does(scan):
    options = {"lambdas": (0.01, 0.02), "gamma": 1, "show_progressbar": False}
    maps, output = scan.signal.multimodal_fusion(
        scan.haadf, map_method="windows", full_output=True, **options
    )
    noise = output["raw_noise"]
    variances = [each.sum() for each in noise["variances"].values()]
    found = maps[0].metadata.Multimodal_fusion.total_errors
    np.testing.assert_allclose(found, np.sqrt(variances + np.diag(noise["common_covariance"])))
    in_blocks = scan.signal.as_lazy().multimodal_fusion(
        scan.haadf, map_method="windows", lazy_output=False, **options
    )
    np.testing.assert_allclose(in_blocks[0].metadata.Multimodal_fusion.total_errors, found)


def test_a_pedestal_leaves_the_noise_and_is_told(run):
    before = run("maps.npz", "--maps", "--gain", "7")
    table = run("maps.npz", "--maps", "--gain", "7", "--pedestal", "3.5")
    np.testing.assert_allclose(errors(table, "raw"), errors(before, "raw"), rtol=1e-4)
    assert [row["pedestal"] for row in table] == ["3.5"] * 3
    assert "pedestal" not in before[0]


def test_errors_with_a_pedestal_from_vacuum_are_those_of_region_sums(run):
    rows = np.indices((64, 64))[0]
    there = np.abs(rows - 32) < 12
    rng = np.random.default_rng(0)
    maps = {f"{e}_Ka": 7.0 * rng.poisson(0.3 + 5.0 * there) for e in ("C", "N", "O")}
    haadf = 1e3 * there + rng.normal(0, 10, there.shape)
    np.savez("vacuum.npz", HAADF=haadf, **maps)
    given = {"gain": 7, "pedestal": "vacuum", "gamma": 1, "lambdas": (0.01, 0.02)}
    found = region_sums(
        *fuse_maps(maps, haadf, **given, full_output=True), {"scan": np.ones_like(there)}
    )
    table = run("vacuum.npz", "--maps", "--gain", "7", "--pedestal", "vacuum")
    assert np.all(found.errors["fit"] > 0)
    np.testing.assert_allclose(errors(table, "raw"), found.errors["total"][0], rtol=0.02)


def test_results_of_an_earlier_run_are_kept_unless_told_otherwise(run, tmp_path, capsys):
    run("spectra.hspy", "haadf.hspy")
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert main(["spectra.hspy", "haadf.hspy", *FUSION, "-o", "out"]) == 1
    said = capsys.readouterr().err
    assert "out contains the results of an earlier run" in said and "--overwrite" in said
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    # maps without a table are noticed when they are written
    for path in [*(tmp_path / "out").glob("*.csv"), tmp_path / "out" / "overview.png"]:
        path.unlink()
    assert main(["spectra.hspy", "haadf.hspy", *FUSION, "-o", "out"]) == 1
    assert "Pass another --output, or --overwrite" in capsys.readouterr().err


def test_totals_are_without_the_pedestal_and_with_what_was_cut_off(run, scan):
    """Columns are those that the page describes."""
    rows = np.indices((64, 64))[0]
    counts = np.where(np.abs(rows - 32) < 16, 1.2, 0.02) * np.ones((3, 1, 1))
    rng = np.random.default_rng(0)
    noisy = rng.poisson(counts) + rng.normal(0, 0.8, counts.shape) + 0.3
    clipped = np.maximum(0.01 * noisy, 0.0)
    np.savez("clipped.npz", HAADF=1e3 * (1 + counts[0]), **dict(zip("CNO", clipped, strict=True)))
    plain = run("clipped.npz", "--maps")
    too_high = [float(row["raw total too high by up to"]) for row in plain]
    assert (errors(plain, "raw") > too_high).all() and min(too_high) > 0
    drawn = run("clipped.npz", "--maps", "--uncertainty")
    np.testing.assert_allclose(errors(drawn, "fused"), errors(drawn, "raw"))
    for row, image in zip(
        run("clipped.npz", "--maps", "--pedestal", "0.002"), clipped, strict=True
    ):
        assert float(row["raw total"]) == pytest.approx(image.sum() - 0.002 * image.size)
        assert float(row["fused total"]) <= 1.001 * float(row["raw total"])
    assert "raw total too high by up to" not in run("maps.npz", "--maps")[0]
