"""Every public name of the SDK and of `azureml` has annotations and a docstring."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

import studio.sdk
from studio.core.script_variables import SHIM_FOLDER

#: Figures and data frames are those of libraries that need not be installed.
UNTYPED_RESULTS = {"Experiment.figure", "ReadApi.figure", "RunQuery.to_dataframe"}
UNTYPED_RESULTS |= {"RunQuery.to_arrow", "MetricHistory.to_dataframe"}
# The two kinds of datasets have other methods, and v1 code calls them at once.
UNTYPED_RESULTS |= {"Dataset.get_by_name", "Dataset.get_by_id", "Dataset.get"}
UNTYPED_RESULTS |= {"TabularDataset.to_pandas_dataframe"}
MIN_DOCSTRING = 20


def list_modules() -> Iterator[ModuleType]:
    """The modules whose `__all__` scripts import from."""
    yield studio.sdk
    sys.path.insert(0, str(SHIM_FOLDER))
    try:
        shim = importlib.import_module("azureml")
        for found in pkgutil.walk_packages(shim.__path__, "azureml."):
            yield importlib.import_module(found.name)
    finally:
        sys.path.remove(str(SHIM_FOLDER))


def list_objects() -> dict[str, Any]:
    """All classes and functions by their qualified names."""
    found: dict[str, Any] = {}
    for module in list_modules():
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isroutine(value):
                found[value.__qualname__] = value
    return found


def list_members(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public methods and properties of a class that are our own."""
    seen: set[str] = set()
    for owner in kind.__mro__:
        if not owner.__module__.startswith("studio."):
            continue
        for name, value in vars(owner).items():
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            read = value.fget if isinstance(value, property) else value
            function = getattr(read, "__func__", read)
            if inspect.isfunction(function):
                yield f"{owner.__qualname__}.{name}", function


def list_functions() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for name, value in list_objects().items():
        if inspect.isclass(value):
            found |= dict(list_members(value))
        else:
            found[name] = value
    return found


OBJECTS, FUNCTIONS = list_objects(), list_functions()


def test_the_names_are_found() -> None:
    assert {"Run", "Experiment", "Workspace", "OfflineRun", "RunDetails"} <= set(
        OBJECTS
    )
    assert {"ScriptApi.log", "Run.get_context", "RunQuery.rows"} <= set(FUNCTIONS)


def test_every_public_name_has_a_docstring() -> None:
    documented = {**OBJECTS, **FUNCTIONS}
    missing = [
        name
        for name, value in documented.items()
        if len((value.__doc__ or "").strip()) < MIN_DOCSTRING
    ]
    assert missing == []


def test_every_public_function_is_annotated() -> None:
    missing = []
    for name, function in FUNCTIONS.items():
        signature = inspect.signature(function)
        missing += [
            f"{name}({parameter.name})"
            for parameter in signature.parameters.values()
            if parameter.annotation is inspect.Parameter.empty
            and parameter.name not in ("self", "cls")
        ]
        if signature.return_annotation is inspect.Signature.empty:
            missing.append(f"{name}()")
    assert missing == []


def test_results_and_arguments_have_types() -> None:
    """`Any` would hide mistakes from type checkers; `object` is any value."""
    hidden = []
    for name, function in FUNCTIONS.items():
        signature = inspect.signature(function)
        if str(signature.return_annotation) == "Any" and name not in UNTYPED_RESULTS:
            hidden.append(f"{name}()")
        hidden += [
            f"{name}({parameter.name})"
            for parameter in signature.parameters.values()
            if parameter.annotation == "Any"
            # Arguments of v1 that are ignored.
            and parameter.kind.name not in ("VAR_KEYWORD", "VAR_POSITIONAL")
        ]
    assert hidden == []


@pytest.mark.parametrize(
    "name",
    [
        *("ScriptApi.log", "ScriptApi.log_list", "ScriptApi.log_row"),
        *("ReadApi.history", "RunQuery.rows", "Experiment.submit"),
    ],
)
def test_help_explains_a_call(name: str) -> None:
    text = FUNCTIONS[name].__doc__ or ""
    assert "Raises" in text
    parameters = list(inspect.signature(FUNCTIONS[name]).parameters.values())[1:]
    for parameter in parameters:
        is_private = parameter.name.startswith("_")
        is_explained = f"`{parameter.name}`" in text
        assert is_explained or is_private or parameter.kind.name == "VAR_KEYWORD"
