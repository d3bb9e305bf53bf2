"""Previews are what the whole scan would give, in its counts, whatever is given."""

from dataclasses import replace

import numpy as np
import pytest
from slow_repeats import slow

pytest.importorskip("ipympl", reason="needs the gui extra: ipympl")

from hyperspy_multimodal.data import core_loss, core_shell
from hyperspy_multimodal.interactive.values import values_of

from .tuning import GIVEN

pytestmark = pytest.mark.usefixtures("sketched")

SMOOTH = {"gamma": 1, "lambdas": (0.01, 0.1)}
SHAPE = 32, 36


def disturbed_rows():
    mask = np.zeros(SHAPE, bool)
    mask[12:20] = True
    return mask


@pytest.fixture(scope="module")
def eds():
    # A scan without windows or sums so near their threshold that the last iterations decide.
    return core_shell(SHAPE, counts=10, seed=1)


@pytest.fixture(scope="module")
def disturbed(eds):
    """The same, with rows that hold five times the counts."""
    signal = eds.signal.deepcopy()
    signal.data[12:20] *= 5
    return eds._replace(signal=signal)


@pytest.fixture(scope="module")
def eels():
    return core_loss(SHAPE, counts=20, gain=2.5)


CASES = {
    "plain": ("eds", GIVEN),
    "mask": ("disturbed", {**GIVEN, "navigation_mask": disturbed_rows()}),
    "gain": ("eels", {**GIVEN, "map_method": "windows"}),
    "blur": ("eds", {**GIVEN, "haadf_blur": 1.5}),
    "free totals": ("eds", {**SMOOTH, "keep_totals": False}),
    "kept totals": ("eds", SMOOTH),
    "weights": ("eds", {**GIVEN, "weights": [0, 0, 1]}),
    "no brightness": ("eds", {**GIVEN, "weights": [0, 0, 0]}),
    "one line": ("eds", {**GIVEN, "xray_lines": ["O_Ka"]}),
    "windows": ("eds", {**GIVEN, "map_method": "windows"}),
}


# What these options change is more than the tests below let pass.
MATTER = {"mask": "navigation_mask", "blur": "haadf_blur", "free totals": "keep_totals"}


@pytest.mark.parametrize(("case", "option"), MATTER.items(), ids=MATTER)
def test_options_change_what_is_compared(case, option, request):
    name, given = CASES[case]
    specimen = request.getfixturevalue(name)
    others = {key: value for key, value in given.items() if key != option}
    maps, without = (
        np.array([m.data for m in specimen.signal.multimodal_fusion(specimen.haadf, **each)])
        for each in (given, others)
    )
    changed, of = (np.linalg.norm(each, axis=(1, 2)) for each in (maps - without, without))
    assert (changed / of).max() > 0.1


REPEATS = "weights", "no brightness", "one line", "windows"


@pytest.mark.parametrize(
    ("name", "given"),
    [slow(*CASES[case]) if case in REPEATS else CASES[case] for case in CASES],
    ids=CASES,
)
def test_a_crop_of_all_is_the_fusion_of_the_whole(name, given, request):
    specimen = request.getfixturevalue(name)
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **given)
    session = tuner._session
    assert {key: tuner.parameters.get(key, value) for key, value in given.items()} == given
    session.crop(*map(slice, (0, 0), SHAPE))
    for _ in range(30):  # each goes on from the one before
        fused, residual = session.fuse(tuner._values)
        if session.converged:
            break
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, **{**given, **tuner.parameters}, full_output=True
    )
    for found, expected in zip(fused, maps, strict=True):
        assert np.linalg.norm(found - expected.data) < 0.03 * np.linalg.norm(expected.data)
        assert found.sum() == pytest.approx(expected.data.sum(), rel=1e-2)
    np.testing.assert_allclose(residual, output["haadf_residual"].data, atol=0.05)
    for found, raw in zip(session.raw(), output["raw_maps"], strict=True):
        np.testing.assert_allclose(found, raw.data, rtol=1e-5, atol=1e-5)


def test_the_middle_of_a_crop_is_that_of_the_whole():
    specimen = core_shell((96, 96), counts=10)
    tuner = specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN)
    session = tuner._session
    session.crop(slice(16, 80), slice(16, 80))
    fused, _ = session.fuse(tuner._values)
    maps = specimen.signal.multimodal_fusion(specimen.haadf, **tuner.parameters)
    whole = np.array([each.data for each in maps])[:, session.rows, session.cols]
    inner = (..., slice(16, -16), slice(16, -16))
    # sums over dark and bright pixels are restored for those of the region
    assert np.linalg.norm((fused - whole)[inner]) < 0.03 * np.linalg.norm(whole[inner])


def test_values_come_from_outputs_with_and_without_haadf():
    output = {
        "gamma": 1.4,
        "lambda_1": [0.1, 1.0],
        "lambda_2": [0.2, 8.0],
        "regularisers": ["directional", "isotropic"],
        "uses_brightness": True,
        "haadf_blur": 0.5,
    }
    given = values_of(output).arguments()
    assert given == {
        "gamma": 1.4,
        "lambdas": ([0.1, 1.0], [0.2, 8.0]),
        "regulariser": ["directional", "isotropic"],
        "haadf_blur": 0.5,
    }
    twice = replace(values_of(output), lambda_2=2 * values_of(output).lambda_2)
    assert twice.arguments()["lambdas"] == ([0.1, 1.0], [0.4, 16.0])
    without = values_of({**output, "uses_brightness": False}).arguments()
    lambda_1, lambda_2 = without["lambdas"]
    np.testing.assert_allclose(np.array(lambda_2) / lambda_1, [2, 8], rtol=1e-3)
    assert without["weights"] == [0, 0]
