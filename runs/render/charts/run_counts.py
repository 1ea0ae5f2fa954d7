"""How many runs a mean is of, along its curve: in words, and by fading it.

Where most runs have ended, the mean is that of the others, and jumps to their values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from runs.render.charts.axes import Figure, Trace

#: More means would cover each other's labels.
MAX_LABELED_MEANS, MAX_LABELS = 4, 4
#: A mean of a smaller share of its runs is faded.
MIN_SHARE = 0.5
FADED_OPACITY = 0.4


def fade_where_runs_have_ended(trace: Trace, alive: Sequence[int]) -> list[Trace]:
    """Take what is of fewer than half of the runs out of the trace, as a faint one."""
    most = max(alive, default=0)
    few = [n < MIN_SHARE * most for n in alive]
    if not any(few):
        return []
    ys = list(trace["y"])
    # The faint line begins where the other one ends.
    joined = [one or any(few[max(at - 1, 0) : at + 2]) for at, one in enumerate(few)]
    trace["y"] = [None if one else y for y, one in zip(ys, few, strict=True)]
    faint = {
        **trace,
        "y": [y if one else None for y, one in zip(ys, joined, strict=True)],
        "meta": {**trace["meta"], "part": "faded"},
        "opacity": FADED_OPACITY,
        "showlegend": False,
    }
    return [faint]


def run_count_labels(
    means: Sequence[tuple[Trace, Sequence[int]]],
    ends: tuple[float, float] | None,
    *,
    log_x: bool,
    log_y: bool,
) -> list[Figure]:
    """`n = 5` at the beginning of a single mean, and where runs have ended."""
    if len(means) > MAX_LABELED_MEANS:
        return []
    labels = []
    for trace, alive in means:
        trace["meta"]["n"] = max(alive, default=0)
        # Several means often begin at the same point: their legend says how many.
        first = [0] if len(means) == 1 and len(alive) else []
        changes = first + [
            at for at in range(1, len(alive)) if alive[at] < alive[at - 1]
        ]
        # One run that ends at a time would cover the curve with numbers.
        if len(changes) > MAX_LABELS:
            step = (len(changes) - 1) / (MAX_LABELS - 1)
            changes = [changes[round(n * step)] for n in range(MAX_LABELS)]
        for at in changes:
            x, y = trace["x"][at], trace["customdata"][at][2]
            if _is_shown(x, y, ends, log_x=log_x, log_y=log_y):
                label = _label(x, y, alive[at], log_x=log_x, log_y=log_y)
                label["xanchor"] = "right" if at else "left"
                # In the color of its line; Plotly itself only takes templates by name.
                label["name"] = f"series-{trace['meta']['series']}"
                labels.append(label)
    return labels


def _is_shown(
    x: object,
    y: float | None,
    ends: tuple[float, float] | None,
    *,
    log_x: bool,
    log_y: bool,
) -> bool:
    if y is None or (log_y and y <= 0):
        return False
    if log_x and isinstance(x, (int, float)) and x <= 0:
        return False
    return ends is None or ends[0] <= y <= ends[1]


def _label(x: float | str, y: float, count: int, *, log_x: bool, log_y: bool) -> Figure:
    return {
        # Annotations of a logarithmic axis are placed by the exponent.
        "x": math.log10(x) if log_x and not isinstance(x, str) else x,
        "y": math.log10(y) if log_y else y,
        "text": f"n = {count}",
        "showarrow": False,
        "yanchor": "bottom",
    }
