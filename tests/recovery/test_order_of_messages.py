"""Messages on a wrong HAADF come first, and tables of verdicts are brief."""

import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.notes import Note
from hyperspy_multimodal.recovery.verdict import RULES, ranked, verdicts_of

NAMES = ["Co_Ka", "O_Ka"]
OF_WRONG_HAADF = ["turned HAADF", "shifted HAADF", "doubtful field"]


@pytest.mark.parametrize("kind", OF_WRONG_HAADF)
@pytest.mark.parametrize("other", sorted(set(RULES) - set(OF_WRONG_HAADF)))
def test_a_wrong_haadf_comes_before_what_may_be_wrong_because_of_it(kind, other):
    notes = [Note("", "other", other, 1e3), Note("", "wrong image", kind)]
    found = verdicts_of(NAMES, notes)
    assert ranked(notes, found)[0] == "wrong image"
    for each in found:  # the gravest reason still decides on the map
        assert each.reasons[0].verdict == each.verdict
        assert each.texts[0] == "wrong image" or each.verdict == "not to be trusted"


def test_a_table_has_the_first_sentence_of_what_the_message_says():
    rng = np.random.default_rng(0)
    bright = np.zeros((40, 40))
    bright[5:20, 10:30] = 20.0
    counts = {name: rng.poisson(bright + 1.0).astype(float) for name in ("Co", "O")}
    maps, output = fuse_maps(
        counts, bright + rng.normal(0, 0.1, bright.shape), gamma=1, lambdas=(0.01, 0.02),
        full_output=True, show_progressbar=False,
    )  # fmt: skip
    for row, each in zip(output["verdicts"], maps, strict=True):
        assert "There are counts in what looks like vacuum." in row["reasons"]
        full = each.metadata.Multimodal_fusion.reasons
        assert set(full) <= set(output["messages"])
        for brief, text in zip(row["reasons"], full, strict=True):
            assert text.startswith(brief) and ". " not in brief
