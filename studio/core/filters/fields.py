"""Look-ups in the catalog: what a word names, what a field holds and allows."""

from __future__ import annotations

import difflib

from studio.core.filters import tree
from studio.core.filters.catalog import ATTRIBUTE_SPECS, CATALOG, KEYED
from studio.core.filters.field_spec import (
    BOOLEAN,
    DURATION,
    ID,
    MIXED,
    NUMBER,
    OPERATORS_OF,
    STATUS,
    TEXT,
    TIME,
    FieldSpec,
)
from studio.core.filters.tree import Field
from studio.core.statuses import ACTIVE, FINAL, GROUPS, RunStatus, parse_status

__all__ = [
    "BOOLEAN",
    "CATALOG",
    "DURATION",
    "ID",
    "KEYED",
    "MIXED",
    "NUMBER",
    "STATUS",
    "TEXT",
    "TIME",
    "FieldSpec",
]

ATTRIBUTES = {spec.name: spec for spec in ATTRIBUTE_SPECS}

#: Words before a point that say no more than "a field of the run".
ATTRIBUTE_PREFIXES = ("attribute", "attributes", "attr", "run")

#: What nobody is led to by a slip.
_NEVER_MEANT = {spec.name for spec in ATTRIBUTE_SPECS if not spec.offered}

DATASET_KEYS = ("name", "digest", "context")

_ATTRIBUTE_NAMES = {
    name: spec.name for spec in ATTRIBUTE_SPECS for name in (spec.name, *spec.aliases)
}
_KIND_NAMES = {
    name: kind for kind, spec in KEYED.items() for name in (kind, *spec.aliases)
}

#: Words for several statuses at once, next to the status strip's groups.
STATUS_WORDS = {
    "active": frozenset(ACTIVE),
    "final": frozenset(FINAL),
    "other": GROUPS["Other"],
}
CHILDREN_KEYS = (
    "count",
    *(status.value.lower() for status in RunStatus),
    *STATUS_WORDS,
)


def statuses_of(word: str) -> frozenset[RunStatus]:
    """The statuses that a status or group word means; raises ValueError."""
    group = STATUS_WORDS.get(word.lower())
    return group if group is not None else frozenset({parse_status(word)})


def canonical_status(word: str) -> str:
    """The status or group word as it is spelled; raises ValueError."""
    lowered = word.lower()
    return lowered if lowered in STATUS_WORDS else parse_status(word).value


def attribute_named(word: str) -> str:
    """The attribute that `word` names, in any case; "" if there is none."""
    return _ATTRIBUTE_NAMES.get(word.lower(), "")


def kind_named(word: str) -> str:
    """The kind of keyed field that `word` names (`param` -> `params`), or ""."""
    return _KIND_NAMES.get(word.lower(), "")


def spec_of(field: Field) -> FieldSpec:
    """The catalog's entry for a field of a tree."""
    if field.kind == tree.ATTRIBUTE:
        return ATTRIBUTES[field.key]
    return KEYED[field.kind]


def value_type(field: Field) -> str:
    """What the field holds: like its entry, but a metric's count is a number."""
    if field.kind == tree.METRICS and field.aggregate != "last":
        return NUMBER
    return spec_of(field).value_type


def operators_of(field: Field) -> tuple[str, ...]:
    """The operators that fit the field."""
    spec = spec_of(field)
    if field.kind == tree.METRICS:
        return OPERATORS_OF[value_type(field)]
    return spec.operators


def near_names(word: str) -> list[str]:
    """Field names that `word` may have meant, the nearest first."""
    names = sorted({*_ATTRIBUTE_NAMES, *_KIND_NAMES} - _NEVER_MEANT)
    return difflib.get_close_matches(word.lower(), names, n=3, cutoff=0.6)
