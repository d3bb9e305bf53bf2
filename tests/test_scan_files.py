"""Which signals of a file are taken, and when the choice is refused."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.command.scan_files import find_scan


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
        ([spectra(), image(title="A"), image(title="B")], "more than one HAADF image.*--haadf"),
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
