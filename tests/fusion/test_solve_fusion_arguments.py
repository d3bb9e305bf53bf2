"""Wrong arguments are refused with the argument's name, what was given and what was expected."""

import numpy as np
import pytest

from hyperspy_multimodal.fusion import solve_fusion

SHAPE = (2, 3, 4)


def valid():
    return {
        "counts": np.ones(SHAPE),
        "haadf": np.ones(SHAPE[1:]),
        "gamma": 1.7,
        "lambdas": (0.1, 0.1),
        "max_iterations": 1,
        "tolerance": 10.0,
    }


def filled(shape, value):
    """Ones but for one value."""
    array = np.ones(shape, dtype=np.result_type(type(value), float))
    array[(-1,) * len(shape)] = value
    return array


WRONG = [
    # counts
    ({"counts": np.ones((3, 4))}, ValueError, ["counts", "(3, 4)", "(K, ny, nx)"]),
    ({"counts": np.ones((2, 0, 4))}, ValueError, ["counts", "(2, 0, 4)", "empty"]),
    ({"counts": filled(SHAPE, np.nan)}, ValueError, ["counts", "1 of its 24", "finite"]),
    ({"counts": filled(SHAPE, np.inf)}, ValueError, ["counts", "1 of its 24", "finite"]),
    ({"counts": filled(SHAPE, -2.5)}, ValueError, ["counts", "-2.5", ">= 0"]),
    ({"counts": filled(SHAPE, 1j)}, TypeError, ["counts", "complex", "real"]),
    ({"counts": np.full(SHAPE, "two")}, TypeError, ["counts", "real numbers"]),
    ({"counts": np.full(SHAPE, "2")}, TypeError, ["counts", "real numbers"]),
    ({"counts": np.full(SHAPE, None)}, TypeError, ["counts", "objects", "real numbers"]),
    # haadf
    ({"haadf": np.ones((4, 3))}, ValueError, ["haadf", "(4, 3)", "(3, 4)"]),
    ({"haadf": np.ones(SHAPE)}, ValueError, ["haadf", "(2, 3, 4)", "(3, 4)"]),
    ({"haadf": 1.0}, ValueError, ["haadf", "()", "(3, 4)"]),
    ({"haadf": filled(SHAPE[1:], np.nan)}, ValueError, ["haadf", "1 of its 12", "finite"]),
    ({"haadf": filled(SHAPE[1:], 1j)}, TypeError, ["haadf", "real numbers"]),
    ({"haadf": np.full(SHAPE[1:], "dark")}, TypeError, ["haadf", "real numbers"]),
    # gamma
    ({"gamma": 0}, ValueError, ["gamma", "0.0", "> 0"]),
    ({"gamma": -1}, ValueError, ["gamma", "-1.0", "> 0"]),
    ({"gamma": np.nan}, ValueError, ["gamma", "nan", "finite"]),
    ({"gamma": np.inf}, ValueError, ["gamma", "inf", "finite"]),
    ({"gamma": "a"}, TypeError, ["gamma", "'a'", "number"]),
    ({"gamma": True}, TypeError, ["gamma", "True", "number"]),
    ({"gamma": None}, TypeError, ["gamma", "None", "number"]),
    ({"gamma": [1.7, 1.7]}, TypeError, ["gamma", "[1.7, 1.7]", "number"]),
    # lambdas
    ({"lambdas": 0.1}, TypeError, ["lambdas", "0.1", "pair"]),
    ({"lambdas": "ab"}, TypeError, ["lambdas", "'ab'", "pair"]),
    ({"lambdas": None}, TypeError, ["lambdas", "None", "pair"]),
    ({"lambdas": (1, 2, 3)}, ValueError, ["lambdas", "3 values", "pair"]),
    ({"lambdas": (0, 0.1)}, ValueError, ["lambda_1", "0.0", "> 0"]),
    ({"lambdas": (-0.1, 0.1)}, ValueError, ["lambda_1", "-0.1", "> 0"]),
    ({"lambdas": (0.1, -0.1)}, ValueError, ["lambda_2", "-0.1", ">= 0"]),
    ({"lambdas": (0.1, np.nan)}, ValueError, ["lambda_2", "nan", "finite"]),
    ({"lambdas": (0.1, "much")}, TypeError, ["lambda_2", "'much'", "2 numbers"]),
    ({"lambdas": (True, 0.1)}, TypeError, ["lambda_1", "True", "number"]),
    ({"lambdas": ([0.1] * 3, 0.1)}, ValueError, ["lambda_1", "3 were given", "2 numbers"]),
    ({"lambdas": (0.1, [0.1])}, ValueError, ["lambda_2", "1 were given", "2 numbers"]),
    ({"lambdas": ([0.1, 0], 0.1)}, ValueError, ["lambda_1[1]", "0.0", "> 0"]),
    ({"lambdas": (0.1, [0.1, "b"])}, TypeError, ["lambda_2[1]", "'b'", "number"]),
    # background
    ({"background": -0.5}, ValueError, ["background", "-0.5", ">= 0"]),
    ({"background": filled(SHAPE, -3)}, ValueError, ["background", "-3", ">= 0"]),
    ({"background": np.ones((4, 3))}, ValueError, ["background", "(4, 3)", "(2, 3, 4)"]),
    ({"background": np.ones((1, *SHAPE))}, ValueError, ["background", "(1, 2, 3, 4)", "(2, 3, 4)"]),
    ({"background": np.nan}, ValueError, ["background", "1 of its 1", "finite"]),
    ({"background": "low"}, TypeError, ["background", "str", "real numbers"]),
    ({"background": filled(SHAPE, 1j)}, TypeError, ["background", "real numbers"]),
    # weights
    ({"weights": -1}, ValueError, ["weights", "-1.0", ">= 0"]),
    ({"weights": [1, -2]}, ValueError, ["weights[1]", "-2.0", ">= 0"]),
    ({"weights": [1, 2, 3]}, ValueError, ["weights", "3 were given", "2 numbers"]),
    ({"weights": "equal"}, TypeError, ["weights", "'equal'", "2 numbers"]),
    ({"weights": [1, np.inf]}, ValueError, ["weights[1]", "inf", "finite"]),
    # offset
    ({"offset": np.inf}, ValueError, ["offset", "inf", "finite"]),
    ({"offset": "dark"}, TypeError, ["offset", "'dark'", "number"]),
    # totals
    ({"totals": [1.0]}, ValueError, ["totals", "(1,)", "2 numbers"]),
    ({"totals": 5.0}, ValueError, ["totals", "()", "2 numbers"]),
    ({"totals": [1.0, -2.0]}, ValueError, ["totals", "-2.0", ">= 0"]),
    ({"totals": [1.0, np.inf]}, ValueError, ["totals", "inf", "finite"]),
    ({"totals": "all"}, TypeError, ["totals", "'all'", "2 numbers"]),
    ({"totals": [0.0, 3.0]}, ValueError, ["totals[0]", "without background"]),
    # guide
    ({"guide": np.ones((4, 3))}, ValueError, ["guide", "(4, 3)", "(3, 4)"]),
    ({"guide": np.full(SHAPE[1:], np.nan)}, ValueError, ["guide", "12 of its 12", "finite"]),
    ({"guide": "haadf"}, ValueError, ["guide", "()", "(3, 4)"]),
    ({"directional": [True, False]}, ValueError, ["directional", "guide is None", "Pass guide"]),
    (
        {"guide": np.eye(3, 4), "directional": [True]},
        TypeError,
        ["directional", "2 of True", "[True]"],
    ),
    ({"guide": np.eye(3, 4), "directional": [1, 0]}, TypeError, ["directional", "[1, 0]"]),
    # initial
    ({"initial": np.ones(SHAPE)}, TypeError, ["initial", "array", "FusionResult"]),
    # stopping
    ({"tolerance": 0}, ValueError, ["tolerance", "0.0", "> 0"]),
    ({"tolerance": np.nan}, ValueError, ["tolerance", "nan", "finite"]),
    ({"tolerance": "tight"}, TypeError, ["tolerance", "'tight'", "number"]),
    ({"max_iterations": 0}, ValueError, ["max_iterations", "0", ">= 1"]),
    ({"max_iterations": 1.5}, TypeError, ["max_iterations", "1.5", "integer"]),
    ({"max_iterations": True}, TypeError, ["max_iterations", "True", "integer"]),
    ({"callback": "print"}, TypeError, ["callback", "'print'", "callable"]),
]


