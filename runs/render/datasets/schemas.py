"""What MLflow's clients say of the columns and the size of a dataset.

Both are JSON texts of a client, so anything can be in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from runs.render.formats import utf8_text
from runs.render.registry import SignatureColumn, read_signature

#: More columns or entries are not shown.
MAX_COLUMNS, MAX_ENTRIES = 500, 100
MAX_TEXT = 1000
#: How deep types are read.
_MAX_DEPTH = 4


@dataclass(frozen=True)
class SchemaPart:
    """The columns of a table; of tensors, those that are `features` or `targets`."""

    name: str
    columns: tuple[SignatureColumn, ...]
    #: The number of all columns.
    total: int


@dataclass(frozen=True)
class DatasetSchema:
    parts: tuple[SchemaPart, ...] = ()
    #: The schema itself where it has no known form.
    text: str = ""

    @property
    def total(self) -> int:
        return sum(part.total for part in self.parts)

    @property
    def is_cut(self) -> bool:
        return any(part.total > len(part.columns) for part in self.parts)


@dataclass(frozen=True)
class ProfileEntry:
    key: str
    value: Any


def read_schema(text: str, limit: int = MAX_COLUMNS) -> DatasetSchema:
    """Read the first columns of `mlflow_colspec` or `mlflow_tensorspec`."""
    found = _load(text)
    if isinstance(found, dict):
        tensors = _load(found.get("mlflow_tensorspec"))
        named = tensors if isinstance(tensors, dict) else {}
        parts = [
            _part("", found.get("mlflow_colspec"), limit),
            *(_part(name, named.get(name), limit) for name in ("features", "targets")),
        ]
        known = tuple(part for part in parts if part.columns)
        if known:
            return DatasetSchema(known)
    return DatasetSchema(text=text[:MAX_TEXT])


def _part(name: str, document: object, limit: int) -> SchemaPart:
    # Parts of tensors are JSON texts in the JSON text.
    columns = _load(document)
    total = len(columns) if isinstance(columns, list) else 0
    return SchemaPart(name, read_signature(columns)[:limit], total)


def read_profile(text: str) -> list[ProfileEntry]:
    """Read the entries of a profile, nested ones with dots in their keys.

    A value is a number or a text. A profile that is no JSON object has one entry.
    """
    found = _load(text)
    if not isinstance(found, dict):
        return [ProfileEntry("", text[:MAX_TEXT])] if text.strip() else []
    return list(islice(_entries(found, "", 0), MAX_ENTRIES))


def _entries(
    found: Mapping[str, Any], prefix: str, depth: int
) -> Iterator[ProfileEntry]:
    for key, value in found.items():
        name = utf8_text(f"{prefix}{key}")
        if isinstance(value, dict) and depth < _MAX_DEPTH:
            yield from _entries(value, f"{name}.", depth + 1)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield ProfileEntry(name, value)
        else:
            shown = value if isinstance(value, str) else json.dumps(value)
            yield ProfileEntry(name, utf8_text(shown[:MAX_TEXT]))


def _load(value: object) -> Any:
    """The JSON of a text; anything else as it is, None for what is no JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
