"""Fields of request bodies that hold a path of a file, found in their schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

PATH_NAME = re.compile(
    r"path|file|folder|director|^script|source$|uri$|^open$|^left$|^right$"
)
#: Values of fields that a request needs before its path counts.
KNOWN = {"run_id": "first", "run": "first", "id": "first", "experiment_id": "1"}


def bodies_with_paths(
    schema: type[msgspec.Struct], value: str
) -> Iterator[tuple[str, Any]]:
    """Yield each field with a body that has the value there and samples elsewhere."""
    info = inspect.type_info(schema)
    for field in _path_fields(info):
        yield ".".join(field), _sample(info, field, value)


def _path_fields(info: inspect.Type) -> Iterator[tuple[str, ...]]:
    for field in _fields_of(info):
        name = field.encode_name
        if _holds_text(field.type) and PATH_NAME.search(name):
            yield (name,)
        for below in _path_fields(field.type):
            yield (name, *below)


def _fields_of(info: inspect.Type) -> tuple[inspect.Field, ...]:
    if isinstance(info, inspect.StructType):
        return info.fields
    if isinstance(info, inspect.ListType | inspect.VarTupleType):
        return _fields_of(info.item_type)
    if isinstance(info, inspect.DictType):
        return _fields_of(info.value_type)
    if isinstance(info, inspect.UnionType):
        return tuple(field for each in info.types for field in _fields_of(each))
    return ()


def _holds_text(info: inspect.Type) -> bool:
    if isinstance(info, inspect.UnionType):
        return any(map(_holds_text, info.types))
    if isinstance(info, inspect.ListType):
        return _holds_text(info.item_type)
    return isinstance(info, inspect.StrType | inspect.AnyType)


def _sample(info: inspect.Type, field: tuple[str, ...], value: str) -> Any:
    """Return a value of the type; `field` leads to where `value` stands in it."""
    if isinstance(info, inspect.UnionType):
        return _sample(_best(info, field), field, value)
    if isinstance(info, inspect.StructType):
        return {
            each.encode_name: _sample_of_field(each, field, value)
            for each in info.fields
            if each.required or field[:1] == (each.encode_name,)
        }
    if isinstance(info, inspect.ListType | inspect.VarTupleType):
        return [_sample(info.item_type, field, value)]
    if isinstance(info, inspect.DictType):
        return {"k": _sample(info.value_type, field, value)}
    if isinstance(info, inspect.BoolType | inspect.IntType | inspect.FloatType):
        return isinstance(info, inspect.BoolType) or 1
    return value if field == () else "x"


def _sample_of_field(each: inspect.Field, field: tuple[str, ...], value: str) -> Any:
    name = each.encode_name
    if field[:1] == (name,):
        return _sample(each.type, field[1:], value)
    known = KNOWN.get(name)
    return known or _sample(each.type, ("", ""), value)


def _best(info: inspect.UnionType, field: tuple[str, ...]) -> inspect.Type:
    """Return the type of the union that has the field, or that is a text."""
    for each in info.types:
        if field and any(one.encode_name == field[0] for one in _fields_of(each)):
            return each
        if not field and _holds_text(each):
            return each
    return next(each for each in info.types if not isinstance(each, inspect.NoneType))
