"""Read an `MLmodel` file, which MLflow writes next to a model.

The file comes from a client, so anything can be in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runs.render.formats import utf8_text
from runs.render.registry.yaml_texts import load_texts

#: Larger files are not read.
MAX_MLMODEL_BYTES = 256 << 10
#: Columns of a signature, and characters of a type, that are shown.
MAX_COLUMNS, MAX_TYPE_CHARS = 500, 300
#: MLflow adds this flavor to every model that Python can load.
GENERIC_FLAVOR = "python_function"
_NULL = ("", "null", "~", "None")


@dataclass(frozen=True)
class SignatureColumn:
    """An input, output or parameter; `name` is empty for a tensor without a name."""

    name: str
    type: str
    is_optional: bool = False
    default: str = ""


@dataclass(frozen=True)
class Flavor:
    name: str
    version: str = ""


@dataclass(frozen=True)
class ModelDescription:
    """What an MLmodel file says; each part is empty if the file lacks it."""

    flavors: tuple[Flavor, ...] = ()
    inputs: tuple[SignatureColumn, ...] = ()
    outputs: tuple[SignatureColumn, ...] = ()
    params: tuple[SignatureColumn, ...] = ()
    mlflow_version: str = ""
    python_version: str = ""
    #: Why the file could not be read.
    problem: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_signature(self) -> bool:
        return bool(self.inputs or self.outputs or self.params)


def parse_model_description(text: str) -> ModelDescription:
    """Parse the file; a file that is no YAML has only a `problem`."""
    try:
        found = load_texts(text)
    except ValueError as error:
        return ModelDescription(problem=str(error))
    flavors = _mapping(found.get("flavors"))
    signature = _mapping(found.get("signature"))
    return ModelDescription(
        flavors=_flavors(flavors),
        inputs=read_signature(signature.get("inputs")),
        outputs=read_signature(signature.get("outputs")),
        params=read_signature(signature.get("params")),
        mlflow_version=_text(found.get("mlflow_version")),
        python_version=_text(
            _mapping(flavors.get(GENERIC_FLAVOR)).get("python_version")
        ),
        metadata=_texts(found.get("metadata")),
    )


def _flavors(flavors: Mapping[str, Any]) -> tuple[Flavor, ...]:
    """Return the flavors by name, the generic one only if there is no other."""
    names = sorted(name for name in flavors if name != GENERIC_FLAVOR)
    return tuple(
        Flavor(name, _flavor_version(name, _mapping(flavors[name])))
        for name in names or list(flavors)
    )


def _flavor_version(name: str, options: Mapping[str, Any]) -> str:
    """Return `sklearn_version` of sklearn; some names differ, such as `xgb_version`."""
    exact = _text(options.get(f"{name}_version"))
    if exact or name == GENERIC_FLAVOR:
        return exact
    others = (key for key in options if key.endswith("_version"))
    return _text(options.get(next(others, "")))


def read_signature(document: object) -> tuple[SignatureColumn, ...]:
    """Read a part of a signature: a JSON list of columns, tensors or parameters."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            return ()
    if not isinstance(document, list):
        return ()
    columns = (each for each in document if isinstance(each, dict))
    return tuple(_signature_column(each) for each in _first(columns, MAX_COLUMNS))


def _first(found: Iterable[Any], limit: int) -> Iterable[Any]:
    return (each for _n, each in zip(range(limit), found, strict=False))


def _signature_column(column: Mapping[str, Any]) -> SignatureColumn:
    default = column.get("default")
    return SignatureColumn(
        _text(column.get("name")),
        utf8_text(_type_text(column)[:MAX_TYPE_CHARS]),
        column.get("required") is False or column.get("optional") is True,
        "" if default is None else _json_text(default)[:80],
    )


def _json_text(found: object) -> str:
    return utf8_text(json.dumps(found, ensure_ascii=False))


def _type_text(column: Mapping[str, Any], depth: int = 0) -> str:
    """Return `float32 [-1, 3]` of a tensor, `array(double)` or `object(a: long)`."""
    tensor = column.get("tensor-spec")
    if isinstance(tensor, dict):
        shape = tensor.get("shape")
        sizes = ", ".join(str(n) for n in shape) if isinstance(shape, list) else ""
        return f"{_text(tensor.get('dtype'))} [{sizes}]"
    kind = _text(column.get("type") or column.get("dtype"))
    if depth > 3:
        return kind
    if kind in ("array", "map"):
        inner = column.get("items") if kind == "array" else column.get("values")
        return f"{kind}({_type_text(_mapping(inner), depth + 1)})"
    if kind == "object":
        parts = _mapping(column.get("properties")).items()
        texts = (f"{k}: {_type_text(_mapping(v), depth + 1)}" for k, v in parts)
        return f"object({', '.join(_first(texts, 20))})"
    return kind


def signature_text(columns: Iterable[SignatureColumn]) -> str:
    """Return the columns in one line: `x: double, y: long`."""
    return ", ".join(
        f"{each.name}: {each.type}" if each.name else each.type for each in columns
    )


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _text(found: object) -> str:
    """Return a short text; empty for null, lists and mappings."""
    if isinstance(found, (int, float)):
        return str(found)
    is_text = isinstance(found, str) and found not in _NULL
    return utf8_text(str(found)[:MAX_TYPE_CHARS]) if is_text else ""


def _texts(found: object) -> dict[str, str]:
    pairs = ((str(key), _text(value)) for key, value in _mapping(found).items())
    return {key: value for key, value in _first(pairs, 100) if value}
