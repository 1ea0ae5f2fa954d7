"""Vega-Lite charts that consist of several: where each one is, and what it draws.

Facets, concatenation and repetition become panels of one figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runs.render.previews.vega_errors import UnsupportedChart, VegaGap
from runs.render.previews.vega_transforms import transform_rows

MAX_PANELS, MAX_ROWS, MAX_DEPTH = 36, 50_000, 6
#: Panels next to each other where the chart does not say how many.
_WRAPPED = 3
_CONCATENATED = ("concat", "hconcat", "vconcat")
_FACETS = ("row", "column", "facet")

Row = Mapping[str, Any]
Encoding = Mapping[str, Any]


@dataclass(frozen=True)
class Panel:
    """A chart of marks. The place is in fractions of the figure, from the top left.

    `shared` are the axes ("x", "y") that panels of the same `group` have in common.
    """

    spec: Mapping[str, Any]
    rows: Sequence[Row] | None = None
    title: str = ""
    left: float = 0
    top: float = 0
    width: float = 1
    height: float = 1
    group: int = 0
    shared: str = ""


@dataclass(frozen=True)
class PanelGrid:
    panels: Sequence[Panel]
    columns: int = 1
    rows: int = 1


def find_panels(spec: Mapping[str, Any]) -> PanelGrid:
    """Raises UnsupportedChart."""
    return _Reader().read(spec, None, {}, 0)


def read_rows(
    spec: Mapping[str, Any], outer: Sequence[Row] | None
) -> Sequence[Row] | None:
    """Return the rows of a chart's data, by default those of the chart around it."""
    data = spec.get("data")
    if data is None:
        return outer
    values = data.get("values") if isinstance(data, dict) else None
    if values is None and isinstance(data, dict):
        sets, name = spec.get("datasets"), data.get("name")
        if isinstance(sets, dict) and isinstance(name, str):
            values = sets.get(name)
    if not isinstance(values, list) or len(values) > MAX_ROWS:
        raise UnsupportedChart(VegaGap.DATA)
    # A list of plain values has one column of this name.
    return [row if isinstance(row, dict) else {"data": row} for row in values]


