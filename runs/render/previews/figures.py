"""Plotly figures from files: only what draws is kept, and no markup of texts.

A figure is data, but Plotly reads markup in texts, loads images by their address and
has buttons that change the figure. A figure of a file keeps none of these.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.utils.translation import pgettext

from runs.render.previews.content import InvalidContent, load_json
from runs.render.previews.drawn_traces import draw_traces
from runs.render.previews.packed_arrays import (
    MAX_VALUES,
    is_packed,
    plain_values,
    unpack,
)
from runs.render.previews.tables import MAX_ROWS, PreviewTable

MAX_TRACES = 200
MAX_DEPTH = 12
MAX_TEXT_CHARS = 2000
#: Values of these traces that a table has as columns.
_COLUMNS = ("labels", "values", "x", "y", "z", "text", "open", "high", "low", "close")
#: What objects with a scale of colors have.
_SCALE_KEYS = ("showscale", "cmin", "cauto")
_DROPPED_KEYS = frozenset(
    "colorbar images updatemenus sliders frames config mapbox map geo meta transforms "
    "newshape newselection modebar activeshape activeselection selections "
    "plotlyServerURL source href link".split()
)
#: Everything else in a layout is left out.
_LAYOUT_KEYS = frozenset(
    "annotations autosize bargap bargroupgap barmode barnorm boxmode colorway font "
    "extendpiecolors grid height hiddenlabels hoverlabel hovermode legend margin "
    "paper_bgcolor piecolorway plot_bgcolor scattergap scattermode separators shapes "
    "showlegend template title uniformtext width".split()
)
_NUMBERED_KEYS = re.compile(r"(?:xaxis|yaxis|coloraxis|legend)\d{0,3}")
#: Others, such as bold, would be inline styles, which this site refuses.
_KEPT_TAGS = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>?")
_ADDRESS = re.compile(r"url\s*\(|(?:javascript|vbscript)\s*:", re.IGNORECASE)
_CALL = b"Plotly.newPlot("


@dataclass(frozen=True)
class FileFigure:
    """`data` and `layout` for Plotly; traces of kinds `left_out` are tables."""

    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    left_out: Sequence[str] = ()
    tables: Sequence[tuple[str, PreviewTable]] = field(default=())


def is_figure(document: object) -> bool:
    """Whether it is what `fig.to_json()` writes."""
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        return False
    traces = document["data"]
    return (
        isinstance(document.get("layout"), dict)
        and document.keys() <= {"data", "layout", "frames", "config"}
        and all(isinstance(trace, dict) for trace in traces[:MAX_TRACES])
    )


def read_figure(document: object) -> FileFigure:
    """Keep what draws. Raises InvalidContent if it is no figure."""
    if not is_figure(document):
        raise InvalidContent
    assert isinstance(document, dict)
    traces = [
        trace for trace in document["data"][:MAX_TRACES] if isinstance(trace, dict)
    ]
    layout = _kept_layout(document["layout"])
    drawn, left_out, tables = [], [], []
    for trace, shown in zip(traces, draw_traces(traces, layout), strict=True):
        if shown is not None:
            drawn += [_cleaned(each, 0) for each in shown.traces]
            for key, change in shown.layout.items():
                old = layout.get(key)
                layout[key] = {**(old if isinstance(old, dict) else {}), **change}
        else:
            kind = clean_text(str(trace.get("type") or "scatter"))
            left_out.append(kind[:40])
            tables.append((_title(trace, kind), _trace_table(trace)))
    for name in {name for trace in drawn for name in _color_axes(trace)}:
        axis = layout.get(name)
        layout[name] = {**(axis if isinstance(axis, dict) else {}), "showscale": False}
    if any(trace.get("type") == "box" for trace in traces):
        is_group = layout.get("boxmode") == "group"
        layout.setdefault("barmode", "group" if is_group else "overlay")
    return FileFigure(drawn, _cleaned(layout, 0), sorted(set(left_out)), tables[:20])


def _color_axes(trace: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the color axes that a trace refers to."""
    for part in (trace, trace.get("marker"), trace.get("line")):
        name = part.get("coloraxis") if isinstance(part, dict) else None
        if isinstance(name, str) and _NUMBERED_KEYS.fullmatch(name):
            yield name


def _kept_layout(layout: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in layout.items()
        if key in _LAYOUT_KEYS or _NUMBERED_KEYS.fullmatch(key)
    }


def figure_of_page(page: bytes) -> object:
    """Return the figure of a page by `fig.write_html`. Raises InvalidContent."""
    start = page.rfind(_CALL)
    if start < 0:
        raise InvalidContent
    text = page[start + len(_CALL) :].decode(errors="replace")
    if text.count(",") > MAX_VALUES:
        raise InvalidContent
    decoder = json.JSONDecoder()
    values, at = [], 0
    try:
        # The id of the place, the traces and the layout.
        for _argument in range(3):
            at = _skip(text, at)
            value, at = decoder.raw_decode(text, at)
            values.append(value)
    except (ValueError, RecursionError) as error:
        raise InvalidContent from error
    return {"data": values[1], "layout": values[2]}


