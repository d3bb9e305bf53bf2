"""Values of ``--factors`` and ``--regions``: texts, tables and images, before a scan is read."""

from pathlib import Path

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.command.options import parsed
from hyperspy_multimodal.command.region_files import load_regions

WANTED = {"Si_Ka": 1.0, "O_Ka": (1.9, 0.1)}


@pytest.mark.parametrize(
    "texts",
    [
        ["Si_Ka=1.0,O_Ka=1.9±0.1"],
        ["Si_Ka=1", "O_Ka=1.9+-0.1"],
        ["Si_Ka=1,", "O_Ka=1.9+/-0.1"],
        ["Si_Ka", "=", "1.0", "O_Ka", "=", "1.9", "±", "0.1"],
        ["Si_Ka = 1.0; O_Ka = 1.9 +- 0.1"],
    ],
)
def test_factors_in_any_spelling(texts):
    options = parsed(["--factors", *texts, "scan.v1.bcf", "haadf.tif"])
    assert options.factors == WANTED
    assert options.files == [Path("scan.v1.bcf"), Path("haadf.tif")]


@pytest.mark.parametrize(
    "text",
    [
        "Si_Ka,1.0\nO_Ka,1.9,0.1\n",
        "line,k-factor,standard error\nSi_Ka,1.0,\nO_Ka,1.9,0.1\n",
        "\ufeffline;factor\nSi_Ka;1.0\n\nO_Ka;1.9±0.1\n",
        "# of 2024\nSi_Ka\t1\t\nO_Ka\t1.9\t0.1",
    ],
)
def test_factors_in_a_table(tmp_path, text):
    (tmp_path / "k.csv").write_text(text, encoding="utf-8")
    options = parsed(["--factors", str(tmp_path / "k.csv"), "scan.bcf"])
    assert options.factors == WANTED
    assert options.files == [Path("scan.bcf")]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["Si_Ka=1,0,O_Ka=1,9"], ["decimal", "'0'"]),  # decimal commas would be read as 1 and 1
        (["Si_Ka=0"], ["> 0", "Si_Ka"]),
        (["Si_Ka=1+--0.1"], ["error >= 0"]),
        (["Si_Ka=5%"], ["number", "'5%'"]),
        (["Si_Ka=nan"], ["number"]),
        (["Xx_Ka=1"], ["'Xx_Ka'"]),
        (["Si_Ka=1", "O_Kaa=1.9"], ["'O_Kaa' is neither. Did you mean 'O_Ka'?"]),
        (["Ti_Ka=1,Pdd_La=2"], ["'Pdd_La' is neither. Did you mean 'Pd_La'?"]),
        (["Pdd_Laa=1"], ["'Pdd_Laa' is neither. Did you mean 'Pd_La'?"]),
        (["silicn_Ka=1"], ["'silicn_Ka' is neither. Did you mean 'Si_Ka'?"]),
        (["Si_Ka=1", "Si_Ka=2"], ["twice"]),
        (["Si_Ka"], ["LINE=FACTOR"]),
        (["missing.csv"], ["no file missing.csv"]),
        (["Si_Ka=1", "missing.csv"], ["or one table"]),
        (["scan.bcf"], ["neither"]),
    ],
)
def test_wrong_factors_are_refused(capsys, texts, words):
    with pytest.raises(SystemExit) as stopped:
        parsed(["--factors", *texts])
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert all(word in message for word in ["--factors", *words]), message


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Si_Ka,x\nO_Ka,1.9\n", "'x'"),
        ("line,factor,energy\nSi_Ka,1.0,1.74\n", "'energy'"),
        ("line,factor\nSi_Ka,1.0,0.1\n", "called ''"),
        ("Si_Ka;1,0\nO_Ka;1,9\n", "'1,0'"),
        ("Si_Ka\n", "row 'Si_Ka'"),
        ("line,factor\n", "no rows"),
        ("Si_Ka,1.0,0.1,2\n", "columns"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, capsys, text, word):
    (tmp_path / "k.csv").write_text(text)
    with pytest.raises(SystemExit):
        parsed(["--factors", str(tmp_path / "k.csv")])
    assert word in capsys.readouterr().err


def labels():
    image = np.zeros((12, 10), np.uint8)
    image[1:5, 1:5], image[6:10, 2:9] = 3, 7
    return image


@pytest.mark.parametrize("name", ["regions.npy", "regions.tif", "regions.png"])
def test_labels_of_any_file_are_as_written(tmp_path, name):
    file = tmp_path / name
    np.save(file, labels()) if name.endswith("npy") else hs.signals.Signal2D(labels()).save(file)
    np.testing.assert_array_equal(load_regions(file), labels())


def test_numbers_that_are_no_labels_are_refused(tmp_path):
    random = np.random.default_rng(0).integers(0, 50, (12, 10))
    for image, word in (
        (labels() + 0.5, "whole numbers"),
        (labels().astype(int) - 1, "whole numbers"),
        (np.where(labels() > 0, np.nan, 0.0), "whole numbers"),
        (np.zeros((12, 10), int), "all pixels are 0"),
        (random, "ordinary image"),
    ):
        np.save(tmp_path / "image.npy", image)
        with pytest.raises(ValueError, match=word):
            load_regions(tmp_path / "image.npy")
    np.save(tmp_path / "image.npy", labels().astype(float))
    assert load_regions(tmp_path / "image.npy").dtype == np.int64


def test_a_colour_picture_has_no_labels_unless_it_is_grey(tmp_path):
    channels = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    picture = np.zeros((12, 10), channels)
    for channel in "RGB":
        picture[channel] = labels()
    hs.signals.Signal2D(picture).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(load_regions(tmp_path / "grey.png"), labels())
    picture["B"] = 0
    hs.signals.Signal2D(picture).save(tmp_path / "colour.png")
    with pytest.raises(ValueError, match="colour picture"):
        load_regions(tmp_path / "colour.png")
