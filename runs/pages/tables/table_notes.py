"""Sentences about what of a file is not in its table, or was repaired."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.render.formats import grouped
from runs.storage.tables import StoredTable, TableFault, UnreadableTable


def table_notes(table: StoredTable) -> Sequence[str]:
    return [_note(name, count, table) for name, count in table.notes.items()]


def _note(name: str, count: int, table: StoredTable) -> str:
    n = grouped(count)
    match name:
        case "cut":
            words = _(
                "The file has more rows. This table has the first %(n)s. Download the "
                "file to read all."
            )
            return words % {"n": grouped(table.rows)}
        case "columns":
            words = _(
                "The table has %(n)s more columns. Download the file to read all."
            )
        case "short_rows":
            words = ngettext(
                "%(n)s row has fewer cells than there are columns.",
                "%(n)s rows have fewer cells than there are columns.",
                count,
            )
        case "long_rows":
            words = ngettext(
                "%(n)s row has more cells than there are columns.",
                "%(n)s rows have more cells than there are columns.",
                count,
            )
        case "quotes":
            return _("A quotation mark is not closed, so all are shown as text.")
        case "bad_lines":
            words = ngettext(
                "%(n)s line is not valid JSON. It is not shown.",
                "%(n)s lines are not valid JSON. They are not shown.",
                count,
            )
        case _:
            words = ngettext(
                "%(n)s row has keys that the first rows do not have.",
                "%(n)s rows have keys that the first rows do not have.",
                count,
            )
    return words % {"n": n}


def fault_text(error: UnreadableTable) -> str:
    """Return why the file cannot be shown as a table, and what helps."""
    match error.fault:
        case TableFault.PACKAGE:
            return _(
                "This server cannot read Parquet and Feather files. Its operator can "
                "install the reader: pip install -e '.[tables]'"
            )
        case TableFault.LIMITS | TableFault.TOO_LARGE:
            return _(
                "Reading this table needs more memory or time than the server allows. "
                "Download the file to open it."
            )
        case TableFault.EMPTY | TableFault.NO_TABLE:
            return _("This file has no rows and no columns.")
        case TableFault.CORRUPT:
            return _("This file is damaged, or does not have the format of its name.")
