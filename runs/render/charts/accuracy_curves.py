"""What is drawn of an accuracy table: ROC, PR, gain, lift and calibration curves.

The table counts, per class and threshold, true and false positives and negatives
(`[class, threshold, 4]`, the last axis TP, FP, TN, FN): once over thresholds of
probability, once over percentiles of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.render.charts.axes import Figure
from runs.render.charts.evaluation_figures import Curve, curve_figure
from runs.render.metrics import Numbers, read_labels, read_numbers
from studio.core.errors import InvalidValue

#: Number of largest classes with their own line next to the average.
MAX_CLASSES = 9
MAX_POINTS = 500


class CurveKind(str, Enum):
    ROC = "roc"
    PR = "pr"
    GAIN = "gain"
    LIFT = "lift"
    CALIBRATION = "calibration"


@dataclass(frozen=True)
class CurveRule:
    """A kind's axes, its curve of one class's counts, and the line of pure chance."""

    titles: Callable[[], tuple[str, str]]
    points: Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]
    chance: Sequence[tuple[float, float]] = ()
    by_percentile: bool = False


def accuracy_curves_figure(data: Mapping[str, Any], kind: CurveKind) -> Figure:
    """Raises InvalidValue for what is no accuracy table."""
    rule = _RULES[kind]
    source = "percentile" if rule.by_percentile else "probability"
    tables = read_numbers(data, f"{source}_tables", 3)
    thresholds = read_numbers(data, f"{source}_thresholds", 1)
    if tables.shape[1:] != (len(thresholds), 4):
        wanted = _("“%(name)s” must have 4 counts for each threshold.")
        raise InvalidValue(wanted % {"name": f"{source}_tables"})
    labels = read_labels(data, len(tables))
    # The average adds the counts of all classes, so large classes weigh more
    # (micro-average).
    curves = [
        _threshold_curve(
            pgettext("curve of a classifier", "average"),
            tables.sum(axis=0),
            thresholds,
            rule,
        )
    ]
    if len(tables) > 1:
        curves += [
            _threshold_curve(labels[at], tables[at], thresholds, rule)
            for at in _most_common_classes(tables)
        ]
    return curve_figure(curves, *rule.titles(), chance=rule.chance)


def _most_common_classes(tables: Numbers) -> list[int]:
    """Positions of the classes with the most true cases, in their own order."""
    # True positives and false negatives: their sum is the same at every threshold.
    cases = tables[:, 0, 0] + tables[:, 0, 3]
    return sorted(np.argsort(-cases, kind="stable")[:MAX_CLASSES].tolist())


def _threshold_curve(
    name: str, table: Numbers, thresholds: Numbers, rule: CurveRule
) -> Curve:
    xs, ys = rule.points(table, thresholds)
    # A share of nothing is 0/0, as precision is where no case is predicted.
    whole = np.flatnonzero(np.isfinite(xs) & np.isfinite(ys))
    # Plotly connects points in their order, and thresholds can come in any.
    order = whole[np.lexsort((ys[whole], xs[whole]))]
    if len(order) > MAX_POINTS:
        order = order[np.linspace(0, len(order) - 1, MAX_POINTS).astype(int)]
    return Curve(name, xs[order].tolist(), ys[order].tolist())


def _share_of_sum(part: Numbers, rest: Numbers) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(part / (part + rest))


def _roc_points(table: Numbers, _thresholds: Numbers) -> tuple[Numbers, Numbers]:
    tp, fp, tn, fn = table.T
    return _share_of_sum(fp, tn), _share_of_sum(tp, fn)


def _precision_recall_points(
    table: Numbers, _thresholds: Numbers
) -> tuple[Numbers, Numbers]:
    tp, fp, _tn, fn = table.T
    return _share_of_sum(tp, fn), _share_of_sum(tp, fp)


def _gain_points(table: Numbers, _thresholds: Numbers) -> tuple[Numbers, Numbers]:
    tp, fp, tn, fn = table.T
    return _share_of_sum(tp + fp, tn + fn), _share_of_sum(tp, fn)


def _lift_points(table: Numbers, thresholds: Numbers) -> tuple[Numbers, Numbers]:
    part, found = _gain_points(table, thresholds)
    with np.errstate(divide="ignore", invalid="ignore"):
        return part, np.asarray(found / part)


def _calibration_points(table: Numbers, thresholds: Numbers) -> tuple[Numbers, Numbers]:
    """Between two thresholds: the mean predicted probability, and how often true."""
    order = np.argsort(thresholds, kind="stable")
    tp, fp = table[order, 0], table[order, 1]
    # Counts at a threshold include all above it: the difference is what lies between
    # two.
    true, false = -np.diff(tp), -np.diff(fp)
    edges = thresholds[order]
    return (edges[1:] + edges[:-1]) / 2, _share_of_sum(true, false)


_DIAGONAL = ((0.0, 0.0), (1.0, 1.0))
_RULES = {
    CurveKind.ROC: CurveRule(
        lambda: (_("False positive rate"), _("True positive rate")),
        _roc_points,
        _DIAGONAL,
    ),
    CurveKind.PR: CurveRule(
        lambda: (_("Recall"), _("Precision")), _precision_recall_points
    ),
    CurveKind.GAIN: CurveRule(
        lambda: (_("Share of the data"), _("Recall")), _gain_points, _DIAGONAL, True
    ),
    CurveKind.LIFT: CurveRule(
        lambda: (_("Share of the data"), pgettext("curve of a classifier", "Lift")),
        _lift_points,
        ((0.0, 1.0), (1.0, 1.0)),
        True,
    ),
    CurveKind.CALIBRATION: CurveRule(
        lambda: (_("Predicted probability"), _("Fraction of positives")),
        _calibration_points,
        _DIAGONAL,
    ),
}
