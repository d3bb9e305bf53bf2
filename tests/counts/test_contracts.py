"""Plans, projections, readings and maps of all methods are what they promise each other."""

import inspect

import numpy as np
import pytest

from hyperspy_multimodal.counts import contracts
from hyperspy_multimodal.counts.left_out import first_reading
from hyperspy_multimodal.counts.masked_maps import MaskedMaps
from hyperspy_multimodal.counts.passes import combined_counts, count_block
from hyperspy_multimodal.data import core_loss, core_shell
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.eds.xray_windows import plan_windows
from hyperspy_multimodal.eels.edge_fit import plan_edge_fit
from hyperspy_multimodal.eels.edge_measurement import plan_edges
from hyperspy_multimodal.given.noisy_maps import ready_maps
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.lazy.reading_tasks import spectra_of

PLANS = {
    "XrayFitPlan": (core_shell, lambda s: plan_fit(s, None, 2.0, None)),
    "XrayWindowPlan": (core_shell, lambda s: plan_windows(s, None, 2.0, "auto")),
    "EdgeFitPlan": (core_loss, lambda s: plan_edge_fit(s, None, None, None)),
    "EdgeWindowPlan": (core_loss, lambda s: plan_edges(s, None, None, "auto", None)),
}


@pytest.fixture(scope="module", params=PLANS)
def planned(request):
    make, plan = PLANS[request.param]
    signal = make((16, 16), counts=20).signal
    assert type(plan(signal)).__name__ == request.param
    return signal, plan(signal)


def spoilt(signal):
    signal = signal.deepcopy()
    signal.data = signal.data.astype("u4")
    signal.data[5, 7] = 9000
    return signal


def check(each, contract):
    """An object has all members of a contract, and its methods take the same arguments."""
    members = {}
    for base in contract.__mro__:
        members |= dict.fromkeys(inspect.get_annotations(base)) | vars(base)
    for name, member in members.items():
        if name.startswith("_") or name in vars(object):
            continue
        assert hasattr(each, name), f"{type(each).__name__} lacks {name}"
        if inspect.isfunction(member):
            promised = list(inspect.signature(member).parameters)[1:]
            assert list(inspect.signature(getattr(each, name)).parameters) == promised


def check_maps(maps):
    check(maps, contracts.Maps)
    truth = np.maximum(maps.net, 0)
    check(maps.drawn(truth, np.random.default_rng(0)), contracts.Counts)
    for part in (maps.settled, maps.cropped(slice(3), slice(4)), *maps.halves(1, 0)[0]):
        check(part, contracts.Maps)
    np.testing.assert_array_equal(maps.settled.net, maps.net)


def test_a_contract_tells_what_is_missing():
    with pytest.raises(AssertionError, match="lacks"):
        check(object(), contracts.Maps)


def test_plans(planned):
    plan = planned[1]
    check(plan, contracts.SmoothPlan if plan.smooth else contracts.Plan)


@pytest.mark.parametrize("spoil", [lambda signal: signal, spoilt], ids=["sound", "spoilt"])
def test_readings_and_their_maps(planned, spoil):
    signal, plan = spoil(planned[0]), planned[1]
    reading = read_now(signal, plan, splits=1)
    mask = np.eye(16, dtype=bool)
    assert (reading.mask is None) == (signal is planned[0])
    for each in (reading, reading.for_fusion(True)):
        check(each, contracts.Reading)
        check_maps(each.maps)
        check_maps(MaskedMaps(each.maps, mask))
    final = reading.for_fusion(False)
    check(final, contracts.Reading)
    assert final.record == reading.record
    np.testing.assert_allclose(final.raw, reading.raw, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("spoil", [lambda signal: signal, spoilt], ids=["sound", "spoilt"])
def test_projections(planned, spoil):
    signal, plan = spoil(planned[0]), planned[1]
    place = tuple(slice(0, size) for size in signal.data.shape)
    part = count_block(plan.limits, False, place, signal.data)
    first = first_reading(plan, *combined_counts([part], [place], signal.data.shape, plan.negative))
    if plan.two_passes:
        check(first, contracts.Projection)
        assert first.operator.shape[0] == signal.data.shape[2]
    else:
        check(first, contracts.Reading)


def test_spectra(planned):
    for signal in (planned[0], planned[0].as_lazy()):
        spectra = spectra_of(signal)
        assert spectra.shape == signal.data.shape
        for name in ("places", "compact", "passed", "call"):
            assert hasattr(spectra, name)


def test_given_maps():
    check_maps(ready_maps(["A"], np.ones((1, 8, 9)), None, None, 1, 0)[0])
