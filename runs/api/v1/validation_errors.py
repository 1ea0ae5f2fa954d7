"""Explain what is invalid in a request, and what is allowed."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import inspect

from studio.core.errors import InvalidValue

_ERROR_PATH = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_FIELD_NAME = re.compile(r"field `(?P<name>[^`]+)`")
_PATH_STEP = re.compile(r"\[[^\]]*\]|[^.\[]+")
_LIST_TYPES = (
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.VarTupleType,
)


def validation_error(
    error: msgspec.ValidationError, schema: type[msgspec.Struct], noun: str = "field"
) -> InvalidValue:
    """Return msgspec's message, with the path of the value as `field`.

    For an unknown name or value it adds the allowed ones. `noun` is the word for a
    member: field or parameter.
    """
    text = str(error)
    found = _ERROR_PATH.search(text)
    path = found["path"] if found else ""
    sentence = _ERROR_PATH.sub("", text)
    known = _allowed_names_or_values(schema, path, sentence)
    member = _FIELD_NAME.search(sentence)
    if member:
        path = f"{path}.{member['name']}" if path else member["name"]
        if known:
            sentence = f"Unknown {noun} `{member['name']}`. Allowed: {known}"
    elif known:
        sentence = f"{sentence}. Allowed: {known}"
    # With the allowed names, the sentence already names the field.
    place = f" (at {path})" if path and not (member and known) else ""
    return InvalidValue(sentence + place, field=path)


def _allowed_names_or_values(
    schema: type[msgspec.Struct], path: str, sentence: str
) -> str:
    """Return the allowed names or values at the path; empty for other errors."""
    if sentence.startswith("Object contains unknown field"):
        kinds = [
            t for t in _types_at_path(schema, path) if isinstance(t, inspect.StructType)
        ]
        return ", ".join(f.encode_name for kind in kinds for f in kind.fields)
    if sentence.startswith("Invalid enum value"):
        found = _types_at_path(schema, path)
        enums = [t.cls for t in found if isinstance(t, inspect.EnumType)]
        literals = [t.values for t in found if isinstance(t, inspect.LiteralType)]
        values = [each.value for cls in enums for each in cls]
        return ", ".join(map(str, [*values, *(v for vs in literals for v in vs)]))
    return ""


def _types_at_path(schema: type[msgspec.Struct], path: str) -> list[Any]:
    found = _flatten_type(inspect.type_info(schema))
    for step in _PATH_STEP.findall(path):
        found = [part for each in found for part in _member_types(each, step)]
    return found


def _member_types(kind: Any, step: str) -> list[Any]:
    if isinstance(kind, inspect.StructType):
        return [
            part
            for field in kind.fields
            if field.encode_name == step
            for part in _flatten_type(field.type)
        ]
    if isinstance(kind, inspect.DictType):
        return _flatten_type(kind.value_type)
    if isinstance(kind, _LIST_TYPES):
        return _flatten_type(kind.item_type)
    return []


def _flatten_type(kind: Any) -> list[Any]:
    if isinstance(kind, inspect.Metadata):
        return _flatten_type(kind.type)
    if isinstance(kind, inspect.UnionType):
        return [part for each in kind.types for part in _flatten_type(each)]
    return [kind]
