"""Wrong arguments: the error says what was given, what was expected and what to do."""

import hyperspy.api as hs
import numpy as np
import pytest
from slow_repeats import alternating, slow

from hyperspy_multimodal.data import core_shell

SHAPE = (8, 10)
LAMBDAS = (0.01, 0.02)


@pytest.fixture(scope="module")
def specimen():
    specimen = core_shell(SHAPE, counts=20)
    for axes in (
        specimen.signal.axes_manager.navigation_axes,
        specimen.haadf.axes_manager.signal_axes,
    ):
        for axis in axes:
            axis.scale, axis.units = 0.5, "nm"
    return specimen


def state(thing):
    if isinstance(thing, hs.signals.BaseSignal):
        return (
            thing.data.tobytes(),
            thing.data.dtype,
            thing.metadata.as_dictionary(),
            thing.axes_manager.as_dictionary(),
        )
    return repr(thing)


def assert_refused(signal, haadf, options, error, words):
    """Check the error, its words, and that nothing was modified."""
    before = state(signal), state(haadf), repr(options)
    with pytest.raises(error) as refused:
        signal.multimodal_fusion(haadf, **options)
    assert refused.type in (TypeError, ValueError)
    message = str(refused.value)
    missing = [word for word in words if word not in message]
    assert not missing, message
    assert (state(signal), state(haadf), repr(options)) == before


# HAADF


def rgb(haadf):
    image = hs.signals.Signal1D(np.zeros((*SHAPE, 3), dtype=np.uint8))
    image.change_dtype("rgb8")
    return image


def with_value(value):
    def bad(haadf):
        image = haadf.deepcopy()
        image.data[2, 3] = image.data[4, 5] = value
        return image

    return bad


def with_scale(scale, units="nm"):
    def other(haadf):
        image = haadf.deepcopy()
        for axis in image.axes_manager.signal_axes:
            axis.scale, axis.units = scale, units
        return image

    return other


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (lambda h: h.data[:6], ValueError, ["haadf", "(6, 10)", "(8, 10)", "rows, columns"]),
        (lambda h: h.data[0], ValueError, ["haadf", "(10,)", "(8, 10)"]),
        (lambda h: h.isig[:6], ValueError, ["haadf", "(8, 6)", "6 pixels", "10 pixels"]),
        (lambda h: np.zeros((2, *SHAPE)), ValueError, ["haadf", "(2, 8, 10)", "(8, 10)"]),
        (lambda h: 3.0, ValueError, ["haadf", "()", "(8, 10)"]),
        (lambda h: h.data.T, ValueError, ["haadf", "(10, 8)", "swapped", "haadf.T"]),
        (
            lambda h: h.swap_axes(0, 1),
            ValueError,
            ["haadf", "swapped", "transpose(signal_axes=[1, 0])"],
        ),
        (lambda h: "haadf.tif", TypeError, ["haadf", "'haadf.tif'", "Signal2D", "(8, 10)"]),
        (lambda h: None, TypeError, ["haadf", "None", "Signal2D"]),
        (lambda h: {"data": 1}, TypeError, ["haadf", "{'data': 1}", "Signal2D"]),
        (lambda h: h.data + 1j, TypeError, ["haadf", "complex", "real numbers"]),
        (lambda h: h.data.astype(str), TypeError, ["haadf", "real numbers"]),
        (rgb, TypeError, ["haadf", "real numbers", "colour"]),
        (lambda h: hs.stack([h, h]), ValueError, ["haadf", "one image", "stack", "(2,)|(10, 8)"]),
        (with_value(np.nan), ValueError, ["haadf", "2 of its 80", "finite", "masked_invalid"]),
        (with_value(-np.inf), ValueError, ["haadf", "2 of its 80", "finite", "masked_invalid"]),
        (lambda h: h * 0 + 7, ValueError, ["haadf", "constant", "7", "HAADF image of the scan"]),
        (lambda h: np.ones(SHAPE), ValueError, ["haadf", "constant"]),
    ],
)
def test_haadf_that_does_not_fit(specimen, given, error, words):
    haadf = given(specimen.haadf)
    assert_refused(specimen.signal, haadf, {"lambdas": LAMBDAS}, error, words)


