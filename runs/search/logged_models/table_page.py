"""Pages of the lists of logged models and datasets, by a cursor.

A cursor is the primary key of the row next to the page, so that rows which arrive
since then move nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from studio.core.errors import InvalidValue

#: A list counts its rows up to this number.
MAX_COUNTED = 10_000

AnyRow = TypeVar("AnyRow", bound=Model)


@dataclass(frozen=True)
class TableQuery:
    """What an address asks of a list. `after` and `before` are cursors, 0 for none."""

    text: str = ""
    sort: str = ""
    after: int = 0
    before: int = 0
    rows: int = 25


@dataclass(frozen=True)
class TablePage(Generic[AnyRow]):
    """`after` and `before` are the cursors of the neighbor pages, 0 at the ends."""

    rows: tuple[AnyRow, ...]
    after: int
    before: int
    #: At most MAX_COUNTED + 1.
    total: int

    @property
    def is_counted(self) -> bool:
        return self.total <= MAX_COUNTED


def sort_column(sort: str, columns: Mapping[str, str]) -> tuple[str, bool]:
    """The column that `sort` names, and whether it descends; raises InvalidValue."""
    name = sort.removeprefix("-")
    if name not in columns:
        raise InvalidValue(
            _("sort must be one of %(allowed)s.") % {"allowed": ", ".join(columns)},
            field="sort",
        )
    return columns[name], sort.startswith("-")


def read_table_page(
    listed: QuerySet[AnyRow],
    condition: Q,
    query: TableQuery,
    column: str,
    descending: bool,
) -> TablePage[AnyRow]:
    """Read one page of the `listed` rows that match, and count all that match.

    Three queries, two without a cursor. The cursor's row need not match any more.
    """
    matching = listed.filter(condition)
    backwards = not query.after and query.before > 0
    down = descending is not backwards
    rows = matching
    if query.after or query.before:
        cursor = query.after or query.before
        rows = rows.filter(_beyond(listed, cursor, column, down=down))
    sign = "-" if down else ""
    order = (f"{sign}{column}", f"{sign}pk") if column != "pk" else (f"{sign}pk",)
    found = list(rows.order_by(*order)[: query.rows + 1])
    shown, more = found[: query.rows], len(found) > query.rows
    if backwards:
        shown.reverse()
    has_before, has_after = (more, True) if backwards else (bool(query.after), more)
    return TablePage(
        tuple(shown),
        shown[-1].pk if shown and has_after else 0,
        shown[0].pk if shown and has_before else 0,
        matching.order_by()[: MAX_COUNTED + 1].count(),
    )


def _beyond(listed: QuerySet[AnyRow], cursor: int, column: str, *, down: bool) -> Q:
    """The rows behind the cursor's row. Rows of other workspaces are no cursors."""
    beyond = "lt" if down else "gt"
    if column == "pk":
        return Q(**{f"pk__{beyond}": cursor})
    value = listed.filter(pk=cursor).values_list(column, flat=True).first()
    if value is None:
        raise InvalidValue(_("This page of the list no longer exists."), field="after")
    # The first condition is what an index can use.
    return Q(**{f"{column}__{beyond}e": value}) & (
        Q(**{f"{column}__{beyond}": value}) | Q(**{f"pk__{beyond}": cursor})
    )