class _Reader:
    def __init__(self) -> None:
        self._facets = 0
        self._panels = 0

    def read(
        self,
        spec: object,
        rows: Sequence[Row] | None,
        sets: Mapping[str, Any],
        depth: int,
    ) -> PanelGrid:
        if not isinstance(spec, dict) or depth > MAX_DEPTH:
            raise UnsupportedChart(VegaGap.COMPOSED, "concat")
        # Data sets with names are in the outermost part.
        found = spec.get("datasets")
        sets = found if isinstance(found, dict) else sets
        spec = {**spec, "datasets": sets}
        rows = transform_rows(spec.get("transform"), read_rows(spec, rows))
        read = ("data", "transform")
        inner = {name: value for name, value in spec.items() if name not in read}
        for name in _CONCATENATED:
            if name in spec:
                return self._concatenated(inner, name, rows, depth)
        if "repeat" in spec:
            return self._repeated(inner, rows, depth)
        if "facet" in spec:
            return self._faceted(inner, spec["facet"], spec.get("spec"), rows, depth)
        encoding = spec.get("encoding")
        if isinstance(encoding, dict) and any(encoding.get(one) for one in _FACETS):
            own = {k: v for k, v in encoding.items() if k not in _FACETS}
            facet = {k: v for k, v in encoding.items() if k in _FACETS and v}
            facet = facet.get("facet") or facet
            return self._faceted(inner, facet, {**inner, "encoding": own}, rows, depth)
        self._panels += 1
        if self._panels > MAX_PANELS:
            raise UnsupportedChart(VegaGap.PANELS, str(MAX_PANELS))
        return PanelGrid([Panel(inner, rows, title_of(spec.get("title")))])

    def _concatenated(
        self, spec: Mapping[str, Any], name: str, rows: Sequence[Row] | None, depth: int
    ) -> PanelGrid:
        parts = spec[name]
        if not isinstance(parts, list) or not parts:
            raise UnsupportedChart(VegaGap.COMPOSED, name)
        grids = [self.read(one, rows, spec["datasets"], depth + 1) for one in parts]
        columns = {"hconcat": len(grids), "vconcat": 1}.get(name) or _columns(spec)
        return _placed((grid, at % columns, at // columns) for at, grid in _each(grids))

    def _repeated(
        self, spec: Mapping[str, Any], rows: Sequence[Row] | None, depth: int
    ) -> PanelGrid:
        repeat, inner = spec["repeat"], spec.get("spec")
        if isinstance(repeat, list):
            columns = _columns(spec)
            places = [
                ({"repeat": name}, at % columns, at // columns)
                for at, name in _each(repeat)
            ]
        elif isinstance(repeat, dict) and "layer" not in repeat:
            across, down = repeat.get("column") or [None], repeat.get("row") or [None]
            if not isinstance(across, list) or not isinstance(down, list):
                raise UnsupportedChart(VegaGap.COMPOSED, "repeat")
            places = [
                ({"column": one, "row": line}, column, at)
                for at, line in _each(down)
                for column, one in _each(across)
            ]
        else:
            layers = repeat.get("layer") if isinstance(repeat, dict) else None
            if not isinstance(layers, list) or not isinstance(inner, dict):
                raise UnsupportedChart(VegaGap.COMPOSED, "repeat")
            found = [_with_fields(inner, {"layer": name}) for name in layers]
            merged = {"layer": found, "datasets": spec["datasets"]}
            return self.read(merged, rows, spec["datasets"], depth + 1)
        return _placed(
            (self.read(each, rows, spec["datasets"], depth + 1), column, row)
            for names, column, row in places[: MAX_PANELS + 1]
            for each in [_with_fields(inner, names)]
        )

    def _faceted(
        self,
        spec: Mapping[str, Any],
        facet: object,
        inner: object,
        rows: Sequence[Row] | None,
        depth: int,
    ) -> PanelGrid:
        if not isinstance(facet, dict):
            raise UnsupportedChart(VegaGap.COMPOSED, "facet")
        if rows is None:
            raise UnsupportedChart(VegaGap.DATA)
        self._facets += 1
        group, shared = self._facets, _shared_axes(spec)
        is_wrapped = "field" in facet
        across = _field(facet if is_wrapped else facet.get("column"))
        down = None if is_wrapped else _field(facet.get("row"))
        columns, lines = _values(rows, across), _values(rows, down)
        if len(columns) * len(lines) > MAX_PANELS:
            raise UnsupportedChart(VegaGap.PANELS, str(MAX_PANELS))
        wrap = _columns({**spec, **facet}) if is_wrapped else len(columns)
        found = []
        for line_at, line in _each(lines):
            for at, column in _each(columns):
                own = [
                    row
                    for row in rows
                    if (across is None or str(row.get(across)) == column)
                    and (down is None or str(row.get(down)) == line)
                ]
                grid = self.read(inner, own, spec["datasets"], depth + 1)
                names = [name for name in (column, line) if name is not None]
                panels = [
                    replace(panel, title=" · ".join(names), group=group, shared=shared)
                    for panel in grid.panels
                ]
                grid = replace(grid, panels=panels)
                found.append((grid, at % wrap, line_at + at // wrap))
        return _placed(found)


def title_of(title: object) -> str:
    text = title.get("text") if isinstance(title, dict) else title
    if isinstance(text, list):
        text = " ".join(line for line in text if isinstance(line, str))
    return text if isinstance(text, str) else ""


def _each(values: Sequence[Any]) -> Iterable[tuple[int, Any]]:
    return enumerate(values)


def _columns(spec: Mapping[str, Any]) -> int:
    columns = spec.get("columns")
    return columns if isinstance(columns, int) and 0 < columns < 10 else _WRAPPED


def _field(channel: object) -> str | None:
    if channel is None:
        return None
    name = channel.get("field") if isinstance(channel, dict) else None
    if not isinstance(name, str) or channel.get("bin") or channel.get("timeUnit"):  # type: ignore[attr-defined]
        raise UnsupportedChart(VegaGap.COMPOSED, "facet")
    return name


def _values(rows: Sequence[Row], name: str | None) -> Sequence[str | None]:
    """Return the values of a field in order: numbers by size, others as texts."""
    if name is None:
        return [None]
    found = {str(row.get(name)): row.get(name) for row in rows}
    numbers = {text: v for text, v in found.items() if isinstance(v, int | float)}
    if len(numbers) < len(found):
        return sorted(found)
    return sorted(numbers, key=lambda text: numbers[text])


def _shared_axes(spec: Mapping[str, Any]) -> str:
    """Panels of facets have the same axes, unless the chart says otherwise."""
    resolve = spec.get("resolve")
    scale = resolve.get("scale") if isinstance(resolve, dict) else None
    own = scale if isinstance(scale, dict) else {}
    return "".join(axis for axis in "xy" if own.get(axis) != "independent")


def _with_fields(part: Any, names: Mapping[str, Any]) -> Any:
    """Replace what refers to a repeated field by its name."""
    if isinstance(part, list):
        return [_with_fields(each, names) for each in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("repeat")
    if len(part) == 1 and isinstance(reference, str) and reference in names:
        return names[reference]
    return {
        name: value if name in ("data", "datasets") else _with_fields(value, names)
        for name, value in part.items()
    }


def _placed(cells: Iterable[tuple[PanelGrid, int, int]]) -> PanelGrid:
    """Place grids in columns and rows that are as large as the largest grid in each."""
    cells = list(cells)
    if not cells:
        raise UnsupportedChart(VegaGap.COMPOSED, "repeat")
    widths = [1] * (1 + max(column for _grid, column, _row in cells))
    heights = [1] * (1 + max(row for _grid, _column, row in cells))
    for grid, column, row in cells:
        widths[column] = max(widths[column], grid.columns)
        heights[row] = max(heights[row], grid.rows)
    across, down = sum(widths), sum(heights)
    panels = []
    for grid, column, row in cells:
        width, height = widths[column] / across, heights[row] / down
        left, top = sum(widths[:column]) / across, sum(heights[:row]) / down
        panels += [
            replace(
                panel,
                left=left + panel.left * width,
                top=top + panel.top * height,
                width=panel.width * width,
                height=panel.height * height,
            )
            for panel in grid.panels
        ]
    return PanelGrid(panels, across, down)