def test_spectrum_image_is_no_haadf(specimen):
    words = ["haadf", "one image", "spectrum image"]
    assert_refused(specimen.signal, specimen.signal, {"lambdas": LAMBDAS}, ValueError, words)


# spectra


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (lambda s: s.inav[3, 4], ["single spectrum", "two navigation axes"]),
        (lambda s: s.inav[3], ["a line of 8 scan positions", "8 values", "(8, 10)"]),
        (lambda s: s.sum(), ["single spectrum", "two navigation axes"]),
    ],
)
def test_only_maps_of_spectra(specimen, part, words):
    assert_refused(part(specimen.signal), specimen.haadf, {"lambdas": LAMBDAS}, ValueError, words)


# 6.9 keV lies in a window, the others below and above all
@alternating(lazy=[False, True], value=[np.nan, np.inf], energy=[0.05, 6.9, 9.9])
def test_spectra_that_are_not_finite(specimen, energy, value, lazy):
    signal = specimen.signal.deepcopy()
    signal.change_dtype(np.float32)
    signal.data[1, 2, signal.axes_manager.signal_axes[0].value2index(energy)] = value
    words = ["NaN or infinity", "inite counts", "row 1, column 2", "navigation_mask"]
    for method in ("fit", "windows"):
        with pytest.raises(ValueError) as refused:
            (signal.as_lazy() if lazy else signal).multimodal_fusion(
                specimen.haadf, lambdas=LAMBDAS, map_method=method, lazy_output=False
            )
        assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize("dtype", [slow(np.int32), np.float64])
def test_negative_spectra(specimen, dtype):
    signal = specimen.signal.deepcopy()
    signal.change_dtype(dtype)
    signal.data -= 1
    words = ["negative counts", "as recorded"]
    assert_refused(signal, specimen.haadf, {"lambdas": LAMBDAS}, ValueError, words)


def test_fractions_cannot_be_split(specimen):
    signal = specimen.signal * 0.5
    words = ["lambdas='auto'", "whole counts", "fractions", "lambdas=(lambda_1, lambda_2)"]
    assert_refused(signal, specimen.haadf, {}, ValueError, words)
    assert len(signal.multimodal_fusion(specimen.haadf, lambdas=LAMBDAS)) == 3


def test_elements_are_needed(specimen):
    signal = specimen.signal.deepcopy()
    del signal.metadata.Sample
    words = ["no elements", "add_elements", "xray_lines"]
    assert_refused(signal, specimen.haadf, {"lambdas": LAMBDAS}, ValueError, words)


# other arguments

LINE_ORDER = "['Co_Ka', 'O_Ka', 'S_Ka']"
WINDOWS = [[6.8, 7.05], [0.5, 0.55], [2.2, 2.4]]
SIDES = [[6.2, 6.4, 7.2, 7.4], [0.3, 0.4, 0.6, 0.65], [1.9, 2.1, 2.6, 2.7]]


def changed(rows, value):
    """The rows, with another first row."""
    return [value, *rows[1:]]


LINES = [
    ({"Co": "Ka"}, TypeError, ["xray_lines", "list"]),
    (5, TypeError, ["xray_lines", "5", "list"]),
    ([], ValueError, ["xray_lines", "[]", "at least one"]),
    ([3], TypeError, ["string", "'Ti_Ka'", "3"]),
    (["Xx_Ka"], ValueError, ["'Xx_Ka'", "'Xx'", "element"]),
    (["Co_Kz"], ValueError, ["'Co_Kz'", "'Co_Ka'"]),
    (["Li"], ValueError, ["'Li'", "Unknown X-ray line"]),
    (["Au_Ka"], ValueError, ["Au_Ka", "energy axis", "keV", "xray_lines"]),
    (["Co_Ka", "O_Ka", "Co_Ka"], ValueError, ["xray_lines", "once", "Co_Ka"]),
]

