"""Vega-Lite charts as Plotly figures: common marks, in layers and panels, with their
data inside.

Vega itself is a language of programs, and is not drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runs.render.previews.content import InvalidContent
from runs.render.previews.figures import cell_text
from runs.render.previews.tables import MAX_COLUMNS, PreviewTable
from runs.render.previews.tables import MAX_ROWS as MAX_TABLE_ROWS
from runs.render.previews.vega_errors import UnsupportedChart, VegaGap
from runs.render.previews.vega_marks import (
    MARKS,
    MarkTraces,
    UnsupportedEncoding,
    mark_traces,
)
from runs.render.previews.vega_panels import (
    Encoding,
    Panel,
    PanelGrid,
    Row,
    find_panels,
    read_rows,
    title_of,
)
from runs.render.previews.vega_transforms import transform_rows, with_time_units

MAX_LAYERS, MAX_LAYER_DEPTH = 20, 4
#: Pixels that panels are placed for: of the figure, of a row, and between panels.
_WIDTH, _ROW_HEIGHT = 800, 260
_LEFT_GAP, _NARROW_GAP, _BOTTOM_GAP, _TITLE_GAP = 84, 40, 52, 24

Layer = tuple[Mapping[str, Any], Encoding, Sequence[Row]]


def is_vega(document: object) -> bool:
    """Whether it is a specification of Vega or Vega-Lite."""
    if not isinstance(document, dict):
        return False
    schema = document.get("$schema")
    return isinstance(schema, str) and "vega.github.io/schema/vega" in schema


def vega_figure(document: object) -> dict[str, Any]:
    """Translate a chart with its data inside to a Plotly figure.

    Raises UnsupportedChart.
    """
    grid = _grid_of(document)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"shapes": [], "annotations": []}
    for number, panel in enumerate(grid.panels, start=1):
        found = _panel_traces(panel)
        _place(found, panel, number, grid, layout)
        traces += found.traces
    labels = _share_names(traces)
    assert isinstance(document, dict)
    title = title_of(document.get("title"))
    is_titled = len(grid.panels) == 1 and grid.panels[0].title == title
    has_panel_title = len(grid.panels) == 1 and not is_titled
    layout |= {
        "title": {"text": grid.panels[0].title if has_panel_title else title},
        "showlegend": labels > 1,
        **_bar_mode(grid, traces),
    }
    return {"data": traces, "layout": layout}


def panel_counts(document: object) -> tuple[int, int]:
    """Return how many panels a chart has next to each other, and below each other."""
    grid = _grid_of(document)
    return grid.columns, grid.rows


def vega_table(document: object) -> PreviewTable | None:
    """Return the first data in a chart; None without any."""
    rows = _first_rows(document, {}, 0)
    if not rows:
        return None
    shown = rows[:MAX_TABLE_ROWS]
    names = dict.fromkeys(str(name) for row in shown for name in row)
    columns = list(names)[:MAX_COLUMNS]
    cells = [
        [cell_text(row[name]) if name in row else "" for name in columns]
        for row in shown
    ]
    return PreviewTable(columns, cells, len(rows) <= MAX_TABLE_ROWS)


def _first_rows(part: object, sets: Mapping[str, Any], depth: int) -> Sequence[Row]:
    if not isinstance(part, dict) or depth > MAX_LAYER_DEPTH:
        return ()
    own = part.get("datasets")
    sets = own if isinstance(own, dict) else sets
    try:
        if rows := read_rows({**part, "datasets": sets}, None):
            return rows
    except UnsupportedChart:
        # The data are elsewhere, or too many.
        return ()
    inner = [part.get("spec")]
    for name in ("layer", "concat", "hconcat", "vconcat"):
        found = part.get(name)
        inner += found if isinstance(found, list) else []
    return next(filter(None, (_first_rows(one, sets, depth + 1) for one in inner)), ())


def _grid_of(document: object) -> PanelGrid:
    if not isinstance(document, dict):
        raise InvalidContent
    if "vega-lite" not in str(document.get("$schema")):
        raise UnsupportedChart(VegaGap.VEGA)
    return find_panels(document)


def _panel_traces(panel: Panel) -> MarkTraces:
    """Return the traces of all layers."""
    layers = _merged_texts(_layers(panel.spec, {}, panel.rows, 0))
    traces: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    axes: dict[str, Any] = {}
    for mark, encoding, rows in layers:
        try:
            found = mark_traces(mark, encoding, rows)
        except UnsupportedEncoding as error:
            raise UnsupportedChart(VegaGap.ENCODING, str(error)) from error
        traces += found.traces
        shapes += found.shapes
        for name, axis in found.axes.items():
            # The first layer that names an axis settles its title and type.
            axes.setdefault(name, {})
            axes[name] = {**axis, **{k: v for k, v in axes[name].items() if v}}
    return MarkTraces(traces, shapes, axes)


def _merged_texts(layers: list[Layer]) -> list[Layer]:
    """Leave out texts on cells and slices, which these have themselves."""
    marks = {mark["type"] for mark, _encoding, _rows in layers}
    if "text" not in marks or not marks <= {"text", "rect", "arc"}:
        return layers
    texts = [encoding for mark, encoding, _rows in layers if mark["type"] == "text"]
    channel = texts[0].get("text")
    form = channel.get("format") if isinstance(channel, dict) else None
    return [
        ({**mark, "has_texts": True, "text_format": form}, encoding, rows)
        for mark, encoding, rows in layers
        if mark["type"] != "text"
    ] or layers


def _layers(
    spec: Mapping[str, Any],
    encoding: Encoding,
    rows: Sequence[Row] | None,
    depth: int,
) -> list[Layer]:
    """Return mark, encoding and rows of each layer; inner ones inherit from outer."""
    for name in ("hconcat", "vconcat", "concat", "facet", "repeat", "spec"):
        if name in spec:
            raise UnsupportedChart(VegaGap.COMPOSED, name)
    own = spec.get("encoding")
    merged = {**encoding, **(own if isinstance(own, dict) else {})}
    rows = transform_rows(spec.get("transform"), read_rows(spec, rows))
    inner = spec.get("layer")
    if inner is None:
        mark = _mark(spec.get("mark"))
        # Only a rule can have its place in the specification itself.
        if rows is None and mark["type"] != "rule":
            raise UnsupportedChart(VegaGap.DATA)
        return [(mark, *with_time_units(merged, rows or ()))]
    is_list = isinstance(inner, list) and 0 < len(inner) <= MAX_LAYERS
    if not is_list or depth >= MAX_LAYER_DEPTH:
        raise UnsupportedChart(VegaGap.COMPOSED, "layer")
    found: list[Layer] = []
    for each in inner:
        if not isinstance(each, dict):
            raise UnsupportedChart(VegaGap.COMPOSED, "layer")
        sets = {"datasets": spec.get("datasets"), **each}
        found += _layers(sets, merged, rows, depth + 1)
    if len(found) > MAX_LAYERS:
        raise UnsupportedChart(VegaGap.COMPOSED, "layer")
    return found


def _mark(mark: object) -> Mapping[str, Any]:
    found = mark if isinstance(mark, dict) else {"type": mark}
    name = found.get("type")
    if not isinstance(name, str) or name not in MARKS:
        raise UnsupportedChart(VegaGap.MARK, str(name))
    return found


# Panels


def _place(
    found: MarkTraces,
    panel: Panel,
    number: int,
    grid: PanelGrid,
    layout: dict[str, Any],
) -> None:
    """Give traces and shapes the axes of their panel, and these their place."""
    suffix = "" if number == 1 else str(number)
    across, up = _domains(panel, grid)
    for trace in found.traces:
        if trace["type"] == "pie":
            trace["domain"] = {"x": across, "y": up}
        elif suffix:
            trace |= {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
    layout["shapes"] += found.shapes
    if len(grid.panels) == 1:
        layout |= found.axes
        return
    for shape in found.shapes:
        for axis in "xy":
            is_across = shape.pop(f"{axis}ref", "") == "paper"
            shape[f"{axis}ref"] = f"{axis}{suffix}" + " domain" * is_across
    if any(trace["type"] != "pie" for trace in found.traces) or found.shapes:
        first = next(n for n, one in _numbered(grid) if one.group == panel.group)
        for axis, domain, other in (("x", across, "y"), ("y", up, "x")):
            own = {"title": {"text": ""}, **found.axes.get(f"{axis}axis", {})}
            own |= {"domain": domain, "anchor": f"{other}{suffix}"}
            if axis in panel.shared and number != first:
                own["matches"] = f"{axis}{'' if first == 1 else first}"
            if axis in panel.shared and not _is_outer(panel, axis):
                own |= {"title": {"text": ""}, "showticklabels": False}
            layout[f"{axis}axis{suffix}"] = own
    if panel.title:
        layout["annotations"].append(_panel_title(panel.title, across, up))


def _numbered(grid: PanelGrid) -> list[tuple[int, Panel]]:
    return list(enumerate(grid.panels, start=1))


def _is_outer(panel: Panel, axis: str) -> bool:
    """Whether the titles of shared axes stand here: on the left, and at the bottom."""
    if axis == "y":
        return panel.left < 0.01
    return panel.top + panel.height > 0.99


def _domains(panel: Panel, grid: PanelGrid) -> tuple[list[float], list[float]]:
    """Return the ends of the panel's axes, from the bottom left of the figure."""
    height = _ROW_HEIGHT * grid.rows
    gap = _NARROW_GAP if "y" in panel.shared else _LEFT_GAP
    # What is around the whole figure has a margin of its own.
    left = gap / _WIDTH if panel.left > 0.01 else 0
    bottom = _BOTTOM_GAP / height if panel.top + panel.height < 0.99 else 0
    top = _TITLE_GAP / height if len(grid.panels) > 1 else 0
    ends = panel.left + panel.width, 1 - panel.top - panel.height
    return (
        [round(panel.left + left, 4), round(min(ends[0], 1), 4)],
        [round(max(ends[1], 0) + bottom, 4), round(1 - panel.top - top, 4)],
    )


