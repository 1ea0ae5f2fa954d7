"""The content of a live run: status, charts, tables, child runs, the end of the log.

Reads from the server alone and leaves the run object as it is, since the cells of the
notebook use it at the same time. What it shows is limited, whatever the run has.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timezone
from html import escape
from typing import Any
from urllib.parse import quote

from studio.core.errors import StudioError
from studio.core.names import SYSTEM_METRIC_PREFIX
from studio.core.statuses import parse_status
from studio.sdk.notebook.html_parts import (
    duration_html,
    heading,
    link,
    number_html,
    rows_table,
    section,
    status_html,
    table,
    text_html,
)
from studio.sdk.notebook.line_chart import line_chart
from studio.sdk.notebook.objects import tags_html
from studio.sdk.value_conversion import from_wire

MAX_CHARTS, MAX_CHART_POINTS = 6, 200
MAX_METRICS, MAX_TABLES, MAX_TABLE_ROWS, MAX_TABLE_COLUMNS = 30, 3, 10, 12
MAX_CHILDREN = 25
#: The number of child runs that are asked for a metric.
MAX_ASKED = 3
MAX_LOG_LINES, MAX_LOG_BYTES = 20, 16_384
LOG_FOLDERS, MAX_LOGS = ("user_logs", "logs", "azureml-logs"), 500
_SCROLL = (
    "max-height:20em;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;"
    "margin:0;padding:6px 8px;background:rgba(128,128,128,.12);border-radius:4px;"
    "font-size:90%"
)


class LiveRun:
    """Reads a run again at each `read_html()`. `has_ended` is true after its end."""

    def __init__(self, run: Any, find_log: Callable[[list[str]], str]) -> None:
        self._run = run
        self._state = run._state
        self._find_log = find_log
        self._sweep: dict[str, Any] | None = None
        #: Where logs can be; once one is found, the folder that has it.
        self._log_folders = list(LOG_FOLDERS)
        self.has_ended = False

    def read_html(self) -> str:
        """The run as it is now. Raises StudioError."""
        info = self._get("")
        # Read before everything else, so that the last update shows the end.
        has_ended = parse_status(info["status"]).is_final
        content = section(
            self._summary(info),
            f"<p>{escape(info['error'][:2000])}</p>" if info["error"] else "",
            *self._metrics(),
            self._children(),
            self._log(),
        )
        self.has_ended = has_ended
        return content

    @property
    def is_offline(self) -> bool:
        """Whether the server is not asked at all (`STUDIO_MODE=offline`)."""
        return bool(self._state.connection.is_offline)

    @property
    def is_logged_here(self) -> bool:
        """Whether this process logs the run and has not ended it."""
        return bool(self._state.is_own and not self._state.has_ended)

    def _get(self, path: str, **query: Any) -> Any:
        return self._state.connection.get(self._state.path(path), **query)

    def _summary(self, info: dict[str, Any]) -> str:
        ended = info["ended"] or datetime.now(timezone.utc).timestamp() * 1000
        started = info["started"]
        duration = None if started is None else max(0.0, (ended - started) / 1000)
        cells = {
            "Run": link(self._run.get_portal_url(), info["name"]),
            "Experiment": text_html(info["experiment"]),
            "Status": status_html(info["status"]),
            "Duration": duration_html(duration),
        }
        for title, name in (("Parameters", "params"), ("Tags", "tags")):
            found = self._get(name)[name]
            if found:
                cells[title] = tags_html(found)
        return table(cells)

    def _metrics(self) -> list[str]:
        metrics = [
            metric
            for metric in self._get("metrics")["metrics"]
            if not metric["key"].startswith(SYSTEM_METRIC_PREFIX)
        ]
        tables = [metric for metric in metrics if metric["kind"] == "table"]
        numbers = [metric for metric in metrics if metric["last"] is not None]
        series = [metric for metric in numbers if metric["min"] is not None]
        # Few metrics are asked for, even if they have no two numbers to draw.
        curves = [metric for metric in series if metric["count"] > 1][:MAX_CHARTS]
        drawn = [self._chart(metric) for metric in curves]
        style = "display:flex;flex-wrap:wrap;gap:16px 24px;margin:8px 0"
        return [
            f'<div style="{style}">{"".join(drawn)}</div>' if drawn else "",
            _metrics_table(numbers),
            *(self._row_table(metric) for metric in tables[:MAX_TABLES]),
        ]

    def _chart(self, metric: dict[str, Any]) -> str:
        path = f"metrics/{quote(metric['key'], safe='')}"
        found = self._get(path, limit=MAX_CHART_POINTS)
        return line_chart(metric["key"], found["steps"], from_wire(found["values"]))

    def _row_table(self, metric: dict[str, Any]) -> str:
        """The last rows of a table that was logged row by row."""
        start = metric["last_step"] - MAX_TABLE_ROWS + 1
        path = f"metrics/{quote(metric['key'], safe='')}"
        rows = from_wire(self._get(path, start=start, limit=MAX_TABLE_ROWS)["values"])
        rows = [row for row in rows if isinstance(row, dict)][-MAX_TABLE_ROWS:]
        if not rows:
            return ""
        names = list(dict.fromkeys(name for row in rows for name in row))
        names = names[:MAX_TABLE_COLUMNS]
        cells = [[number_html(row.get(name)) for name in names] for row in rows]
        hidden = metric["count"] - len(rows)
        note = f"the last {len(rows)} of {metric['count']:,} rows" if hidden > 0 else ""
        return heading(metric["key"], note) + rows_table(names, cells)

    def _children(self) -> str:
        """The child runs, with the primary metric of a sweep or their first metric."""
        connection = self._state.connection
        query: dict[str, Any] = {"parent": self._state.id, "archived": "1"}
        newest = connection.get("columns", columns="id", rows=MAX_ASKED, **query)
        if not newest["rows"]:
            return ""
        metric, goal = self._primary_metric(newest["columns"][0]["values"])
        columns = ["name", "status", "duration"]
        if metric:
            field = 'metrics."' + metric.replace('"', '""') + '"'
            if goal:
                # The best value that a child reached, as the sweep's page shows it.
                field += ".min" if goal.startswith("min") else ".max"
                query["sort"] = field if goal.startswith("min") else f"-{field}"
            columns.append(field)
        page = connection.get(
            "columns", columns=",".join(["id", *columns]), rows=MAX_CHILDREN, **query
        )
        values = [column["values"] for column in page["columns"]]
        titles = ["Child run", "Status", "Duration", *([metric] if metric else [])]
        rows = [_child_cells(self._page_url, *row) for row in zip(*values)]
        total = page["total"] if page["total_is_exact"] else f"{page['total']:,}+"
        hidden = page["rows"] < page["total"]
        note = f"{page['rows']} of {total}" if hidden else ""
        return heading("Child runs", note) + rows_table(titles, rows)

    def _page_url(self, run_id: str) -> str:
        own = f"{self._state.id}/"
        return f"{self._state.page_url()[: -len(own)]}{run_id}/"

    def _primary_metric(self, child_ids: list[str]) -> tuple[str, str]:
        """The metric that child runs are compared by, and its goal.

        Without a sweep it is the first metric of one of these, which has no goal.
        """
        if self._sweep is None:
            try:
                self._sweep = dict(self._get("sweep"))
            except StudioError:
                # The run is no sweep.
                self._sweep = {}
        if self._sweep.get("primary_metric"):
            return self._sweep["primary_metric"], str(self._sweep.get("goal") or "max")
        for child_id in child_ids:
            path = f"runs/{child_id}/metrics"
            for metric in self._state.connection.get(path)["metrics"]:
                is_system = metric["key"].startswith(SYSTEM_METRIC_PREFIX)
                if metric["min"] is not None and not is_system:
                    return str(metric["key"]), ""
        return "", ""

    def _log(self) -> str:
        sizes: dict[str, int] = {}
        path = ""
        for folder in self._log_folders:
            files = self._get("files", folder=folder, limit=MAX_LOGS)["files"]
            sizes = {file["path"]: file["size"] for file in files}
            path = self._find_log(list(sizes))
            if path:
                self._log_folders = [folder]
                break
        if not path or not sizes[path]:
            return ""
        start = max(0, sizes[path] - MAX_LOG_BYTES)
        target = io.BytesIO()
        self._state.connection.client.download(
            self._state.path(f"files/{quote(path)}"), target, offset=start
        )
        lines = target.getvalue().decode(errors="replace").splitlines()
        tail = "\n".join(lines[-MAX_LOG_LINES:])
        return heading(path) + f'<pre style="{_SCROLL}">{escape(tail)}</pre>'


def _metrics_table(metrics: list[dict[str, Any]]) -> str:
    if not metrics:
        return ""
    rows = [
        [
            text_html(metric["key"]),
            number_html(from_wire(metric["last"])),
            number_html(from_wire(metric["min"])),
            number_html(from_wire(metric["max"])),
            f"{metric['count']:,}",
        ]
        for metric in metrics[:MAX_METRICS]
    ]
    hidden = len(metrics) - len(rows)
    note = f"the first {len(rows)} of {len(metrics):,}" if hidden else ""
    titles = ("Metric", "Last", "Min", "Max", "Values")
    return (heading("Metrics", note) if note else "") + rows_table(titles, rows)


def _child_cells(
    page_url: Callable[[str], str],
    run_id: str,
    name: str,
    status: str,
    duration: int | None,
    *values: Any,
) -> list[str]:
    seconds = None if duration is None else duration / 1000
    return [
        link(page_url(run_id), name or run_id),
        status_html(status),
        duration_html(seconds),
        *(number_html(from_wire(value)) for value in values),
    ]