NUMBERS = [
    ("gamma", 0, ValueError, ["> 0", "0"]),
    ("gamma", -1, ValueError, ["> 0", "-1"]),
    ("gamma", np.nan, ValueError, ["finite", "nan"]),
    ("gamma", np.inf, ValueError, ["finite", "inf"]),
    ("gamma", "x", ValueError, ["number", "'auto'", "'x'"]),
    ("gamma", None, TypeError, ["number", "None"]),
    ("gamma", True, TypeError, ["number", "True"]),
    ("max_iterations", 0, ValueError, [">= 1", "0"]),
    ("max_iterations", 1.5, TypeError, ["integer", "1.5"]),
    ("max_iterations", "10", TypeError, ["integer", "'10'"]),
    ("tolerance", 0, ValueError, ["> 0", "0"]),
    ("tolerance", -1e-3, ValueError, ["> 0", "-0.001"]),
    ("tolerance", None, TypeError, ["number", "None"]),
    ("seed", -1, ValueError, [">= 0", "-1"]),
    ("seed", 0.5, (TypeError, ValueError), ["integer", "0.5"]),
    ("seed", None, (TypeError, ValueError), ["integer", "None"]),
    ("show_progressbar", "yes", TypeError, ["True", "'yes'"]),
    ("keep_totals", "no", TypeError, ["True or False", "'no'"]),
    ("keep_totals", 1, TypeError, ["True or False", "1"]),
    ("full_output", None, TypeError, ["True or False", "None"]),
]

PAIRS = [
    ((0.01, -1), ValueError, ["lambda_2", ">= 0", "-1"]),
    ((-1, 0.01), ValueError, ["lambda_1", "> 0", "-1"]),
    ((0, 0.01), ValueError, ["lambda_1", "> 0", "ignored"]),
    ((0.01,), ValueError, ["lambdas", "pair", "1 values"]),
    ((0.01, 0.02, 0.03), ValueError, ["lambdas", "pair", "3 values"]),
    ("best", ValueError, ["lambdas", "'auto'", "pair", "'best'"]),
    (0.01, TypeError, ["lambdas", "pair", "0.01"]),
    (None, TypeError, ["lambdas", "pair", "None"]),
    ((np.nan, 0.01), ValueError, ["lambda_1", "finite", "nan"]),
    ((0.01, np.inf), ValueError, ["lambda_2", "finite", "inf"]),
    ((0.01, "weak"), TypeError, ["lambda_2", "'weak'"]),
    ((0.01, None), TypeError, ["lambda_2", "None"]),
    ((0.01, [0.1, 0.2]), ValueError, ["lambda_2", "3 numbers", "2 were given"]),
    (([0.01] * 4, 0.1), ValueError, ["lambda_1", "3 numbers", "4 were given"]),
    ((0.01, [0.1, -0.2, 0.1]), ValueError, ["lambda_2[1]", ">= 0", "-0.2"]),
]

WEIGHTS = [
    ("y", ValueError, ["weights", "'auto'", "None", "'y'"]),
    ([1, -1, 1], ValueError, ["weights[1]", ">= 0", "-1"]),
    ([1, 1], ValueError, ["weights", "3 numbers", "2 were given"]),
    ([1, np.nan, 1], ValueError, ["weights[1]", "finite", "nan"]),
    ([1, "a", 1], TypeError, ["weights[1]", "'a'"]),
]

INTEGRATION = [
    (0, ValueError, ["width > 0", "0"]),
    (-1, ValueError, ["width > 0", "-1"]),
    (np.nan, ValueError, ["width > 0", "nan"]),
    ("auto", TypeError, [LINE_ORDER, "'auto'"]),
    (None, (TypeError, ValueError), [LINE_ORDER, "FWHM"]),
    (WINDOWS[:2], ValueError, ["(3, 2)", "(2, 2)", LINE_ORDER]),
    ([[1, 2, 3]] * 3, ValueError, ["(3, 2)", "(3, 3)"]),
    (changed(WINDOWS, [7.05, 6.8]), ValueError, ["left < right", "7.05"]),
    (changed(WINDOWS, [np.nan, 6.8]), ValueError, ["left < right", "nan"]),
    (changed(WINDOWS, [20, 21]), ValueError, ["energy axis", "10.23 keV", "21"]),
    (changed(WINDOWS, [-3, -2]), ValueError, ["energy axis", "-3"]),
    (changed(WINDOWS, [6.9301, 6.9302]), ValueError, ["Co_Ka", "no channel", "Widen"]),
]

