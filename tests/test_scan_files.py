"""Which signals of a file are taken, and when the choice is refused."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.command.scan_files import (
    find_maps,
    find_scan,
    say_image_is_taken,
    say_spectra_are_there,
)
from hyperspy_multimodal.notes import gathered


def spectra(shape=(6, 5), signal_type="EDS_TEM", title="EDX"):
    signal = hs.signals.Signal1D(np.zeros((*shape, 20), np.uint8))
    signal.set_signal_type(signal_type)
    signal.metadata.General.title = title
    return signal


def image(shape=(6, 5), title="HAADF"):
    signal = hs.signals.Signal2D(np.zeros(shape))
    signal.metadata.General.title = title
    return signal


@pytest.mark.parametrize("signal_type", ["EDS_TEM", "EDS_SEM", "EELS"])
def test_takes_the_spectrum_image_and_the_haadf_of_its_scan(signal_type):
    scan, haadf = spectra(signal_type=signal_type), image()
    overview, line = image((60, 50)), spectra().inav[0]
    assert find_scan([overview, line, haadf, scan]) == (scan, haadf)


def test_prefers_the_title_haadf_over_other_images_of_the_scan():
    scan, haadf = spectra(), image(title="STEM HAADF 2")
    assert find_scan([image(title="BF"), haadf, scan])[1] is haadf


def test_takes_the_only_image_of_the_scan_whatever_its_title():
    scan, survey = spectra(), image(title="ADF detector")
    assert find_scan([survey, scan])[1] is survey


@pytest.mark.parametrize(
    ("signals", "message"),
    [
        ([image()], "no EDS or EELS spectrum image"),
        ([image(), spectra(), spectra()], "more than one EDS or EELS spectrum image.*--spectra"),
        ([spectra()], "no HAADF image of 5 x 6"),
        ([image(title="BF"), spectra()], "titled HAADF.*--haadf"),
        ([spectra(), image((5, 6))], "no HAADF image of 5 x 6"),
        ([spectra(), image(), image()], "more than one HAADF image.*--haadf"),
        (
            [spectra(), image(title="First"), image(title="Second")],
            "more than one HAADF image.*--haadf",
        ),
    ],
)
def test_refuses_to_guess(signals, message):
    with pytest.raises(ValueError, match=message) as caught:
        find_scan(signals)
    assert all(str(signal) in str(caught.value) for signal in signals)


def test_numbers_decide_between_equals():
    first, second, scan = image(), image(), spectra()
    assert find_scan([first, second, scan], haadf=1)[1] is second
    with pytest.raises(ValueError, match="no signal 7"):
        find_scan([first, second, scan], haadf=7)


def test_maps_of_elements_in_a_project_are_no_haadf():
    scan, survey = spectra(), image(title="IMG1")
    maps = [image(title="C K"), image(title="Fe K"), image(title="Cu Kα1")]
    assert find_scan([survey, *maps, scan])[1] is survey


def test_a_finer_image_is_found_and_one_of_the_scan_preferred():
    scan, fine, survey = spectra(), image((12, 10)), image((60, 50), title="Survey")
    for axis in survey.axes_manager.signal_axes:
        axis.scale, axis.units = 7.0, "nm"
    for axis in scan.axes_manager.navigation_axes:
        axis.units = "nm"
    assert find_scan([fine, survey, scan])[1] is fine
    exact = image()
    assert find_scan([fine, exact, scan])[1] is exact


def test_image_with_navigation_axes():
    scan, haadf = spectra(), image().T
    assert haadf.axes_manager.navigation_dimension == 2
    assert find_scan([haadf, scan])[1] is haadf


def test_maps_and_their_haadf():
    maps = [image(title="Ti"), image(title="O")]
    haadf, other = image(), image((3, 3), title="Sr")
    assert find_maps([*maps, haadf, other]) == (maps, haadf)
    with pytest.raises(ValueError, match=r"no image titled HAADF.*--haadf N"):
        find_maps(maps)


def test_the_only_image_beside_maps_is_their_haadf_unless_it_is_bright_field():
    maps, survey = [image(title="C K"), image(title="Cu K")], image(title="IMG1")
    assert find_maps([survey, *maps]) == (maps, survey)
    for others in ([image(title="BF")], [survey, image(title="IMG2")], []):
        with pytest.raises(ValueError, match=r"no image titled HAADF.*--haadf N") as caught:
            find_maps([*others, *maps])
        assert all(str(signal) in str(caught.value) for signal in (*others, *maps))
    with pytest.raises(ValueError, match="no image titled HAADF"):
        find_maps([survey])


def test_files_without_maps_are_refused():
    with pytest.raises(ValueError, match=r"no map with the 5 x 6 pixels .* image\. Found"):
        find_maps([image(), image((3, 3), title="Sr")])
    with pytest.raises(ValueError, match="Leave out --maps"):
        find_maps([image(), spectra()])


def test_spectra_beside_maps_are_told(caplog):
    signals = [image(), image(title="Cu K"), spectra()]
    say_spectra_are_there(signals[:2])
    assert not caplog.records
    say_spectra_are_there(signals)
    assert "spectra (signal 2). Fuse these instead" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spectra": 1}, r"--spectra 1 \(C K\) is an image. Pass --spectra 2."),
        ({"spectra": 3}, "--spectra 3 .* is a single spectrum.*Pass --spectra 2."),
        ({"spectra": 4}, "--spectra 4 .* --signal-type EDS_TEM"),
        ({"spectra": 5}, "no signal 5"),
        ({"haadf": 2}, r"--haadf 2 \(EDX\) is not an image. Pass --haadf 0."),
        ({"haadf": -1}, "no signal -1"),
    ],
)
def test_numbers_of_other_signals_are_refused(options, message):
    plain = hs.signals.Signal1D(np.zeros((6, 5, 20)))
    plain.metadata.General.title = "plain"
    signals = [image(), image(title="C K"), spectra(), spectra().inav[0, 0], plain]
    with pytest.raises(ValueError, match=message):
        find_scan(signals, **options)
    if "haadf" in options:
        with pytest.raises(ValueError, match=message):
            find_maps(signals, **options)


def test_an_image_whose_title_is_not_haadf_is_named(caplog):
    say_image_is_taken(image())
    assert not caplog.records
    with gathered() as notes:
        say_image_is_taken(image(title="IMG1"))
    assert [note.brief for note in notes] == ["IMG1 is taken for the HAADF."]
