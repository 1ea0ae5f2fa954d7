"""Pages of rows that are listed by their key, the newest first."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def read_newest(
    rows: QuerySet[Row], size: int, before: int | None
) -> tuple[list[Row], int | None]:
    """Return up to `size` rows, and the key to continue before, if there are more."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: size + 1])
    shown = found[:size]
    return shown, shown[-1].pk if len(found) > size else None
