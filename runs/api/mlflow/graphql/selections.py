"""The fields of a reply, and how they are read from the replies of REST."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runs.api.mlflow.graphql.schema import SCALARS

_WORD_START = re.compile(r"(?<!^)([A-Z])")


def snake_case(name: str) -> str:
    return _WORD_START.sub(r"_\1", name).lower()


@dataclass(frozen=True)
class Selected:
    """A field of the reply. `type` is a scalar, or a type with `fields`."""

    key: str
    name: str
    type: str
    is_list: bool
    fields: tuple[Selected, ...] = ()
    #: The arguments, of fields of a query only.
    arguments: Mapping[str, Any] = field(default_factory=dict)


def select(value: Any, fields: Sequence[Selected]) -> Any:
    """Return the selected fields of a JSON object with MLflow's REST names."""
    if value is None:
        return None
    return {one.key: _select_field(value, one) for one in fields}


def _select_field(value: Mapping[str, Any], one: Selected) -> Any:
    if one.name == "__typename":
        return one.type
    found = value.get(snake_case(one.name))
    if one.is_list:
        return [_as_selected(item, one) for item in found or ()]
    return None if found is None else _as_selected(found, one)


def _as_selected(value: Any, one: Selected) -> Any:
    convert = SCALARS.get(one.type)
    return convert(value) if convert else select(value, one.fields)