BACKGROUND = [
    (0, ValueError, ["(3, 4)", "()", "'auto', None"]),
    (-1, ValueError, ["(3, 4)", "()"]),
    ("none", TypeError, ["'auto', None", "'none'"]),
    (SIDES[:2], ValueError, ["(3, 4)", "(2, 4)", LINE_ORDER]),
    (WINDOWS, ValueError, ["(3, 4)", "(3, 2)"]),
    (changed(SIDES, [6.4, 6.2, 7.2, 7.4]), ValueError, ["left < right", "6.4"]),
    (changed(SIDES, [6.2, 6.4, 7.4, 7.2]), ValueError, ["left < right", "7.4"]),
    (changed(SIDES, [6.2, 6.4, 12, 13]), ValueError, ["energy axis", "10.23 keV", "13"]),
]


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        *((name, value, error, [name, *words]) for name, value, error, words in NUMBERS),
        *(("xray_lines", *case) for case in LINES),
        *(("lambdas", *case) for case in PAIRS),
        *(("weights", *case) for case in WEIGHTS),
        *(
            ("integration_windows", value, error, ["integration_windows", *words])
            for value, error, words in INTEGRATION
        ),
        *(
            ("background_windows", value, error, ["background_windows", *words])
            for value, error, words in BACKGROUND
        ),
    ],
)
def test_wrong_values(specimen, name, value, error, words):
    options = {"lambdas": LAMBDAS, name: value}
    if name == "background_windows":
        options["map_method"] = "windows"
    assert_refused(specimen.signal, specimen.haadf, options, error, words)


@pytest.mark.parametrize(
    ("keyword", "hint"),
    [
        ("lambda", "'lambdas'"),
        ("weight", "'weights'"),
        ("max_iteration", "'max_iterations'"),
        ("integration_window", "'integration_windows'"),
        ("banana", None),
    ],
)
def test_unknown_keyword(specimen, keyword, hint):
    words = ["unknown keyword", repr(keyword), "background_windows", "multimodal_fusion"]
    words += [f"Did you mean {hint}?"] if hint else []
    assert_refused(specimen.signal, specimen.haadf, {keyword: 1}, TypeError, words)


def test_wrong_values_are_found_before_lazy_data_are_read(specimen):
    reads = []

    def read(block):
        reads.append(1)
        return block

    lazy = specimen.signal.as_lazy()
    meta = np.array((), dtype=lazy.data.dtype)
    lazy.data = lazy.data.map_blocks(read, dtype=lazy.data.dtype, meta=meta)
    for options in ({"gamma": -1}, {"lambdas": "best"}, {"seed": -1}, {"xray_lines": "Zz_Ka"}):
        with pytest.raises((TypeError, ValueError)):
            lazy.multimodal_fusion(specimen.haadf, **options)
    with pytest.raises(ValueError):
        lazy.multimodal_fusion(specimen.haadf.data.T)
    assert not reads


@pytest.mark.parametrize(
    ("options", "usual"),
    [
        ({"regulariser": "TV"}, {"regulariser": "tv"}),
        (
            {"regulariser": ["Huber", "ISOTROPIC", "tv"]},
            {"regulariser": ["huber", "isotropic", "tv"]},
        ),
        ({"map_method": "Windows", "weights": "z"}, {"map_method": "windows", "weights": "Z"}),
        ({"gamma": "Auto", "keep_totals": "AUTO"}, {"gamma": "auto", "keep_totals": "auto"}),
    ],
)
def test_options_may_be_in_upper_or_lower_case(specimen, options, usual):
    fixed = {"lambdas": LAMBDAS, "show_progressbar": False}
    found, expected = (
        specimen.signal.multimodal_fusion(specimen.haadf, **fixed, **each)
        for each in (options, usual)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
        assert one.metadata.Multimodal_fusion.as_dictionary() == (
            other.metadata.Multimodal_fusion.as_dictionary()
        )
