"""Lines of one element that are not where its other lines are."""

import numpy as np
import pytest

from hyperspy_multimodal import fit_maps, suggest_elements
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen
from hyperspy_multimodal.eds import fitted_spectra
from hyperspy_multimodal.eds.disputed_families import Without
from hyperspy_multimodal.notes import gathered
from hyperspy_multimodal.plot import plot_sum_spectrum

SHAPE = 32, 32


def specimen_with(nitrogen, seed=0):
    """Return titanium and silicon on a membrane with nitrogen, which is not listed."""
    areal = {"Si": np.full(SHAPE, 300.0), "Ti": np.full(SHAPE, 100.0)}
    areal["Ti"][:, 16:] = 900.0
    unlisted = {"N": np.full(SHAPE, float(nitrogen))} if nitrogen else None
    scan = Scan(counts=10, seed=seed)
    return simulate_specimen(areal, ["Si_Ka", "Ti_Ka"], scan, name="membrane", unlisted=unlisted)


def of_titanium(maps):
    return next(each for each in maps if "Ti_Ka" in each.metadata.Sample.xray_lines).data


def test_lines_over_an_unlisted_element_do_not_say_where_the_element_is():
    specimen = specimen_with(3000)
    with gathered() as notes:
        found, output = fit_maps(specimen.signal, full_output=True)
    truth, titanium = of_titanium(specimen.xrays), of_titanium(found)
    error = np.sqrt(output["variances"]["Ti_Ka"][:, :16].sum())
    scale = titanium.sum() / truth.sum()
    assert abs(titanium[:, :16].sum() - scale * truth[:, :16].sum()) < 2.5 * error
    [said] = [each.text for each in notes if "do not follow" in each.text]
    assert said.startswith("L lines of Ti do not follow Ti_Ka") and "such as N" in said
    assert "Ti_L" in output["template_names"]
    assert list(output["doubtful_families"]) == ["Ti_L"]
    doubted = output["doubtful_families"]["Ti_L"]
    assert (doubted["against"], doubted["differs_in"]) == ("Ti_K", "place")
    assert doubted["candidates"][0] == "N" and doubted["counts"] > 0
    labels = [text.get_text() for text in plot_sum_spectrum(output)[0].texts]
    marked = [name for name in labels if "‡" in name]
    assert marked and all(name.startswith("Ti L") for name in marked)


def test_a_soft_line_over_an_unlisted_element_is_doubted():
    signal = specimen_with(3000).signal
    with gathered() as notes:
        _, output = fit_maps(signal, ["Si_Ka", "Ti_La"], full_output=True)
    [said] = [each for each in notes if "does not follow" in each.text]
    assert said.text.startswith("Ti_La does not follow the K lines of Ti")
    assert said.amount("Ti_La") > 0.03 and said.amount("Si_Ka") == 0
    assert "Ti_K" not in output["template_names"]
    assert output["doubtful_families"]["Ti_L"]["against"] == "Ti_K"


@pytest.mark.parametrize("nitrogen", [0, 3000])
def test_lines_with_far_too_many_counts_are_doubted_if_all_is_uniform(nitrogen):
    areal = {"Si": np.full(SHAPE, 300.0), "Ti": np.full(SHAPE, 300.0)}
    unlisted = {"N": np.full(SHAPE, float(nitrogen))} if nitrogen else None
    given = ["Si_Ka", "Ti_Ka"], Scan(counts=10, seed=0)
    specimen = simulate_specimen(areal, *given, name="film", unlisted=unlisted)
    doubted = fit_maps(specimen.signal, full_output=True)[1]["doubtful_families"]
    assert list(doubted) == (["Ti_L"] if nitrogen else [])
    if nitrogen:
        assert doubted["Ti_L"]["differs_in"] == "counts" and doubted["Ti_L"]["candidates"][0] == "N"


@pytest.mark.parametrize("nitrogen", [600, 3000, 0])
def test_such_an_element_is_suggested(nitrogen):
    found = {each.element: each for each in suggest_elements(specimen_with(nitrogen).signal)}
    assert ("N" in found or "N" in found["Ti"].others) == (nitrogen > 0)


@pytest.mark.parametrize("seed", range(4))
def test_lines_that_follow_each_other_are_fitted_together(seed):
    with gathered() as notes:
        _, output = fit_maps(specimen_with(0, seed).signal, full_output=True)
    assert not [each for each in notes if "do not follow" in each.text]
    assert "Ti_L" not in output["template_names"] and not output["doubtful_families"]


def test_what_is_left_out_later_is_as_if_it_had_been_left_out_before(monkeypatch, rng):
    signal, kept = specimen_with(3000).signal, []
    measured = fitted_spectra.XrayProjection.measured

    def keeping(self, *args, **kwargs):
        kept.append(self)
        return measured(self, *args, **kwargs)

    monkeypatch.setattr(fitted_spectra.XrayProjection, "measured", keeping)
    fit_maps(signal)
    before, families = kept[0], kept[0]._families
    assert ("Ti", "L") in families.keys
    without = Without(before, families, [("Ti", "L")])
    assert without.is_exact
    spectra = rng.poisson(0.2, (6, 5, signal.data.shape[-1]))
    net, excess = (np.moveaxis(spectra @ rows.T, -1, 0) for rows in (before._rows, families.rows))
    after = np.moveaxis(spectra @ without.projection._rows.T, -1, 0)
    np.testing.assert_allclose(without.net(net, excess), after, atol=1e-6)
    both = np.stack([net, after]), np.stack([excess, 0 * excess])
    np.testing.assert_allclose(without.net(*both), [after, after], atol=1e-6)
