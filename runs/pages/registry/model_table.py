"""The table of a model's versions: heads, rows and cells, and the chart next to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from runs.models import ModelAlias, ModelVersion
from runs.pages.registry.model_shell import model_path
from runs.pages.registry.model_state import VersionsState
from runs.render.compare import best_value
from runs.render.formats import run_path
from runs.render.metrics import DisplayValue, display_column, display_value
from runs.render.registry import ChartPoint, draw_version_chart
from runs.search.registry import (
    MAX_CHARTED,
    METRIC_PREFIX,
    ChartedVersion,
    VersionPage,
    VersionRow,
)

#: The colors of aliases whose meaning is common; others are neutral.
ALIAS_STYLES = {
    "champion": "ok",
    "production": "ok",
    "challenger": "link",
    "candidate": "link",
}


@dataclass(frozen=True)
class AliasChip:
    name: str
    style: str


@dataclass(frozen=True)
class MetricCell:
    label: str
    value: DisplayValue
    #: Why the value is marked as the best; empty if it is not.
    best: str = ""


@dataclass(frozen=True)
class TableRow:
    """`series` is the color of a selected version, 0 if it is not selected."""

    version: ModelVersion
    name: str
    href: str
    series: int
    aliases: tuple[AliasChip, ...]
    run_href: str
    cells: tuple[MetricCell, ...]


@dataclass(frozen=True)
class TableHead:
    label: str
    css: str
    order: str
    href: str


def sort_aliases(aliases: Iterable[ModelAlias]) -> list[ModelAlias]:
    """Return the aliases, those with a common meaning first."""
    known = list(ALIAS_STYLES)
    ranks = {name: place for place, name in enumerate(known)}
    return sorted(aliases, key=lambda each: ranks.get(each.name.lower(), len(known)))


def alias_chip(alias: ModelAlias) -> AliasChip:
    return AliasChip(alias.name, ALIAS_STYLES.get(alias.name.lower(), ""))


def series_of(state: VersionsState, number: int) -> int:
    return state.select.index(number) + 1 if number in state.select else 0


def table_heads(state: VersionsState, columns: Sequence[str]) -> list[TableHead]:
    return [
        _head(state, "version", _("Version"), "name"),
        TableHead(_("Aliases"), "aliases", "", ""),
        _head(state, "run", _("Run"), "run"),
        *(_head(state, METRIC_PREFIX + name, name, "number") for name in columns),
        _head(state, "size", _("Size"), "number"),
        _head(state, "by", _("Registered by"), ""),
        _head(state, "registered", _("Registered"), ""),
    ]


def _head(state: VersionsState, key: str, label: str, css: str) -> TableHead:
    order = ""
    if state.sort.removeprefix("-") == key:
        order = "descending" if state.sort.startswith("-") else "ascending"
    # The first click sorts names from A to Z, numbers and times from the largest down.
    first = key if key in ("by", "run") else f"-{key}"
    other = key if state.sort.startswith("-") else f"-{key}"
    return TableHead(label, css, order, state.query(sort=other if order else first))


def table_rows(
    page: VersionPage,
    state: VersionsState,
    columns: Sequence[str],
    best: Mapping[str, float],
    best_words: str,
) -> list[TableRow]:
    cells = _cells_by_row(page.rows, columns, best, best_words)
    return [
        _table_row(row, state, tuple(of_row))
        for row, of_row in zip(page.rows, cells, strict=True)
    ]


def _table_row(
    row: VersionRow, state: VersionsState, cells: tuple[MetricCell, ...]
) -> TableRow:
    version = row.version
    workspace = version.model.workspace.name
    return TableRow(
        version,
        _("Version %(number)s") % {"number": version.number},
        f"{model_path(version.model)}{version.number}/",
        series_of(state, version.number),
        tuple(alias_chip(each) for each in sort_aliases(row.aliases)),
        run_path(workspace, version.run.run_id) if version.run else "",
        cells,
    )


def _cells_by_row(
    rows: Sequence[VersionRow],
    columns: Sequence[str],
    best: Mapping[str, float],
    best_words: str,
) -> list[list[MetricCell]]:
    cells: list[list[MetricCell]] = [[] for _row in rows]
    for name in columns:
        values = [row.metrics.get(name) for row in rows]
        shown = display_column([None if v is None else (v,) for v in values])
        for place, value, text in zip(cells, values, shown, strict=True):
            is_best = value is not None and value == best.get(name)
            place.append(MetricCell(name, text, best_words if is_best else ""))
    return cells


def find_best_values(
    versions: Sequence[ChartedVersion],
    columns: Sequence[str],
    goals: Mapping[str, bool],
) -> dict[str, float]:
    """Return the best value of each metric whose goal is known."""
    found = {
        name: best_value([each.metrics.get(name) for each in versions], goals[name])
        for name in columns
        if name in goals
    }
    return {name: value for name, value in found.items() if value is not None}


def best_words(total: int) -> str:
    if total <= MAX_CHARTED:
        return _("Best of all versions")
    return _("Best of the newest %(n)s versions") % {"n": MAX_CHARTED}


def draw_chart(
    versions: Iterable[ChartedVersion],
    metric: str,
    aliases: Iterable[ModelAlias],
    state: VersionsState,
) -> SafeString:
    names: dict[int, list[str]] = {}
    for alias in aliases:
        names.setdefault(alias.version_id, []).append(alias.name)
    points = [
        ChartPoint(
            each.number,
            value,
            display_value(value).text,
            tuple(names.get(each.pk, ())),
            series_of(state, each.number),
        )
        for each in versions
        if math.isfinite(value := each.metrics.get(metric, math.nan))
    ]
    label = _("%(metric)s by version: %(n)s values") % {
        "metric": metric,
        "n": len(points),
    }
    return draw_version_chart(points, label)
