"""The panels of the tab *Metrics*: one for each chosen metric, by its kind.

The page's script draws numbers from `chart.json`; matrices, tables, texts and images
are HTML. A value that can't be shown has the reason and a link to its file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from runs.models import File, Metric, MetricKind
from runs.pages.media import image_file
from runs.pages.metrics.evaluation_documents import (
    evaluation_figure,
    evaluation_matrix,
    missing_file_message,
    value_at_step,
)
from runs.pages.metrics.metric_choice import GraphGrouping, MetricChoice
from runs.pages.metrics.single_values import has_single_value, single_values
from runs.render.charts import rows_of_figure
from runs.render.formats import grouped, number
from runs.render.metrics import (
    DEFAULT_VIEW,
    DisplayValue,
    build_logged_table,
    display_column,
    display_logged_value,
)
from runs.search.files import file_path_of
from runs.search.metrics import NUMERIC_KINDS, has_numbers, newest_step_rows
from runs.storage.metrics import Points
from studio.core.errors import NotFound, StudioError

#: Rows of a table in a panel.
MAX_TABLE_ROWS = 100
#: Maximum number of newest texts, and of steps in a menu.
MAX_TEXTS, MAX_STEPS = 25, 200


@dataclass(frozen=True)
class SelectOption:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class PanelSelect:
    """A select in a panel's head; `name` is its parameter in the address."""

    name: str
    label: str
    options: Sequence[SelectOption]


@dataclass(frozen=True)
class PanelSources:
    """What panels are built from.

    `base` is the address of the run page, `newest` has the last values of each series,
    and `files` the files that they name.
    """

    base: str
    choice: MetricChoice
    newest: Mapping[int, Points]
    files: Mapping[str, File]


@dataclass(frozen=True)
class Panel:
    """A panel; `shape` names the part of the template that shows `content`."""

    shape: str
    id: str
    title: str
    keys: Sequence[str]
    note: str = ""
    figure: str = ""
    download: str = ""
    selects: Sequence[PanelSelect] = ()
    #: Query strings that switch the panel to a chart or a table; empty if it can't.
    chart_query: str = ""
    table_query: str = ""
    #: Shows the range of most values, or the full one; empty for the default look.
    range_query: str | None = None
    is_table: bool = False
    #: The query string of all rows of a table as a grid.
    grid_query: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)


def build_panels(chosen: Sequence[Metric], sources: PanelSources) -> list[Panel]:
    """Build the panels: charts of several metrics first; no lines in table mode.

    Metrics with one value share a table at the end: charts would have one dot.
    """
    graph_grouping, panels = sources.choice.graph_grouping, list[Panel]()
    graphs = _group_into_graphs(
        [head for head in chosen if has_numbers(head)], graph_grouping
    )
    shared = {head.pk for graph in graphs.values() for head in graph if len(graph) > 1}
    if not sources.choice.table:
        for part, graph in graphs.items():
            if len(graph) > 1:
                panels.append(_lines_panel(_graph_title(part, graph), graph, sources))
    own = [head for head in chosen if head.pk not in shared]
    for head in own:
        if not has_numbers(head):
            panels.append(_single_metric_panel(head, sources))
        elif not has_single_value(head) and not sources.choice.table:
            panels.append(_lines_panel(head.key.name, [head], sources))
    single = [head for head in own if has_single_value(head)]
    if single and not sources.choice.table:
        panels.append(_single_values_panel(single, sources.base))
    return panels


def _single_values_panel(heads: Sequence[Metric], base: str) -> Panel:
    keys = [head.key.name for head in heads]
    csv = urlencode([("key", key) for key in keys])
    return Panel(
        "values",
        "panel-single-values",
        _("Single values"),
        keys,
        note=ngettext("%(n)s metric", "%(n)s metrics", len(keys))
        % {"n": grouped(len(keys))},
        download=f"{base}metrics/values.csv?{csv}",
        content={"rows": single_values(heads)},
    )


def _group_into_graphs(
    heads: Sequence[Metric], graph_grouping: GraphGrouping
) -> dict[str, list[Metric]]:
    """Group the metrics of each chart, by the part of the name that they share."""
    graphs: dict[str, list[Metric]] = {}
    for head in heads:
        graphs.setdefault(graph_grouping.shared_name_part(head.key.name), []).append(
            head
        )
    return graphs


def _graph_title(part: str, graph: Sequence[Metric]) -> str:
    return part or pgettext("chart of several metrics", "%(n)d metrics") % {
        "n": len(graph)
    }


