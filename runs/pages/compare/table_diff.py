"""The card *Table* of the comparison: how a logged table differs between two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.models import Metric, MetricKind, Run
from runs.pages.compare.state import CompareState
from runs.render.compare import (
    NO_CELL,
    CellDiff,
    PlainTable,
    TableDiff,
    diff_tables,
    is_number,
    key_columns,
    signed_number,
)
from runs.render.formats import grouped
from runs.render.metrics import display_value
from runs.search.compare import Comparison, NonNumericSeries
from runs.search.tables import TableQuery, iterate_rows, select_rows
from runs.storage.metrics import store
from runs.storage.tables import UnreadableTable, table_of_logged_rows

#: The newest rows of a table that are compared, and the differences that are shown.
MAX_ROWS, MAX_SHOWN = 20_000, 200
MAX_COLUMNS = 50
#: Stands in the address for comparing by the numbers of rows.
BY_NUMBER = "#"


@dataclass(frozen=True)
class ShownCell:
    """What a cell was and is; `change` is the difference of numbers."""

    old: str
    new: str
    differs: bool
    change: str = ""


@dataclass(frozen=True)
class ShownRow:
    key: str
    sign: str
    cells: Sequence[ShownCell]


@dataclass(frozen=True)
class LoggedTableDiff:
    """The difference; `problem` tells why there is none."""

    name: str
    old: Run
    new: Run
    others: Sequence[Run]
    problem: str = ""
    keys: Sequence[str] = ()
    key: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[ShownRow] = ()
    summary: str = ""
    more: int = 0


def logged_table_diff(
    state: CompareState, compared: Comparison, baseline: int
) -> LoggedTableDiff | None:
    """Compare the table of the address in the baseline and another run.

    None without a table, or if fewer than two of the runs have it.
    """
    row = next((each for each in compared.metrics if each.key == state.table), None)
    if row is None or not state.table:
        return None
    have = [
        run
        for run, value in zip(compared.runs, row.values, strict=True)
        if isinstance(value, NonNumericSeries) and value.kind == MetricKind.TABLE
    ]
    if len(have) < 2:
        return None
    old = compared.runs[baseline] if compared.runs[baseline] in have else have[0]
    others = [run for run in have if run != old]
    new = next((run for run in others if run.run_id == state.table_run), others[0])
    frame = LoggedTableDiff(state.table, old, new, others)
    tables = _read_tables(state.table, (old, new))
    if tables is None:
        problem = _("These tables can't be compared: they are too large or unreadable.")
        return LoggedTableDiff(state.table, old, new, others, problem)
    return _shown(frame, state.key, *tables)


def _read_tables(name: str, runs: tuple[Run, Run]) -> list[PlainTable] | None:
    heads = Metric.objects.filter(run__in=runs, key__name=name, kind=MetricKind.TABLE)
    by_run = {head.run_id: head for head in heads}
    newest = store.newest_points_of_all(list(by_run.values()), MAX_ROWS)
    found = []
    for run in runs:
        try:
            table = table_of_logged_rows(newest[by_run[run.pk].pk].python_values())
        except (UnreadableTable, KeyError):
            return None
        if len(table.columns) > MAX_COLUMNS:
            return None
        every = select_rows(table, TableQuery())
        rows = list(iterate_rows(table, every, table.columns))
        found.append(PlainTable([column.name for column in table.columns], rows))
    return found


def _shown(
    frame: LoggedTableDiff, wanted: str, old: PlainTable, new: PlainTable
) -> LoggedTableDiff:
    keys = key_columns(old, new)
    key = wanted if wanted in keys else keys[0] if keys and wanted != BY_NUMBER else ""
    diff = diff_tables(old, new, key)
    rows = [
        ShownRow(_text(row.key), row.sign, [_shown_cell(cell) for cell in row.cells])
        for row in diff.rows[:MAX_SHOWN]
    ]
    return LoggedTableDiff(
        frame.name,
        frame.old,
        frame.new,
        frame.others,
        keys=keys,
        key=key,
        columns=diff.columns,
        rows=rows,
        summary=_summary(diff),
        more=len(diff.rows) - len(rows),
    )


def _summary(diff: TableDiff) -> str:
    parts = (
        (
            diff.count(""),
            ngettext("%(n)s row changed", "%(n)s rows changed", diff.count("")),
        ),
        (diff.count("+"), _("%(n)s added")),
        (diff.count("-"), _("%(n)s removed")),
        (diff.equal, _("%(n)s equal")),
    )
    return ", ".join(text % {"n": grouped(n)} for n, text in parts if n)


def _shown_cell(cell: CellDiff) -> ShownCell:
    change = ""
    if cell.differs and is_number(cell.old) and is_number(cell.new):
        change = signed_number(cell.new - cell.old)
    return ShownCell(_text(cell.old), _text(cell.new), cell.differs, change)


def _text(value: object) -> str:
    if value is NO_CELL:
        return ""
    return display_value(value).text  # type: ignore[arg-type]
