"""Elements, lines and edges in the titles of maps."""

import numpy as np
import pytest
from exspy.material import elements
from hyperspy.signals import Signal2D

from hyperspy_multimodal.given.map_input import read_maps
from hyperspy_multimodal.given.titles import element_in_title, names_with_lines


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        (["C K", "O K", "S K", "Fe K", "Cu K"], ["C_Ka", "O_Ka", "S_Ka", "Fe_Ka", "Cu_Ka"]),
        (["Au M", "Si K"], ["Au_Ma", "Si_Ka"]),
        (["Ti Kα1", "O Ka"], ["Ti_Ka", "O_Ka"]),
        (["Fe K", "Fe L"], ["Fe_Ka", "Fe_La"]),
        (["EDS O K"], ["O_Ka"]),
        # edges
        (["O K", "Ti L3"], ["O_K", "Ti_L3"]),
        (["O K edge"], ["O_K"]),
        # either, or neither
        (["O K", "Fe K"], ["O", "Fe"]),
        (["EELS O K", "EELS Ti L"], ["O", "Ti"]),
        (["Cu K", "Ti L3"], ["Cu", "Ti"]),
        (["Ti map", "Cu K"], ["Ti", "Cu_Ka"]),
        (["Ti", "O map"], ["Ti", "O"]),
    ],
)
def test_lines_are_read_from_titles_that_cannot_be_edges(titles, names):
    found = [element_in_title(title, elements) for title in titles]
    assert names_with_lines(found, titles) == names


def test_metadata_decide_between_lines_and_edges():
    assert names_with_lines(["O", "Ti_Ka"], ["O K", None]) == ["O_Ka", "Ti_Ka"]
    assert names_with_lines(["O", "Ti_L3"], ["O K", None]) == ["O_K", "Ti_L3"]
    assert names_with_lines([None, "Cu"], [None, "Cu K"]) == [None, "Cu_Ka"]


def test_lines_in_titles_name_the_maps():
    maps = [Signal2D(np.ones((4, 4))) for _ in range(2)]
    for each, title in zip(maps, ("O K", "Cu K"), strict=True):
        each.metadata.General.title = title
    read = read_maps(maps, None)
    assert read.names == read.lines == ["O_Ka", "Cu_Ka"]
    assert read_maps(maps, ["O", "Cu"]).names == ["O", "Cu"]
