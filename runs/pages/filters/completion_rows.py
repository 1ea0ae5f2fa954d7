"""The rows of completion, and what choosing one puts into the box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.search.fields import FACETS
from studio.core.filters import field_text, fields
from studio.core.filters.tree import Field


@dataclass(frozen=True)
class Option:
    """A row: choosing it puts `insert` instead of what is typed from `start` on."""

    icon: str
    before: str
    match: str
    after: str
    insert: str
    start: int
    end: int
    note: str = ""
    count: str = ""
    status: str = ""
    #: Whether the term is whole with it, so that Enter applies the filter.
    ends: bool = False


@dataclass(frozen=True)
class Group:
    title: str
    options: Sequence[Option]


def begun(field: Field) -> str:
    """What stands in the box once the field is chosen."""
    if fields.value_type(field) == fields.BOOLEAN:
        return f"{field_text(field)}:true "
    is_listed = field in FACETS
    timed = fields.value_type(field) in (fields.TIME, fields.DURATION)
    return field_text(field) + (":" if is_listed or timed else " ")


def examples(kind: str) -> list[tuple[str, str]]:
    if kind == fields.TIME:
        return [
            ("-1d", _("the last day")),
            ("-7d", _("the last 7 days")),
            ("-30d", _("the last 30 days")),
        ]
    if kind == fields.DURATION:
        return [(">1h", _("longer than an hour")), ("<1m", _("shorter than a minute"))]
    return [("true", _("yes")), ("false", _("no"))]
