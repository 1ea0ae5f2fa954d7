"""The texts inside a view's parameters: sort, columns, grouping, lists.

Items are divided by commas, which may stand inside a key's quotes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.filters import fields, parse_field
from studio.core.filters.fields import Sort, field_text
from studio.core.filters.filter_errors import suggestion_sentence, summary_of
from studio.core.filters.tree import Field
from studio.core.messages import message, message_with_context, sentences

#: What groups are ordered by: of a field, and of themselves.
STATS = ("mean", "std", "min", "max")
GROUP_STATS = ("count", "value")
MAX_ITEMS = 200
MIN_WIDTH, MAX_WIDTH = 40, 2000
#: Children of one row that a page can show.
MAX_OPEN_CHILDREN = 500


@dataclass(frozen=True)
class Column:
    """A column; a width of 0 leaves it to the page. Widths are pixels."""

    field: Field
    width: int = 0

    def __str__(self) -> str:
        return field_text(self.field) + (f":{self.width}" if self.width else "")


@dataclass(frozen=True)
class RowExpansion:
    """A row of the tree, and how many of its children show: None is the first few.

    With 0 it is closed, also where it would be open by itself.
    """

    run_id: str
    shown: int | None = None

    def __str__(self) -> str:
        return self.run_id + ("" if self.shown is None else f":{self.shown}")

    @property
    def is_closed(self) -> bool:
        return self.shown == 0


@dataclass(frozen=True)
class GroupSort:
    """What groups are ordered by: a statistic of a field, their size, their values."""

    stat: str
    field: Field | None
    descending: bool

    def __str__(self) -> str:
        name = f":{field_text(self.field)}" if self.field is not None else ""
        return ("-" if self.descending else "") + self.stat + name


@dataclass(frozen=True)
class Group:
    """What rows are grouped by; `all_but` means by every parameter except these.

    `params.lr!by=-mean:metrics.acc!open=3f2a` also says their order, and which of them
    show their runs.
    """

    fields: tuple[Field, ...]
    all_but: bool = False
    by: GroupSort | None = None
    opened: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = ",".join(field_text(field) for field in self.fields)
        text = f"-{names}" if self.all_but else names
        by = f"!by={self.by}" if self.by is not None else ""
        return text + by + (f"!open={'.'.join(self.opened)}" if self.opened else "")


def split_outside_quotes(text: str, divider: str, name: str) -> list[str]:
    """The items of `text`; a divider inside double quotes divides nothing."""
    items, start, inside = [], 0, False
    for position, char in enumerate(text):
        if char == '"':
            inside = not inside
        elif char == divider and not inside:
            items.append(text[start:position])
            start = position + 1
    items.append(text[start:])
    if len(items) > MAX_ITEMS:
        raise too_many_items(name)
    return [item.strip() for item in items if item.strip()]


def too_many_items(name: str) -> InvalidValue:
    """Return the error of a list with more than `MAX_ITEMS` items."""
    return InvalidValue(
        message("%(name)s has more than %(limit)s items", name=name, limit=MAX_ITEMS),
        field=name,
    )


def read_field(text: str, name: str) -> Field:
    """A field's name in the parameter `name`; raises InvalidValue."""
    try:
        return parse_field(text)
    except InvalidFilter as error:
        suggestions = [s["text"] for s in error.details["suggestions"]]
        raise InvalidValue(
            prefix_with_parameter(name, _error_without_position(error)),
            field=name,
            suggestions=suggestions,
        ) from error


def prefix_with_parameter(name: str, text: str) -> str:
    """Return the text behind the name of its parameter."""
    return message_with_context(
        "error in a parameter of an address", "%(name)s: %(text)s", name=name, text=text
    )


def _error_without_position(error: InvalidFilter) -> str:
    """Say what is wrong with a name that stands alone, without a position."""
    details = error.details
    what = message_with_context(
        "error as a sentence", "%(what)s.", what=summary_of(error)
    )
    # The hint for an unknown field is how to search for its name as text.
    hint = details["hint"] if details["expected"] != "a field" else ""
    return sentences([what, hint, suggestion_sentence(details["suggestions"])])


def read_sort(text: str, name: str = "sort") -> Sort:
    """`-metrics.acc` -> Sort; raises InvalidValue."""
    descending = text.startswith("-")
    field = read_field(text[1:] if descending else text, name)
    if not fields.spec_of(field).sortable:
        raise InvalidValue(
            message(
                "%(name)s: runs can't be sorted by %(field)s", name=name, field=text
            ),
            field=name,
        )
    return Sort(field, descending)