def _panel_title(text: str, across: list[float], up: list[float]) -> dict[str, Any]:
    return {
        "text": text[:80],
        "x": sum(across) / 2,
        "y": up[1],
        "xref": "paper",
        "yref": "paper",
        "xanchor": "center",
        "yanchor": "bottom",
        "showarrow": False,
    }


def _share_names(traces: Sequence[dict[str, Any]]) -> int:
    """Let traces of the same name have one color and one entry in the legend.

    Returns the number of names.
    """
    known: set[str] = set()
    for trace in traces:
        if trace["type"] == "pie":
            continue
        name = trace.get("name") or ""
        trace["legendgroup"] = name
        if name in known or not name:
            trace["showlegend"] = False
        known.add(name)
    pies = {
        str(label)
        for trace in traces
        if trace["type"] == "pie"
        for label in trace["labels"]
    }
    return len((known | pies) - {""})


def _bar_mode(grid: PanelGrid, traces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    has_offset = any(
        "xOffset" in encoding or "yOffset" in encoding
        for panel in grid.panels
        for _mark, encoding, _rows in _layers(panel.spec, {}, panel.rows, 0)
    )
    if any(trace["type"] == "box" for trace in traces):
        return {"boxmode": "group"} if has_offset else {}
    return {"barmode": "group" if has_offset else "stack"}
