"""Vega-Lite charts: the common marks as a Plotly figure; Vega itself is not drawn."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runs.render.previews.content import InvalidContent

MAX_ROWS = 50_000
MAX_SERIES = 50
_MARKS = {
    "point": ("scatter", "markers"),
    "circle": ("scatter", "markers"),
    "square": ("scatter", "markers"),
    "tick": ("scatter", "markers"),
    "line": ("scatter", "lines"),
    "trail": ("scatter", "lines"),
    "area": ("scatter", "lines"),
    "bar": ("bar", ""),
}
_AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "average": statistics.fmean,
    "sum": sum,
    "min": min,
    "max": max,
    "median": statistics.median,
}
_COMPOSED = ("layer", "hconcat", "vconcat", "concat", "facet", "repeat", "spec")

Row = Mapping[str, Any]


def is_vega(document: object) -> bool:
    """Whether it is a specification of Vega or Vega-Lite."""
    if not isinstance(document, dict):
        return False
    schema = document.get("$schema")
    return isinstance(schema, str) and "vega.github.io/schema/vega" in schema


def vega_figure(document: object) -> dict[str, Any]:
    """Translate a chart of one mark, with its data inside, to a Plotly figure.

    Raises InvalidContent for any other chart.
    """
    if not isinstance(document, dict) or any(name in document for name in _COMPOSED):
        raise InvalidContent
    if "vega-lite" not in str(document.get("$schema")) or document.get("transform"):
        raise InvalidContent
    mark = document.get("mark")
    name = mark.get("type") if isinstance(mark, dict) else mark
    encoding = document.get("encoding")
    if (
        not isinstance(name, str)
        or name not in _MARKS
        or not isinstance(encoding, dict)
    ):
        raise InvalidContent
    x, y, color = (_channel(encoding, each) for each in ("x", "y", "color"))
    rows = _rows(document)
    traces = [
        _trace(name, part, x, y, label) for label, part in _series(rows, color).items()
    ]
    title = document.get("title")
    layout = {
        "title": {"text": title if isinstance(title, str) else ""},
        "xaxis": _axis(x),
        "yaxis": _axis(y),
        "showlegend": len(traces) > 1,
        "barmode": "stack",
    }
    return {"data": traces, "layout": layout}


def _channel(encoding: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = encoding.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict) or found.get("bin") or found.get("timeUnit"):
        raise InvalidContent
    aggregate = found.get("aggregate")
    if aggregate is not None and aggregate not in ("count", *_AGGREGATES):
        raise InvalidContent
    return found


def _rows(document: Mapping[str, Any]) -> list[Row]:
    data = document.get("data")
    if not isinstance(data, dict):
        raise InvalidContent
    values = data.get("values")
    if values is None:
        sets = document.get("datasets")
        values = sets.get(data.get("name")) if isinstance(sets, dict) else None
    if not isinstance(values, list) or len(values) > MAX_ROWS:
        raise InvalidContent
    return [row for row in values if isinstance(row, dict)]


def _series(rows: Sequence[Row], color: Mapping[str, Any]) -> dict[str, list[Row]]:
    field = color.get("field")
    # Colors of numbers are a scale, not lines of their own.
    if not isinstance(field, str) or color.get("type") == "quantitative":
        return {"": list(rows)}
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row.get(field)), []).append(row)
        if len(found) > MAX_SERIES:
            raise InvalidContent
    return found


def _trace(
    mark: str,
    rows: Sequence[Row],
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    name: str,
) -> dict[str, Any]:
    if "aggregate" in x or "aggregate" in y:
        across, up = _aggregated(rows, x, y)
    else:
        across, up = _values(rows, x), _values(rows, y)
    kind, mode = _MARKS[mark]
    trace: dict[str, Any] = {"type": kind, "name": name, "x": across, "y": up}
    if mode:
        trace["mode"] = mode
    if mark == "area":
        trace["fill"] = "tozeroy"
    if kind == "bar" and x.get("type") == "quantitative" != y.get("type"):
        trace["orientation"] = "h"
    return trace


def _values(rows: Sequence[Row], channel: Mapping[str, Any]) -> list[Any]:
    field = channel.get("field")
    plain = (row.get(field) if isinstance(field, str) else None for row in rows)
    return [v if isinstance(v, str | int | float) else None for v in plain]


def _aggregated(
    rows: Sequence[Row], x: Mapping[str, Any], y: Mapping[str, Any]
) -> tuple[list[Any], list[Any]]:
    """Combine the rows with the same value on the axis that is not aggregated."""
    if "aggregate" in x and "aggregate" in y:
        raise InvalidContent
    by, of = (y, x) if "aggregate" in x else (x, y)
    groups: dict[Any, list[Any]] = {}
    for key, value in zip(_values(rows, by), _values(rows, of), strict=True):
        groups.setdefault(key, []).append(value)
    results = [_combine(of["aggregate"], values) for values in groups.values()]
    keys = list(groups)
    return (results, keys) if "aggregate" in x else (keys, results)


def _combine(name: str, values: Sequence[Any]) -> float | None:
    if name == "count":
        return len(values)
    numbers = [v for v in values if isinstance(v, int | float)]
    return _AGGREGATES[name](numbers) if numbers else None


def _axis(channel: Mapping[str, Any]) -> dict[str, Any]:
    title, field = channel.get("title"), channel.get("field")
    shown = title or field or channel.get("aggregate") or ""
    axis: dict[str, Any] = {"title": {"text": str(shown)}}
    scale = channel.get("scale")
    if isinstance(scale, dict) and scale.get("type") == "log":
        axis["type"] = "log"
    if channel.get("type") in ("nominal", "ordinal"):
        axis["type"] = "category"
    return axis
