"""Metrics as plotly figures, for notebooks: `pip install run-studio[figures]`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from studio.core.errors import NotFound
from studio.sdk.errors import NotSupportedError, UserErrorException
from studio.sdk.values import unwire

if TYPE_CHECKING:
    from studio.sdk.experiment import Experiment

#: Points of a line; of longer series every extreme is kept.
POINTS = 1000
#: Lines of an experiment's figure, unless runs are named.
NEWEST = 10


def run_figure(
    run: Any, *metrics: str, log_y: bool = False, title: str | None = None
) -> Any:
    """A line per metric over the steps; all numeric metrics where none is named.

    Raises UserErrorException for a metric that the run has not.
    """
    run.flush()
    lines = [(key, *_points(run, key)) for key in metrics or _numeric(run)]
    return _figure(lines, title or run.display_name, "", log_y)


def experiment_figure(
    experiment: Experiment,
    metric: str,
    *,
    runs: Iterable[Any] | None = None,
    log_y: bool = False,
    title: str | None = None,
) -> Any:
    """A line per run: the given runs, or the newest ten that logged the metric."""
    lines = []
    for run in experiment.get_runs(include_children=True) if runs is None else runs:
        try:
            lines.append((run.display_name, *_points(run, metric)))
        except UserErrorException:
            continue
        if runs is None and len(lines) == NEWEST:
            break
    if not lines:
        raise UserErrorException(
            f"No run of {experiment.name!r} has logged {metric!r}: name another metric."
        )
    return _figure(lines, title or experiment.name, metric, log_y)


def _numeric(run: Any) -> list[str]:
    found = run._link.get(run._place("metrics"))["metrics"]
    return [one["key"] for one in found if one["min"] is not None]


def _points(run: Any, key: str) -> tuple[list[int], list[Any]]:
    place = run._place(f"metrics/{quote(key)}")
    try:
        series = run._link.get(place, limit=POINTS)
    except NotFound as error:
        raise UserErrorException(
            f"Run {run.id} has no metric {key!r}; it has "
            f"{', '.join(sorted(run.get_metrics())) or 'none'}."
        ) from error
    values = [
        None if isinstance(value, (str, dict)) else value
        for value in unwire(series["values"])
    ]
    return series["steps"], values


def _figure(
    lines: list[tuple[str, list[int], list[Any]]], title: str, axis: str, log_y: bool
) -> Any:
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise NotSupportedError(
            "Figures need plotly: pip install plotly, then call it again."
        ) from error
    figure = go.Figure()
    for name, steps, values in lines:
        mode = "lines" if len(steps) > 1 else "markers"
        figure.add_trace(go.Scatter(x=steps, y=values, name=name, mode=mode))
    figure.update_layout(
        title=title,
        xaxis_title="step",
        yaxis_title=axis or (lines[0][0] if len(lines) == 1 else ""),
        yaxis_type="log" if log_y else "linear",
        template="plotly_white",
    )
    return figure
