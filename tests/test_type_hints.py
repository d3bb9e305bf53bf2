"""Public functions and classes have type hints, which type checkers can resolve."""

import ast
import importlib
import inspect
import typing
from pathlib import Path

import exspy.signals
import hyperspy.api as hs
import pytest

import hyperspy_multimodal
import hyperspy_multimodal.fusion
import hyperspy_multimodal.quantification

_METHODS = ("multimodal_fusion", "multimodal_fusion_interactive")
_CLASSES = (exspy.signals.EDSTEMSpectrum, exspy.signals.EELSSpectrum, hs.signals.BaseSignal)
_PACKAGES = (
    hyperspy_multimodal.data,
    hyperspy_multimodal.fusion,
    hyperspy_multimodal.plot,
    hyperspy_multimodal.quantification,
)


def _public():
    """Return public functions, methods and classes by name."""
    found = {
        f"{each.__name__}.{name}": getattr(each, name) for each in _CLASSES for name in _METHODS
    }
    for module in (hyperspy_multimodal, *_PACKAGES):
        for name in module.__all__:
            found[f"{module.__name__}.{name}"] = getattr(module, name)
    return {name: each for name, each in found.items() if callable(each)}


def _functions(public):
    """Return a function, or the methods and properties of a class, without what wraps them."""
    if not inspect.isclass(public):
        return [inspect.unwrap(public)]
    own = [each for name, each in vars(public).items() if not name.startswith("_")]
    own = [getattr(each, "__func__", getattr(each, "fget", each)) for each in own]
    return [each for each in own if inspect.isfunction(each)]


def _names_for_checkers(function):
    """Return the names of a function's module, with those that only type checkers import."""
    module = importlib.import_module(function.__module__)
    names = dict(vars(module))
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), module.__file__, "exec"), names)
    return names


@pytest.mark.parametrize("name", sorted(_public()))
def test_every_argument_and_result_has_a_type(name):
    for function in _functions(_public()[name]):
        hints = typing.get_type_hints(function, _names_for_checkers(function))
        arguments = set(inspect.signature(function).parameters) - {"self", "cls"}
        assert arguments | {"return"} == set(hints), function


def test_a_missing_type_is_found():
    def function(maps: list, haadf) -> list:
        return [*maps, haadf]

    assert "haadf" not in typing.get_type_hints(function)


@pytest.mark.parametrize("name", [n for n, each in _public().items() if inspect.isclass(each)])
def test_fields_have_the_types_of_what_they_hold(name):
    public = _public()[name]
    hints = typing.get_type_hints(public, _names_for_checkers(public))
    assert hints and object not in hints.values()
    assert not {list, dict, tuple} & set(hints.values())


def _flags():
    """Return each argument of a public function that is True or False, or one of a few others."""
    for name, public in sorted(_public().items()):
        if inspect.isclass(public):
            continue
        for argument, each in inspect.signature(inspect.unwrap(public)).parameters.items():
            if str(each.annotation).removeprefix("<class '").startswith("bool"):
                yield name, argument


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    specimen = hyperspy_multimodal.data.core_shell((8, 8), counts=20)
    maps = specimen.counts
    spectra, edges = specimen.signal, hyperspy_multimodal.data.core_loss((8, 8))
    first = {
        "EDSTEMSpectrum.multimodal_fusion": (spectra, specimen.haadf),
        "EELSSpectrum.multimodal_fusion": (edges.signal, edges.haadf),
        "hyperspy_multimodal.compute_maps": (maps,),
        "hyperspy_multimodal.fit_maps": (spectra,),
        "hyperspy_multimodal.fuse_maps": (maps, specimen.haadf),
        "hyperspy_multimodal.plot.plot_overlay": (maps,),
        "hyperspy_multimodal.plot.plot_overview": (maps, maps, specimen.haadf),
        "hyperspy_multimodal.save_maps": (maps, tmp_path_factory.mktemp("maps")),
        "hyperspy_multimodal.suggest_elements": (spectra,),
    }
    for name in list(first):
        first[f"{name}_interactive"] = first[name]
    return first


@pytest.mark.parametrize("wrong", ["no", 0, [True]])
@pytest.mark.parametrize(("name", "argument"), list(_flags()))
def test_flags_are_true_or_false(scan, name, argument, wrong):
    with pytest.raises(TypeError, match=f"^{argument} must be .*True or False, but .* was given"):
        _public()[name](*scan.get(name, ()), **{argument: wrong})