def read_columns(text: str, name: str = "columns") -> tuple[Column, ...]:
    """`name,status:120` -> columns, each field once; raises InvalidValue."""
    columns = [
        _read_column(item, name) for item in split_outside_quotes(text, ",", name)
    ]
    return tuple({column.field: column for column in columns}.values())


def _read_column(text: str, name: str) -> Column:
    head, colon, tail = text.rpartition(":")
    is_width = bool(colon) and tail.isascii() and tail.isdigit()
    field = read_field(head if is_width else text, name)
    if not fields.spec_of(field).column:
        raise InvalidValue(
            message("%(name)s: %(field)s can't be a column", name=name, field=text),
            field=name,
        )
    # More digits exceed the maximum anyway, and Python refuses to convert very long
    # numbers.
    width = int(tail[:6]) if is_width else 0
    return Column(field, min(max(width, MIN_WIDTH), MAX_WIDTH) if width else 0)


def read_group(text: str, name: str = "group") -> Group:
    """`params.lr,tags.model`, or `-params.seed` for all but it."""
    head, *options = split_outside_quotes(text, "!", name) or [""]
    all_but = head.startswith("-")
    items = split_outside_quotes(head[1:] if all_but else head, ",", name)
    if not items:
        raise InvalidValue(
            message("The parameter %(name)s contains no field", name=name), field=name
        )
    fields = tuple(dict.fromkeys(read_field(item, name) for item in items))
    values = dict(item.partition("=")[::2] for item in options)
    if unknown := sorted(values.keys() - {"by", "open"}):
        raise InvalidValue(
            message("%(name)s has no option %(option)r", name=name, option=unknown[0]),
            field=name,
        )
    by = _group_sort(values["by"], name) if values.get("by") else None
    # Groups are named by digests, so other characters name none.
    opened = [key for key in values.get("open", "").split(".") if key.isalnum()]
    return Group(fields, all_but, by, tuple(dict.fromkeys(opened[:MAX_ITEMS])))


def _group_sort(text: str, name: str) -> GroupSort:
    """`-mean:metrics.acc`, `count`."""
    descending = text.startswith("-")
    stat, colon, field = (text[1:] if descending else text).partition(":")
    if stat not in (STATS if colon else GROUP_STATS):
        raise InvalidValue(
            message(
                "%(name)s: groups can't be sorted by %(text)r", name=name, text=text
            ),
            field=name,
        )
    return GroupSort(stat, read_field(field, name) if colon else None, descending)


def read_selected(text: str, name: str = "selected") -> tuple[str, ...]:
    """Ids by the numbers of their colors: `a,,c` has nothing at the second.

    Or `s.<slug>`, a selection kept on the server. Of equal ones the first counts.
    """
    items = [item.strip() for item in text.split(",")]
    if len(items) > MAX_ITEMS:
        raise too_many_items(name)
    # In reverse, so that the first of equal items is assigned last.
    first = {item: place for place, item in reversed([*enumerate(items)])}
    return drop_empty_at_end(
        [item if first[item] == n else "" for n, item in enumerate(items)]
    )


def drop_empty_at_end(items: Iterable[str]) -> tuple[str, ...]:
    """The items with their free numbers, but for those after the last one."""
    found = list(items)
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def read_row_expansions(text: str, name: str = "tree") -> tuple[RowExpansion, ...]:
    """`sweep_1,sweep_2:60,sweep_3:0` -> rows, each once: the last counts."""
    found = [
        _row_expansion(item, name) for item in split_outside_quotes(text, ",", name)
    ]
    return tuple({each.run_id: each for each in found}.values())


def _row_expansion(text: str, name: str) -> RowExpansion:
    run_id, colon, shown = text.partition(":")
    if colon and not (shown.isascii() and shown.isdigit()):
        raise InvalidValue(
            message(
                "%(name)s: %(text)s is not a run ID and a number of rows",
                name=name,
                text=text,
            ),
            field=name,
        )
    count = min(int(shown[:6]), MAX_OPEN_CHILDREN) if colon else None
    return RowExpansion(run_id, count)


def join_with_commas(items: Iterable[object]) -> str:
    return ",".join(str(item) for item in items)
