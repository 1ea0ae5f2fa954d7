"""Plotly figures from files: only what draws is kept, and no markup of texts.

A figure is data, but Plotly reads markup in texts, loads images by their address and
has buttons that change the figure. A figure of a file keeps none of these.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.utils.translation import pgettext

from runs.render.previews.content import InvalidContent, load_json
from runs.render.previews.tables import MAX_ROWS, PreviewTable

MAX_VALUES = 1_500_000
MAX_TRACES = 200
MAX_DEPTH = 12
MAX_TEXT_CHARS = 2000
#: What the vendored bundle draws. Others are shown as tables.
DRAWN_TYPES = frozenset({"scatter", "scattergl", "bar", "pie", "histogram", "heatmap"})
#: Values of these traces that a table has as columns.
_COLUMNS = ("labels", "values", "x", "y", "z", "text", "open", "high", "low", "close")
_DROPPED_KEYS = frozenset(
    "images updatemenus sliders frames config mapbox map geo meta transforms "
    "newshape newselection modebar activeshape activeselection selections "
    "plotlyServerURL source href link".split()
)
#: The names that traces and axes have for values of an array.
_ARRAYS = ("x", "y", "z", "text", "labels", "values", "customdata")
#: Others, such as bold, would be inline styles, which this site refuses.
_KEPT_TAGS = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>?")
_ADDRESS = re.compile(r"url\s*\(|(?:javascript|vbscript)\s*:", re.IGNORECASE)
_ALLOWED_DTYPES = frozenset("i1 u1 i2 u2 i4 u4 f4 f8".split())
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
    drawn, left_out, tables = [], [], []
    for trace in traces:
        kind = str(trace.get("type") or "scatter")
        shown = _drawable(kind, trace)
        if shown is not None:
            drawn.append(_cleaned(shown, 0))
        else:
            left_out.append(kind[:40])
            tables.append((_title(trace, kind), _trace_table(trace)))
    layout = _cleaned(document["layout"], 0)
    return FileFigure(drawn, layout, sorted(set(left_out)), tables[:20])


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


def _drawable(kind: str, trace: Mapping[str, Any]) -> dict[str, Any] | None:
    if kind == "histogram":
        return _histogram_bars(trace)
    if kind not in DRAWN_TYPES or kind == "heatmap":
        return None
    # The vendored bundle has no WebGL; the same points are drawn without it.
    return {**trace, "type": "scatter" if kind == "scattergl" else kind}


def _histogram_bars(trace: Mapping[str, Any]) -> dict[str, Any] | None:
    """Count the values here: the bundle draws bars, but does not count."""
    name = "x" if trace.get("x") is not None else "y"
    values = plain_values(trace.get(name))
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        counts: dict[str, int] = {}
        for value in values:
            counts[str(value)] = counts.get(str(value), 0) + 1
        ends: list[Any] = list(counts)
        heights: list[Any] = list(counts.values())
        return _bars(trace, name, ends, heights)
    numbers = numbers[np.isfinite(numbers)] if numbers.ndim == 1 else numbers[:0]
    if not numbers.size or not np.isfinite(np.ptp(numbers)):
        return None
    bins = trace.get("nbinsx") or trace.get("nbinsy")
    count = bins if isinstance(bins, int) and 0 < bins <= 500 else 0
    found, edges = np.histogram(numbers, bins=count or _bin_count(numbers.size))
    middles = (edges[:-1] + edges[1:]) / 2
    return _bars(trace, name, middles.tolist(), found.tolist())


def _bin_count(size: int) -> int:
    return max(1, min(100, int(np.ceil(np.sqrt(size)))))


def _bars(
    trace: Mapping[str, Any], name: str, places: list[Any], heights: list[Any]
) -> dict[str, Any]:
    kept = {key: trace[key] for key in ("name", "marker", "opacity") if key in trace}
    other = "y" if name == "x" else "x"
    axes = {key: trace[key] for key in ("xaxis", "yaxis") if key in trace}
    turned = {"orientation": "h"} if name == "y" else {}
    return {"type": "bar", name: places, other: heights, **kept, **axes, **turned}


def plain_values(value: object) -> list[Any]:
    """Return the values of an array: a list, or Plotly's packed form."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and {"dtype", "bdata"} <= value.keys():
        unpacked = _unpacked(value)
        return unpacked if isinstance(unpacked, list) else []
    return []


def _unpacked(value: Mapping[str, Any]) -> list[Any] | None:
    """Unpack `{"dtype": "f8", "bdata": "…", "shape": "2, 3"}`."""
    dtype, packed = value.get("dtype"), value.get("bdata")
    if dtype not in _ALLOWED_DTYPES or not isinstance(packed, str):
        return None
    if len(packed) > 8 * MAX_VALUES * 4 // 3:
        return None
    try:
        data = base64.b64decode(packed, validate=True)
        numbers = np.frombuffer(data, f"<{dtype}")
        sides = [int(n) for n in str(value.get("shape") or "").split(",") if n.strip()]
        array = numbers.reshape(sides) if sides else numbers
    except (binascii.Error, ValueError, OverflowError):
        return None
    # JSON has no NaN; Plotly leaves gaps for nothing.
    found = array.astype(object)
    found[~np.isfinite(array)] = None
    values: list[Any] = found.tolist()
    return values


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
    if {"dtype", "bdata"} <= value.keys():
        return _unpacked(value)
    return {
        key: _cleaned(each, depth + 1)
        for key, each in value.items()
        if key not in _DROPPED_KEYS and not key.endswith("src")
    }


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
        [_cell(values[n]) if n < len(values) else "" for values in columns.values()]
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
                    yield _cell(each.get("label") or "")[:80], each["values"]
        elif outer == "cells" and isinstance(found, dict):
            header = trace.get("header")
            names = header.get("values") if isinstance(header, dict) else None
            names = names if isinstance(names, list) else []
            for number, column in enumerate(plain_values(found.get("values"))[:30]):
                has_name = number < len(names)
                name = _cell(names[number]) if has_name else str(number + 1)
                yield name, column if isinstance(column, list) else [column]


def _grid_table(trace: Mapping[str, Any], grid: list[Any]) -> PreviewTable:
    across, down = plain_values(trace.get("x")), plain_values(trace.get("y"))
    width = min(50, max(len(row) for row in grid if isinstance(row, list)))
    heads = [
        pgettext("of an array", "Row"),
        *(_cell(across[n]) if n < len(across) else str(n) for n in range(width)),
    ]
    rows = [
        [
            _cell(down[n]) if n < len(down) else str(n),
            *(_cell(value) for value in (row if isinstance(row, list) else [])[:width]),
        ]
        for n, row in enumerate(grid[:MAX_ROWS])
    ]
    return PreviewTable(heads, rows, len(grid) <= MAX_ROWS)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return _TAG.sub("", text)[:300]


def load_figure(data: bytes) -> object:
    return load_json(data, max_values=MAX_VALUES)
