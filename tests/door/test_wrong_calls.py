"""Calls that cannot be right: what is said, and that swapped signals work all the same."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps, suggest_elements

from .conftest import GIVEN, fused


def test_swapped_signals(signal, haadf, expected, caplog):
    np.testing.assert_array_equal(fused(haadf, signal), expected)
    assert "swapped" in caplog.text
    assert repr(signal) in caplog.text and repr(haadf) in caplog.text


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda s, h: hs.signals.Signal1D(s.data).multimodal_fusion(h),
            TypeError,
            ["set_signal_type('EDS_TEM')", "EELS", "add_elements"],
        ),
        (
            lambda s, h: h.multimodal_fusion(h),
            TypeError,
            ["is called on the spectrum image", "image"],
        ),
        (lambda s, h: h.multimodal_fusion(s.data), TypeError, ["array of shape (16, 12, 1024)"]),
        (
            lambda s, h: s.multimodal_fusion(s),
            ValueError,
            ["spectrum image itself is not a HAADF image"],
        ),
        (lambda s, h: s.sum().multimodal_fusion(h), ValueError, ["single spectrum"]),
        (lambda s, h: s.multimodal_fusion(h, elements=["Co"]), TypeError, ["s.add_elements"]),
        (lambda s, h: s.multimodal_fusion(h, mask=None), TypeError, ["'navigation_mask'"]),
        (lambda s, h: s.multimodal_fusion("haadf.tif"), TypeError, ["'haadf.tif'", "Signal2D"]),
        (lambda s, h: s.multimodal_fusion(h, lambdas="0.1"), ValueError, ["lambda_1, lambda_2"]),
        (lambda s, h: s.multimodal_fusion(h, gamma="1.7"), (TypeError, ValueError), ["gamma"]),
        (lambda s, h: s.multimodal_fusion(h, xray_lines=["Co_Zz"]), ValueError, ["'Co_Ka'"]),
        (lambda s, h: s.multimodal_fusion(h, xray_lines=["Li"]), ValueError, ["'Li'"]),
        (lambda s, h: s.multimodal_fusion(h, weights=[1, 2]), ValueError, ["weights"]),
        (lambda s, h: fuse_maps({"xx": h.data}, h), ValueError, ["'xx'", "'Ti'"]),
        (lambda s, h: fuse_maps([h.data], h), ValueError, ["elements="]),
    ],
)
def test_message(signal, haadf, call, error, words):
    with pytest.raises(error) as refused:
        call(signal, haadf)
    assert all(word in str(refused.value) for word in words), refused.value


def test_no_elements(signal, haadf):
    del signal.metadata.Sample
    with pytest.raises(ValueError, match=r"add_elements.*suggest_elements"):
        signal.multimodal_fusion(haadf)


def test_suggestions_for_eels():
    signal = hs.signals.Signal1D(np.ones((3, 3, 50)))
    signal.set_signal_type("EELS")
    with pytest.raises(TypeError, match=r"EDS spectra only.*s\.metadata\.Sample\.elements = "):
        suggest_elements(signal)


def test_no_units(signal, haadf):
    plain = hs.signals.Signal1D(signal.data)
    plain.set_signal_type("EDS_TEM")
    plain.metadata.set_item("Sample.elements", ["Co", "O", "S"])
    with pytest.raises(ValueError, match=r"keV or eV.*1024 channels of 1 from 0.*units = 'keV'"):
        plain.multimodal_fusion(haadf)


def test_inputs_stay_as_they_are(signal, haadf):
    signal.metadata.Sample.elements = "co o s"
    signal.metadata.Acquisition_instrument.TEM.beam_energy = 0
    before = signal.metadata.as_dictionary(), haadf.metadata.as_dictionary(), haadf.data.copy()
    counts = signal.data.copy()
    signal.multimodal_fusion(haadf, **GIVEN)
    assert signal.metadata.as_dictionary() == before[0]
    assert haadf.metadata.as_dictionary() == before[1]
    np.testing.assert_array_equal(haadf.data, before[2])
    np.testing.assert_array_equal(signal.data, counts)