def _lines_panel(title: str, heads: Sequence[Metric], sources: PanelSources) -> Panel:
    keys = [head.key.name for head in heads]
    what = [("key", key) for key in keys]
    look = [
        pair
        for pair in sources.choice.display_parameters()
        # Only what changes the figure: other options would only change its address and
        # ETag.
        if pair[0] in ("x", "smooth", "log", "full")
    ]
    # A graph of several metrics has the options of its first one.
    is_table = sources.choice.option("as", keys[0]) == "table"
    panel = Panel(
        "plot",
        # Other metrics can join the graph, but its first one keeps the id for the
        # refresh.
        f"panel-{heads[0].pk}" + ("-all" if len(heads) > 1 else ""),
        title,
        keys,
        figure=f"{sources.base}metrics/chart.json?{urlencode([*what, *look])}",
        download=f"{sources.base}metrics/values.csv?{urlencode(what)}",
        chart_query=sources.choice.query_with_option("as", keys[0], ""),
        table_query=sources.choice.query_with_option("as", keys[0], "table"),
        is_table=is_table,
        range_query=sources.choice.query(is_full=not sources.choice.is_full),
    )
    return _newest_values_panel(panel, heads, sources) if is_table else panel


def _newest_values_panel(
    panel: Panel, heads: Sequence[Metric], sources: PanelSources
) -> Panel:
    """Return the panel as a table of the newest values, by step."""
    rows = newest_step_rows([sources.newest[head.pk] for head in heads], MAX_TABLE_ROWS)
    columns = [
        display_column([row.cells[at] for row in rows]) for at in range(len(heads))
    ]
    cells = [
        [
            DisplayValue(grouped(row.step), str(row.step)),
            *(column[at] for column in columns),
        ]
        for at, row in enumerate(rows)
    ]
    table = {"columns": [_("Step"), *panel.keys], "rows": cells}
    return replace(
        panel,
        shape="rows",
        figure="",
        note=_newest_note(heads),
        content={"table": table},
    )


def _newest_note(heads: Sequence[Metric]) -> str:
    if max(head.count for head in heads) > MAX_TABLE_ROWS:
        return _("the newest %(n)s steps") % {"n": grouped(MAX_TABLE_ROWS)}
    return _("newest first")


def _single_metric_panel(head: Metric, sources: PanelSources) -> Panel:
    key = head.key.name
    csv = f"{sources.base}metrics/values.csv?{urlencode({'key': key})}"
    blank = Panel("", f"panel-{head.pk}", key, [key], download=csv)
    if head.kind == MetricKind.TABLE:
        return _table_panel(blank, head, sources)
    if head.kind in NUMERIC_KINDS:
        return _texts_panel(blank, head, sources.newest[head.pk])
    try:
        return _evaluation_panel(blank, head, sources)
    except StudioError as error:
        # The document is missing, or does not have the format of its kind.
        return replace(blank, shape="wrong", content={"reason": error.message})


def _texts_panel(empty_panel: Panel, head: Metric, newest: Points) -> Panel:
    rows = [(step, display_logged_value(value)) for step, _time, value in newest][
        -MAX_TEXTS:
    ]
    return replace(
        empty_panel,
        shape="texts",
        note=_value_count_note(head),
        content={"rows": rows[::-1]},
    )


def _value_count_note(head: Metric) -> str:
    values = ngettext("%(n)s value", "%(n)s values", head.count)
    return values % {"n": grouped(head.count)}


def _table_panel(empty_panel: Panel, head: Metric, sources: PanelSources) -> Panel:
    key, choice = head.key.name, sources.choice
    table = build_logged_table(
        sources.newest[head.pk].python_values()[-MAX_TABLE_ROWS:]
    )
    view = choice.option("as", key) or table.default_view
    x, y = table.columns_to_draw(choice.option("cx", key), choice.option("cy", key))
    panel = replace(
        empty_panel,
        note=_row_count_note(head, len(table.rows)),
        selects=_column_selects(key, table.numeric, x, y) if view == "chart" else (),
        # A chart needs two columns of numbers.
        chart_query=choice.query_with_option("as", key, "chart") if y else "",
        table_query=choice.query_with_option("as", key, "table") if y else "",
        is_table=view != "chart" or choice.table or not y,
        grid_query=urlencode({"table": key}),
        content={"table": table},
    )
    if panel.is_table:
        return replace(panel, shape="rows")
    query = urlencode({"key": key, "cx": x, "cy": y})
    address = f"{sources.base}metrics/chart.json?{query}"
    return replace(panel, shape="plot", figure=address)


