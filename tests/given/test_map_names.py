"""Errors for unknown names of maps, for other images among them, and for axes in another order."""

import re

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.given.map_input import read_maps
from hyperspy_multimodal.names import checked_names, did_you_mean, not_in_tables

ARRAY = np.arange(40.0).reshape(8, 5)
STACK = np.stack([ARRAY, 2 * ARRAY, 3 * ARRAY])


@pytest.mark.parametrize(
    ("name", "meant"),
    [("Coo", "Co"), ("Coo_Ka", "Co_Ka"), ("cobalt", "Co"), ("Oxigen", "O"), ("Mnn_L3", "Mn_L3")],
)
def test_a_close_name_is_offered(name, meant):
    assert did_you_mean(name) == f" Did you mean {meant!r}?"
    with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
        read_maps({"Fe": ARRAY, name: ARRAY}, None)
    with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
        checked_names("xray_lines", [name], "X-ray line", ["Ti_Ka"])


@pytest.mark.parametrize(
    ("name", "meant"), [("Nm", "Mn"), ("nM_Ka", "Mn_Ka"), ("It", "Ti"), ("So", "Os")]
)
def test_swapped_letters_come_before_missing_ones(name, meant):
    assert did_you_mean(name) == f" Did you mean {meant!r}?"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Mm", "'Mn', 'Mo' or 'Mg'"),
        ("Mm_Ka", "'Mn_Ka', 'Mo_Ka' or 'Mg_Ka'"),
        ("Dx", "'Dy'"),
        ("Xx", "'Xe'"),
    ],
)
def test_elements_with_the_same_first_letter_are_offered_for_two_letters(name, meant):
    assert did_you_mean(name) == f" Did you mean {meant}?"
    with pytest.raises(ValueError, match=f"Did you mean {meant}"):
        read_maps({"Fe": ARRAY, name: ARRAY}, None)
    with pytest.raises(ValueError, match=f"Did you mean {meant}"):
        checked_names("xray_lines", [name], "X-ray line", ["Ti_Ka"])


@pytest.mark.parametrize("name", ["Mn_L9", "Mn_Kx", "mn l23", "Mn map"])
@pytest.mark.parametrize("as_keys", [True, False])
def test_a_line_or_edge_that_an_element_lacks_is_refused_with_those_it_has(name, as_keys):
    given = ({"O_K": ARRAY, name: ARRAY}, None) if as_keys else (STACK[:2], ["O_K", name])
    with pytest.raises(ValueError, match=f"Mn has no X-ray line or edge '{name}'") as error:
        read_maps(*given)
    assert all(each in str(error.value) for each in ("Mn_Ka", "Mn_Ll", "Mn_L3", "Mn_M2"))


@pytest.mark.parametrize("element", ["H", "Li", "Ti", "Cu", "Dy", "U"])
def test_all_lines_and_edges_that_are_listed_are_accepted(element):
    listed = re.findall(rf"{element}_\w+", not_in_tables(f"{element}_X1").split(". ")[1])
    assert len(listed) > 0
    assert [read_maps({name: ARRAY}, None).names for name in listed] == [[e] for e in listed]


@pytest.mark.parametrize(
    ("item", "name"), [("edges", "Mn_L9"), ("edges", "Mn_Ka"), ("xray_lines", "Mn_L3")]
)
def test_metadata_that_name_no_line_or_edge_are_refused(item, name):
    signal = hs.signals.Signal2D(ARRAY)
    signal.metadata.set_item(f"Sample.{item}", [name])
    for elements in (None, ["Mn"]):
        with pytest.raises(ValueError, match=f"Sample.{item} of map 0 is wrong: .*'{name}'"):
            read_maps([signal], elements)


def test_maps_of_the_spectra_with_impossible_names_are_refused():
    specimen = core_shell((9, 8), counts=5)
    with pytest.raises(ValueError, match="Mn has no X-ray line or edge 'Mn_L9'"):
        specimen.signal.multimodal_fusion(specimen.haadf, maps={"Mn_L9": np.ones((9, 8))})


def test_nothing_is_offered_for_what_is_close_to_no_element():
    assert did_you_mean("phase 1") == did_you_mean("xyzzy") == did_you_mean("x1") == ""
    with pytest.raises(ValueError, match=r"'xyzzy' was given\.$"):
        read_maps({"xyzzy": ARRAY}, None)


@pytest.mark.parametrize("name", ["HAADF", "haadf", "BF", "STEM HAADF", "HAADF_1"])
def test_an_image_of_no_element_is_left_out_of_the_maps(name):
    with pytest.raises(ValueError, match="Leave this image out of the maps"):
        read_maps({"Co": ARRAY, name: ARRAY}, None)
    signal = hs.signals.Signal2D(ARRAY)
    signal.metadata.General.title = name
    with pytest.raises(ValueError, match="Leave this image out of the maps"):
        read_maps([signal], None)


def test_a_list_of_unnamed_maps_is_not_printed_whole():
    with pytest.raises(ValueError, match=r"maps \[0, 1, 2, 3, 4, ... \(400 maps\)\] are neither"):
        read_maps([ARRAY] * 400, None)
    with pytest.raises(ValueError, match=r"maps \[0, 1\] are neither"):
        read_maps([ARRAY] * 2, None)


@pytest.mark.parametrize("elements", [None, ["Co", "Mn", "O"], "Co Mn O"])
@pytest.mark.parametrize("signal", [np.asarray, hs.signals.Signal2D])
def test_elements_along_the_last_axis_are_named(elements, signal):
    last = np.moveaxis(STACK, 0, -1).copy()
    with pytest.raises(ValueError, match=r"\(elements, rows, columns\), but \(8, 5, 3\)"):
        fuse_maps(signal(last), ARRAY, elements=elements)


def test_elements_along_the_first_axis_are_read():
    names = ["Co", "Mn", "O"]
    assert read_maps(STACK, names).arrays.shape == (3, 8, 5)
    # as many columns as elements, and maps narrower than elements are many
    assert read_maps(STACK[:, :, :3], names).arrays.shape == (3, 8, 3)
    assert read_maps(STACK[:, :, :2], "Co Mn O").arrays.shape == (3, 8, 2)


def test_a_stack_that_is_no_scan_of_the_spectra_is_refused():
    specimen = core_shell((9, 8), counts=5)
    last = np.ones((9, 8, 3))
    with pytest.raises(ValueError, match=r"\(elements, rows, columns\), but \(9, 8, 3\)"):
        specimen.signal.multimodal_fusion(specimen.haadf, maps=last)


def test_a_signal_with_elements_along_its_signal_axis_is_told_from_spectra():
    signal = hs.signals.Signal1D(np.moveaxis(STACK, 0, -1))
    with pytest.raises(TypeError, match=r"maps\.transpose\(signal_axes=\[0, 1\]\)"):
        read_maps(signal, ["Co", "Mn", "O"])
    turned = signal.transpose(signal_axes=[0, 1])
    np.testing.assert_array_equal(read_maps(turned, ["Co", "Mn", "O"]).arrays, STACK)
