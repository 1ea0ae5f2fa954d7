"""Metrics as plotly figures, for notebooks: `pip install run-studio[figures]`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio.sdk.errors import NotSupportedError, UserErrorException
from studio.sdk.value_conversion import from_wire

#: Longer series are thinned out, but every extreme is kept.
MAX_POINTS = 1000
#: The number of lines in an experiment's figure, unless runs are named.
MAX_RUNS = 10


def run_figure(
    run: Any, *metrics: str, log_y: bool = False, title: str | None = None
) -> Any:
    """A line per metric over the steps; by default all numeric metrics.

    Raises UserErrorException for a metric that the run does not have.
    """
    # What was logged last can still be in the spool.
    run.flush()
    lines = [
        (key, *_read_points(run, key)) for key in metrics or _list_numeric_metrics(run)
    ]
    return _draw_figure(lines, title or run.display_name, "", log_y)


def experiment_figure(
    experiment: Any,
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
            lines.append((run.display_name, *_read_points(run, metric)))
        except UserErrorException:
            continue
        if runs is None and len(lines) == MAX_RUNS:
            break
    if not lines:
        raise UserErrorException(
            f"No run of {experiment.name!r} has logged {metric!r}: name another metric."
        )
    return _draw_figure(lines, title or experiment.name, metric, log_y)


def _list_numeric_metrics(run: Any) -> list[str]:
    state = run._state
    metrics = state.connection.get(state.path("metrics"))["metrics"]
    # Only a series of numbers has a minimum.
    return [metric["key"] for metric in metrics if metric["min"] is not None]


def _read_points(run: Any, key: str) -> tuple[list[int], list[Any]]:
    """The steps and the values of a metric; None for a value that is not a number."""
    series = run._history.read_sample(key, limit=MAX_POINTS)
    values = [
        None if isinstance(value, (str, dict)) else value
        for value in from_wire(series["values"])
    ]
    return series["steps"], values


def _draw_figure(
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
        # A line of one point is invisible.
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
