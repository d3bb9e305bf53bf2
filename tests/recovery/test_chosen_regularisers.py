"""Sieves where maps are no sharper than the probe, total variation where they have edges."""

import numpy as np
import pytest

from hyperspy_multimodal.data import core_shell, oxide_interface


def chosen(specimen, **given):
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, full_output=True, show_progressbar=False, **given
    )
    return maps, set(output["regularisers"]), output


def error(maps, truth):
    return [
        np.sqrt(np.mean((fused.data - true.data) ** 2))
        for fused, true in zip(maps, truth, strict=True)
    ]


@pytest.fixture(scope="module")
def columns():
    return oxide_interface((48, 48), counts=10)


@pytest.fixture(scope="module")
def automatic(columns):
    return chosen(columns)


@pytest.mark.slow
def test_atomic_columns_get_sieves_and_gain_by_them(columns, automatic):
    maps, names, output = automatic
    assert output["regularisers"].count("sieve") >= 3
    tried = {name for row in output["selection"] for name in row["regularisers"]}
    assert {"directional", "isotropic", "sieve"} <= tried
    before, names, _ = chosen(columns, regulariser="tv")
    assert "sieve" not in names
    gains = np.array(error(before, columns.counts)) / error(maps, columns.counts)
    assert gains.mean() > 1.1


def test_particles_with_edges_get_no_sieves():
    assert "sieve" not in chosen(core_shell((48, 48), counts=20))[1]


def test_their_widths_are_in_the_record_and_give_the_same_maps(columns, automatic):
    maps, _, output = automatic
    widths = np.sqrt(2 * np.array(output["lambda_2"]) / output["lambda_1"])
    assert ((widths >= 0.5) & (widths <= 8.1)).all()
    assert maps[0].metadata.Multimodal_fusion.regulariser == "auto"
    given = {name: output[name] for name in ("gamma", "haadf_blur")}
    given["share_structure"] = True
    if not output["uses_brightness"]:
        given["weights"] = [0] * len(maps)
    lambdas = output["lambda_1"], output["lambda_2"]
    again, _, _ = chosen(columns, regulariser=output["regularisers"], lambdas=lambdas, **given)
    for each, other in zip(again, maps, strict=True):
        np.testing.assert_allclose(each.data, other.data, atol=0.02 * other.data.max())


def test_noise_comes_out_flat():
    """Huber's form leaves half of it, so it has to be clearly better."""
    specimen = core_shell((24, 20), counts=20)
    counts = specimen.signal.data
    even = np.broadcast_to(counts.mean(axis=(0, 1)), counts.shape)
    specimen.signal.data = np.random.default_rng(2).poisson(even)
    for fused in specimen.signal.multimodal_fusion(specimen.haadf):
        assert np.ptp(fused.data) < 0.15 * fused.data.mean()
