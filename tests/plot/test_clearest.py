"""The maps that an overlay shows by default: the clearest ones that can be told apart."""

import numpy as np
import pytest

from hyperspy_multimodal.plot import overlay, plot_overview


@pytest.fixture(autouse=True)
def plain_legend(monkeypatch):
    """Draw the legend without fitting it into the picture, which takes most of the time."""

    def draw(axis, handles, **style):
        axis.legend(handles=handles, **style)

    monkeypatch.setattr(overlay, "fit_legend", draw)


def with_values(signal, values, element):
    made = signal.deepcopy()
    made.data[:] = values
    made.metadata.Sample.elements = [element]
    made.metadata.Sample.xray_lines = [f"{element}_Ka"]
    return made


def test_the_overlay_takes_what_is_shown_best_and_names_the_rest(fused, specimen):
    maps, raw_maps = fused[0], fused[1]["raw_maps"]
    half = np.arange(32) < 16
    third, stripes = np.arange(32) < 10, np.arange(32) % 4 < 2
    values = {
        "C": 0.01 * half,  # hardly any counts, and where Fe is
        "Ca": 3 + 0.03 * stripes,  # many counts, everywhere
        "Fe": 2.0 * half,
        "Na": 9.0 * half,  # not to be trusted
        "Mg": 1.0 * third,
        "S": 2.0 * ~half,
        "Zn": 1.5 * stripes,
    }
    many = [with_values(maps[0], value, element) for element, value in values.items()]
    many[3].metadata.Multimodal_fusion.verdict = "not to be trusted"
    axes = plot_overview(many, [*raw_maps, *raw_maps, raw_maps[0]], specimen.haadf)
    *names, absent = [text.get_text() for text in axes[1, 0].get_legend().get_texts()]
    assert [name.split()[0] for name in names] == ["Fe", "Mg", "S", "Zn"]
    assert absent.replace("\n", " ") == "not shown: C Kα, Ca Kα, Na Kα"


@pytest.mark.parametrize(
    ("levels", "shown"),
    [
        ((5, 9, 0.1), ["Fe", "S"]),  # of O and Fe, which are in the same places, that with most
        ((9, 5, 0.1), ["O", "S"]),
        ((5, 9, None), ["O", "Fe"]),  # two at least
    ],
)
def test_of_elements_in_the_same_places_the_overlay_shows_one(fused, specimen, levels, shown):
    maps, raw_maps = fused[0], fused[1]["raw_maps"]
    half = np.arange(32) < 16
    pattern = [half, half + 0.01, ~half if levels[2] else half]
    values = [(level or 0.2) * each for level, each in zip(levels, pattern, strict=True)]
    some = [with_values(maps[0], *each) for each in zip(values, ("O", "Fe", "S"), strict=True)]
    for scale in (1.0, 40.0):
        for each in some:
            each.data *= scale
        axes = plot_overview(some, raw_maps, specimen.haadf)
        *names, absent = [text.get_text() for text in axes[1, 0].get_legend().get_texts()]
        assert [name.split()[0] for name in names] == shown
        assert absent.startswith("not shown: ")
