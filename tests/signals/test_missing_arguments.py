"""What is said of a required argument that is missing, by all functions that take a HAADF image."""

import pytest

from hyperspy_multimodal import fit_maps, fuse_maps
from hyperspy_multimodal.data import core_shell


@pytest.fixture(scope="module")
def specimen():
    return core_shell((16, 16), counts=5)


@pytest.mark.parametrize("name", ["multimodal_fusion", "multimodal_fusion_interactive"])
def test_no_haadf(specimen, name):
    with pytest.raises(TypeError, match=rf"{name} needs haadf.*print\(hs.load\(file\)\)"):
        getattr(specimen.signal, name)()


@pytest.mark.parametrize("given", [None, "haadf.hspy"])
def test_no_image_instead_of_the_haadf(specimen, given):
    with pytest.raises(TypeError, match=r"given.*print\(hs.load\(file\)\)"):
        specimen.signal.multimodal_fusion(given)


def test_functions_name_all_that_is_missing(specimen):
    with pytest.raises(TypeError, match="fuse_maps needs maps and haadf"):
        fuse_maps()
    with pytest.raises(TypeError, match=r"fuse_maps needs haadf\. "):
        fuse_maps(maps=specimen.counts)
    with pytest.raises(TypeError, match=r"fit_maps needs s\. "):
        fit_maps()


def test_numbers_of_values_are_checked_before_spectra_are_read(specimen, monkeypatch):
    from hyperspy_multimodal.signals.scan import Scan

    def read(*_):
        raise AssertionError("The spectra were read.")

    monkeypatch.setattr(Scan, "read", read)
    for wrong in (
        {"lambdas": ([0.1] * 2, 0.1)},
        {"weights": [1.0, 2.0]},
        {"regulariser": ["isotropic", "huber"]},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong)).replace("lambdas", "lambda_1")):
            specimen.signal.multimodal_fusion(specimen.haadf, **wrong)


@pytest.mark.parametrize("weights", [{"Co": 1.0, "O": 1.0, "S": 1.0}, {1.0, 2.0, 3.0}])
def test_numbers_without_an_order_are_refused(specimen, weights):
    with pytest.raises(TypeError, match="in the order of the maps"):
        specimen.signal.multimodal_fusion(specimen.haadf, weights=weights)