def _skip(text: str, at: int) -> int:
    while at < len(text) and (text[at].isspace() or text[at] == ","):
        at += 1
    return at


def _cleaned(value: Any, depth: int) -> Any:
    """Copy the value without what could load, run or link, to a limited depth."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list) and depth <= MAX_DEPTH:
        return [_cleaned(each, depth + 1) for each in value]
    if isinstance(value, dict) and depth <= MAX_DEPTH:
        return _cleaned_object(value, depth)
    is_finite = isinstance(value, int) or (
        isinstance(value, float) and np.isfinite(value)
    )
    return value if is_finite else None


def _cleaned_object(value: Mapping[str, Any], depth: int) -> Any:
    if is_packed(value):
        return unpack(value)
    kept = {
        key: _cleaned(each, depth + 1)
        for key, each in value.items()
        if key not in _DROPPED_KEYS and not key.endswith("src")
    }
    # Plotly's bar of a color scale has inline styles, which this site refuses.
    has_scale = isinstance(kept.get("colorscale"), list | str)
    if has_scale or not kept.keys().isdisjoint(_SCALE_KEYS):
        kept["showscale"] = False
    return kept


def clean_text(text: str) -> str:
    """Keep only line ends of a text's markup."""
    text = text[:MAX_TEXT_CHARS]
    if "<" not in text and "&" not in text:
        return "" if _ADDRESS.search(text) else text
    # Plotly decodes entities after it has read the tags, so a hidden one shows here.
    text = html.unescape(text)
    kept = [part if _KEPT_TAGS.fullmatch(part) else "" for part in _TAG.findall(text)]
    pieces = _TAG.split(text)
    joined = "".join(
        piece + tag for piece, tag in zip(pieces, [*kept, ""], strict=True)
    )
    return "" if _ADDRESS.search(joined) else joined


def _title(trace: Mapping[str, Any], kind: str) -> str:
    name = trace.get("name")
    return (
        f"{name[:100]} ({kind[:40]})" if isinstance(name, str) and name else kind[:40]
    )


def _trace_table(trace: Mapping[str, Any]) -> PreviewTable:
    """Return the values of a trace as columns; of a grid, its rows."""
    grid = plain_values(trace.get("z"))
    if grid and isinstance(grid[0], list):
        return _grid_table(trace, grid)
    columns = {
        name: values for name in _COLUMNS if (values := plain_values(trace.get(name)))
    }
    if not columns:
        columns = dict(_nested_columns(trace))
    longest = max(map(len, columns.values()), default=0)
    rows = [
        [cell_text(values[n]) if n < len(values) else "" for values in columns.values()]
        for n in range(min(longest, MAX_ROWS))
    ]
    return PreviewTable(list(columns), rows, longest <= MAX_ROWS)


def _nested_columns(trace: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Tables and dimensions have their values one level deeper."""
    for outer in ("cells", "header", "node", "line", "dimensions"):
        found = trace.get(outer)
        if outer == "dimensions" and isinstance(found, list):
            for each in found[:30]:
                if isinstance(each, dict) and isinstance(each.get("values"), list):
                    yield cell_text(each.get("label") or "")[:80], each["values"]
        elif outer == "cells" and isinstance(found, dict):
            header = trace.get("header")
            names = header.get("values") if isinstance(header, dict) else None
            names = names if isinstance(names, list) else []
            for number, column in enumerate(plain_values(found.get("values"))[:30]):
                has_name = number < len(names)
                name = cell_text(names[number]) if has_name else str(number + 1)
                yield name, column if isinstance(column, list) else [column]


def _grid_table(trace: Mapping[str, Any], grid: list[Any]) -> PreviewTable:
    across, down = plain_values(trace.get("x")), plain_values(trace.get("y"))
    width = min(50, max(len(row) for row in grid if isinstance(row, list)))
    heads = [
        pgettext("of an array", "Row"),
        *(cell_text(across[n]) if n < len(across) else str(n) for n in range(width)),
    ]
    rows = [
        [
            cell_text(down[n]) if n < len(down) else str(n),
            *(
                cell_text(value)
                for value in (row if isinstance(row, list) else [])[:width]
            ),
        ]
        for n, row in enumerate(grid[:MAX_ROWS])
    ]
    return PreviewTable(heads, rows, len(grid) <= MAX_ROWS)


def cell_text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return _TAG.sub("", text)[:300]


def load_figure(data: bytes) -> object:
    return load_json(data, max_values=MAX_VALUES)
