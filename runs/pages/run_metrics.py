"""The run page, tab Metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access.rules import Permission, access
from runs.models import Metric
from runs.pages.members_only import PageRequest
from runs.pages.metric_choice import Choice, read_choice
from runs.pages.run_head import etag_of, find_head, is_known, not_modified, show
from runs.render import times
from runs.render.chart_axes import Axis
from runs.render.metric_values import Shown, column_shown, last_shown
from runs.search.run_detail import metrics_of
from runs.search.run_metrics import (
    is_drawn,
    newest_values,
)

#: Rows of the table beside the charts.
ROWS, MORE_ROWS = 25, 500


@dataclass(frozen=True)
class Entry:
    key: str
    last: Shown
    chosen: bool


@dataclass(frozen=True)
class Group:
    """Metrics whose names begin alike, up to the first slash."""

    name: str
    entries: list[Entry]


@dataclass(frozen=True)
class Chart:
    title: str
    keys: Sequence[str]
    figure: str
    csv: str


@access(Permission.READ)
@require_safe
def metrics(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_head(request, run_id)
    etag = etag_of(request, head)
    if is_known(request, etag):
        return not_modified(etag)
    heads = metrics_of(head.run)
    choice = read_choice(request.GET, heads)
    by_key = {each.key.name: each for each in heads}
    chosen = [by_key[key] for key in choice.keys]
    rows = MORE_ROWS if request.GET.get("rows") == "more" else ROWS
    context = {
        "choice": choice,
        "groups": _groups(heads, choice),
        "charts": _charts(chosen, choice),
        "axes": [(axis.value, AXES[axis]()) for axis in Axis],
        **_values(chosen, rows),
        **_links(choice, rows),
    }
    return show(request, head, "metrics", etag, context)


AXES = {
    Axis.STEP: lambda: _("Step"),
    Axis.RELATIVE: lambda: _("Relative"),
    Axis.TIME: lambda: _("Time"),
}


def _groups(heads: Sequence[Metric], choice: Choice) -> list[Group]:
    groups: dict[str, Group] = {}
    for head in heads:
        key = head.key.name
        prefix = key.split("/", 1)[0] if "/" in key else ""
        group = groups.setdefault(prefix, Group(prefix, []))
        group.entries.append(Entry(key, last_shown(head), key in choice.keys))
    return list(groups.values())


def _charts(chosen: Sequence[Metric], choice: Choice) -> list[Chart]:
    keys = [head.key.name for head in chosen if is_drawn(head)]
    if choice.one and len(keys) > 1:
        return [_chart(_("%(n)d metrics") % {"n": len(keys)}, keys, choice)]
    return [_chart(key, [key], choice) for key in keys]


def _chart(title: str, keys: Sequence[str], choice: Choice) -> Chart:
    what = [("key", key) for key in keys]
    look = [pair for pair in choice.look() if pair[0] in ("x", "smooth", "log")]
    return Chart(
        title,
        keys,
        f"chart.json?{urlencode([*what, *look])}",
        f"values.csv?{urlencode(what)}",
    )


def _values(chosen: Sequence[Metric], limit: int) -> dict[str, Any]:
    rows = newest_values(chosen, limit + 1)
    seen = rows[:limit]
    columns = [
        column_shown([row.cells[at] for row in seen]) for at in range(len(chosen))
    ]
    zone = get_current_timezone()
    return {
        "rows": [
            (row.step, times.at(row.time, zone), [column[at] for column in columns])
            for at, row in enumerate(seen)
        ],
        "has_more_rows": len(rows) > limit,
    }


def _links(choice: Choice, rows: int) -> dict[str, Any]:
    look = urlencode(choice.look())
    keys = urlencode([("key", key) for key in choice.keys])
    return {
        "all_query": f"all=1&{look}".rstrip("&"),
        "none_query": choice.query(keys=(), default=False),
        "chart_query": choice.query(table=False),
        "table_query": choice.query(table=True),
        "csv_query": keys,
        "more_query": f"{choice.query()}&rows=more".lstrip("&"),
        "is_long": rows == MORE_ROWS,
    }
