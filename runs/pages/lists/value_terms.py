"""What a cell's link asks for: the term that "only this value" means."""

from __future__ import annotations

from runs.search.fields import CellLink, source_of
from runs.search.run_list.find_runs import RunRow
from studio.core.filters import Field, fields
from studio.core.filters.tree import (
    ATTRIBUTE,
    TAGS,
    UNITS,
    Comparison,
    Flag,
    Moment,
    Number,
    Text,
    Value,
)

#: Longer texts are told apart by reading them, not by being equal.
LONGEST = 200
DAY = UNITS["day"]


def term_of(asked: Field, row: RunRow) -> Comparison | None:
    """The term of the value that the row has; None where no link is sensible."""
    value = row.values.get(asked)
    if value is None or source_of(asked).link == CellLink.NONE:
        return None
    if value == "":
        return _of_empty(asked)
    compared = _compared(asked, value)
    return None if compared is None else Comparison(asked, "=", (compared,))


def _of_empty(asked: Field) -> Comparison | None:
    """A tag that is only a word has no value; a parameter may be an empty text."""
    if asked.kind == TAGS:
        return Comparison(asked, "is not null")
    return None if asked.kind == ATTRIBUTE else Comparison(asked, "=", (Text(""),))


def _compared(asked: Field, value: object) -> Value | None:
    if isinstance(value, bool):
        return Flag(value) if fields.value_type(asked) == fields.BOOLEAN else None
    if fields.value_type(asked) == fields.TIME:
        return _day(value) if isinstance(value, int) else None
    if isinstance(value, (int, float)):
        return Number(value)
    text = str(value)
    return Text(text) if len(text) <= LONGEST and "\n" not in text else None


def _day(time: int) -> Moment:
    """The day of a time; written dates are UTC, as in the filter language."""
    start = time - time % DAY
    return Moment(start, start + DAY, "day")