def _row_count_note(head: Metric, count: int) -> str:
    if count < head.count:
        words = _("the last %(n)s of %(total)s rows")
        return words % {"n": grouped(count), "total": grouped(head.count)}
    rows = ngettext("%(n)s row", "%(n)s rows", head.count)
    return rows % {"n": grouped(head.count)}


def _column_selects(
    key: str, columns: Sequence[str], x: str, y: str
) -> Sequence[PanelSelect]:
    # Two columns leave nothing to choose.
    if len(columns) <= 2:
        return ()
    return [
        PanelSelect(
            f"cy:{key}",
            pgettext("column of a table to draw", "Column"),
            [SelectOption(c, c, c == y) for c in columns],
        ),
        PanelSelect(
            f"cx:{key}",
            pgettext("column of a table to draw", "vs."),
            [SelectOption(c, c, c == x) for c in columns],
        ),
    ]


def _evaluation_panel(empty_panel: Panel, head: Metric, sources: PanelSources) -> Panel:
    key, choice, newest = head.key.name, sources.choice, sources.newest[head.pk]
    at, value = value_at_step(head, newest, choice.option("at", key))
    file = sources.files.get(file_path_of(value) or "")
    if file:
        empty_panel = replace(
            empty_panel, download=f"{sources.base}files/raw/{quote(file.path)}"
        )
    view = choice.option("as", key) or DEFAULT_VIEW.get(head.kind, "")
    # A matrix is a table already.
    if choice.table and head.kind != MetricKind.CONFUSION_MATRIX:
        view = "table"
    panel = replace(
        empty_panel,
        selects=[*_view_selects(head, view), *_step_selects(key, newest, at)],
        note=_("step %(n)s") % {"n": grouped(at)} if head.count > 1 else "",
    )
    if head.kind == MetricKind.IMAGE:
        if file is None:
            raise NotFound(missing_file_message())
        return replace(
            panel,
            shape="picture",
            selects=_step_selects(key, newest, at),
            content={"picture": image_file(sources.base, file)},
        )
    if head.kind == MetricKind.CONFUSION_MATRIX:
        matrix = evaluation_matrix(value, file, normalized=view == "normalised")
        return replace(panel, shape="matrix", content={"matrix": matrix})
    figure = evaluation_figure(head, value, file, view)
    if view == "table":
        rows = rows_of_figure(figure)[:MAX_STEPS]
        return replace(panel, shape="points", content={"rows": rows})
    parameters = {"key": key, "as": view, **({"at": str(at)} if head.count > 1 else {})}
    address = f"{sources.base}metrics/chart.json?{urlencode(parameters)}"
    return replace(panel, shape="plot", figure=address)


def _view_selects(head: Metric, view: str) -> list[PanelSelect]:
    views = VIEWS.get(MetricKind(head.kind), ())
    default = DEFAULT_VIEW.get(head.kind, "")
    options = [
        # Defaults stay out of the address.
        SelectOption("" if way == default else way, label(), way == view)
        for way, label in views
    ]
    return (
        [
            PanelSelect(
                f"as:{head.key.name}",
                pgettext("how a metric is shown", "Shown as"),
                options,
            )
        ]
        if options
        else []
    )


def _step_selects(key: str, newest: Points, at: int) -> list[PanelSelect]:
    steps = sorted(set(newest.steps.tolist()), reverse=True)[:MAX_STEPS]
    if len(steps) < 2:
        return []
    options = [
        SelectOption("" if step == steps[0] else str(step), number(step), step == at)
        for step in steps
    ]
    return [PanelSelect(f"at:{key}", _("Step"), options)]


_TABLE = ("table", lambda: _("Table"))
VIEWS: Mapping[MetricKind, Sequence[tuple[str, Callable[[], str]]]] = {
    MetricKind.CONFUSION_MATRIX: (
        ("counts", lambda: pgettext("confusion matrix", "Counts")),
        ("normalised", lambda: pgettext("confusion matrix", "Normalized")),
    ),
    MetricKind.ACCURACY_TABLE: (
        ("roc", lambda: _("ROC")),
        ("pr", lambda: _("Precision and recall")),
        ("gain", lambda: pgettext("curve of a classifier", "Gain")),
        ("lift", lambda: pgettext("curve of a classifier", "Lift")),
        ("calibration", lambda: pgettext("curve of a classifier", "Calibration")),
        _TABLE,
    ),
    MetricKind.RESIDUALS: (("chart", lambda: _("Chart")), _TABLE),
    MetricKind.PREDICTIONS: (("chart", lambda: _("Chart")), _TABLE),
}
