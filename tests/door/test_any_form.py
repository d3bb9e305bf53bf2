"""One property: in whatever form a scan comes, its fused totals are the same."""

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_repeats import slow

from .conftest import GIVEN
from .test_data_forms import flipped, moved

FORMS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["windows", "windows", "windows", "fit"]),
        "place": st.sampled_from([0, 1, 2]),
        "descends": st.booleans(),
        "turned": st.booleans(),
        "dtype": st.sampled_from(["u1", "u2", ">u2", "i4", ">i4", "f4", ">f4", "f8"]),
        "order": st.sampled_from("CF"),
        "chunks": st.none() | st.tuples(*[st.integers(5, 16)] * 2, st.integers(300, 1024)),
        "masked": st.sampled_from(["no", "nothing", "one", "argument"]),
        "elements": st.sampled_from(
            [["Co", "O", "S"], "Co,O,S", np.array([b"co", b"o", b"s"]), ("S", "Co", "O")]
        ),
        "lines": st.sampled_from(
            [None, ["Co_Ka", "O_Ka", "S_Ka"], "S_Ka Co_Ka O_Ka", np.array(["coka", "oka", "ska"])]
        ),
        "energy": st.sampled_from([200, 200.0, 0, -1, "200", None, 200_000]),
        "units": st.sampled_from(["keV", "KEV", "kev"]),
        "haadf": st.sampled_from(["signal", "array", "navigation", "finer", "lazy", ">f4"]),
    }
)  # fmt: skip


def formed(small, form):
    """Return the scan in a form: signal, HAADF and mask."""
    signal, haadf = small.signal.deepcopy(), small.haadf.deepcopy()
    mask = np.zeros(haadf.data.shape, bool)
    mask[3, 4] = True
    masked = form["masked"]
    signal.metadata.Sample.elements = form["elements"]
    if form["lines"] is None:
        del signal.metadata.Sample.xray_lines
    else:
        signal.metadata.Sample.xray_lines = form["lines"]
    if form["energy"] is None:
        del signal.metadata.Acquisition_instrument.TEM.beam_energy
    else:
        signal.metadata.Acquisition_instrument.TEM.beam_energy = form["energy"]
    signal.axes_manager[-1].units = form["units"]
    signal.data = signal.data.astype(form["dtype"])
    if form["descends"]:
        signal = flipped(signal)
    if form["turned"]:
        for axis in signal.axes_manager.navigation_axes:
            axis.offset, axis.scale = axis.high_value, -axis.scale
    signal = moved(signal, form["place"])
    signal.data = np.asarray(signal.data, order=form["order"])
    pixels = np.expand_dims(mask if masked == "one" else mask & False, form["place"])
    pixels = np.broadcast_to(pixels, signal.data.shape)
    if form["chunks"] is not None:
        chunks = list(form["chunks"][:2])
        chunks.insert(form["place"], form["chunks"][2])
        signal = signal.as_lazy()
        signal.data = signal.data.rechunk(chunks)
        if masked in ("one", "nothing"):
            signal.data = da.ma.masked_array(signal.data, mask=pixels)
    elif masked in ("one", "nothing"):
        signal.data = np.ma.masked_array(signal.data, mask=pixels)
    image = {
        "signal": lambda: haadf,
        "array": lambda: haadf.data,
        "navigation": lambda: haadf.T,
        "finer": lambda: np.kron(haadf.data, np.ones((2, 2))),
        "lazy": haadf.as_lazy,
        ">f4": lambda: haadf.data.astype(">f4"),
    }[form["haadf"]]()
    return signal, image, mask if masked == "argument" else None


@pytest.fixture(scope="session")
def wanted(small):
    """Totals by line, by method, without and with one scan position left out."""
    mask = np.zeros(small.haadf.data.shape, bool)
    mask[3, 4] = True
    return {
        (method, masked): by_line(small.signal, small.haadf, mask if masked else None, method)
        for method in ("windows", "fit")
        for masked in (False, True)
    }


def by_line(signal, haadf, mask, method):
    maps = signal.multimodal_fusion(
        haadf, navigation_mask=mask, lazy_output=False, map_method=method, **GIVEN
    )
    return {each.metadata.Sample.xray_lines[0]: float(each.data.sum()) for each in maps}


@pytest.mark.slow
@pytest.mark.parametrize("examples", [4, slow(200)])
def test_totals_do_not_depend_on_the_form(small, wanted, examples):
    @settings(max_examples=examples, deadline=None, derandomize=True)
    @given(form=FORMS)
    def check(form):
        signal, haadf, mask = formed(small, form)
        totals = by_line(signal, haadf, mask, form["method"])
        masked = form["masked"] in ("one", "argument")
        assert totals == pytest.approx(wanted[form["method"], masked], rel=1e-4)

    check()