@pytest.mark.parametrize(
    ("wrong", "error", "parts"), WRONG, ids=[f"{parts[0]}-{parts[1]}" for _, _, parts in WRONG]
)
def test_a_wrong_argument_is_refused_by_name(wrong, error, parts):
    with pytest.raises(error) as caught:
        solve_fusion(**valid() | wrong)
    for part in parts:
        assert part in str(caught.value)


def test_what_the_others_are_measured_against_is_accepted():
    assert solve_fusion(**valid()).maps.shape == SHAPE


def test_an_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match="regularisation"):
        solve_fusion(**valid(), regularisation=1)


@pytest.mark.parametrize("name", ["counts", "haadf", "gamma", "lambdas"])
def test_a_missing_argument_is_refused(name):
    known = valid()
    del known[name]
    with pytest.raises(TypeError, match=name):
        solve_fusion(**known)


def test_what_follows_the_haadf_is_keyword_only():
    with pytest.raises(TypeError, match="positional"):
        solve_fusion(np.ones(SHAPE), np.ones(SHAPE[1:]), 1.7, (0.1, 0.1))


def test_nothing_is_computed_before_everything_is_checked():
    def reached(*told):
        raise AssertionError("fusion had begun")

    with pytest.raises(ValueError, match="max_iterations"):
        solve_fusion(**valid() | {"callback": reached, "max_iterations": 0})


@pytest.mark.parametrize(
    "allowed",
    [
        {"offset": -1},
        {"haadf": -np.ones(SHAPE[1:])},
        {"lambdas": np.array([0.1, 0.1])},
        {"lambdas": [np.float32(0.1), 0]},
        {"gamma": np.float32(1.7)},
        {"max_iterations": np.int64(1)},
        {"totals": [np.nan, 3]},
        {"weights": (0, 0)},
    ],
    ids=str,
)
def test_unusual_but_right_arguments_are_accepted(allowed):
    result = solve_fusion(**valid() | allowed)
    assert np.isfinite(result.maps).all()
    assert (result.maps >= 0).all()
