"""What a request has wrong, said with what it may have there."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import inspect

from studio.core.errors import InvalidValue

_PATH = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_MEMBER = re.compile(r"field `(?P<name>[^`]+)`")
_STEP = re.compile(r"\[[^\]]*\]|[^.\[]+")
_LISTS = (
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.VarTupleType,
)


def invalid(
    error: msgspec.ValidationError, shape: type[msgspec.Struct], noun: str = "field"
) -> InvalidValue:
    """msgspec's sentence with the path of the value as `field`.

    Where it tells only what is not known, what is known: `noun` is what a member of the
    shape is called.
    """
    text = str(error)
    found = _PATH.search(text)
    path = found["path"] if found else ""
    sentence = _PATH.sub("", text)
    known = _known(shape, path, sentence)
    member = _MEMBER.search(sentence)
    if member:
        path = f"{path}.{member['name']}" if path else member["name"]
        if known:
            sentence = f"There is no {noun} `{member['name']}` here, only {known}"
    elif known:
        sentence = f"{sentence}: it is one of {known}"
    place = f" (at {path})" if path and not (member and known) else ""
    return InvalidValue(sentence + place, field=path)


def _known(shape: type[msgspec.Struct], path: str, sentence: str) -> str:
    """The members or values that there are at the path; empty if none is missed."""
    if sentence.startswith("Object contains unknown field"):
        kinds = [t for t in _types_at(shape, path) if isinstance(t, inspect.StructType)]
        return ", ".join(f.encode_name for kind in kinds for f in kind.fields)
    if sentence.startswith("Invalid enum value"):
        found = _types_at(shape, path)
        enums = [t.cls for t in found if isinstance(t, inspect.EnumType)]
        literals = [t.values for t in found if isinstance(t, inspect.LiteralType)]
        values = [each.value for cls in enums for each in cls]
        return ", ".join(map(str, [*values, *(v for vs in literals for v in vs)]))
    return ""


def _types_at(shape: type[msgspec.Struct], path: str) -> list[Any]:
    found = _parts(inspect.type_info(shape))
    for step in _STEP.findall(path):
        found = [part for each in found for part in _below(each, step)]
    return found


def _below(kind: Any, step: str) -> list[Any]:
    if isinstance(kind, inspect.StructType):
        return [
            part
            for field in kind.fields
            if field.encode_name == step
            for part in _parts(field.type)
        ]
    if isinstance(kind, inspect.DictType):
        return _parts(kind.value_type)
    if isinstance(kind, _LISTS):
        return _parts(kind.item_type)
    return []


def _parts(kind: Any) -> list[Any]:
    if isinstance(kind, inspect.Metadata):
        return _parts(kind.type)
    if isinstance(kind, inspect.UnionType):
        return [part for each in kind.types for part in _parts(each)]
    return [kind]
