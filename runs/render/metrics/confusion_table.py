"""A confusion matrix as rows of an HTML table: counts, or shares of each true class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from runs.render.formats import number
from runs.render.metrics.evaluation_documents import Numbers, read_labels, read_numbers
from studio.core.errors import InvalidValue

#: Of more classes those are shown that are most often taken for others, or others for.
MAX_CLASSES = 25
#: The strongest of the grounds that `static/css/metrics/metrics.css` has.
MAX_LEVEL = 9


@dataclass(frozen=True)
class MatrixCell:
    text: str
    level: int


@dataclass(frozen=True)
class Matrix:
    """`rows` are of true classes, columns of predicted ones; `total` counts classes."""

    labels: Sequence[str]
    rows: Sequence[tuple[str, Sequence[MatrixCell]]]
    total: int


def confusion_matrix(data: Mapping[str, Any], *, normalized: bool) -> Matrix:
    """Raises InvalidValue for what is no square matrix of numbers."""
    counts = read_numbers(data, "matrix", 2)
    if counts.shape[0] != counts.shape[1]:
        raise InvalidValue(_("“matrix” must have as many rows as columns."))
    labels = read_labels(data, len(counts))
    shown = _most_confused_classes(counts)
    # Shares are of all classes, also of those that are not shown.
    values = _row_shares(counts) if normalized else counts
    values = values[np.ix_(shown, shown)]
    # The appended 0 keeps a matrix of only NaN from being an error.
    top = 1.0 if normalized else float(np.nanmax(np.append(np.abs(values), 0)))
    names = [labels[at] for at in shown]
    rows = [
        (name, [_matrix_cell(value, top, normalized) for value in row])
        for name, row in zip(names, values.tolist(), strict=True)
    ]
    return Matrix(names, rows, len(labels))


def _most_confused_classes(counts: Numbers) -> list[int]:
    """Positions of at most MAX_CLASSES classes, in their own order."""
    if len(counts) <= MAX_CLASSES:
        return list(range(len(counts)))
    # The diagonal has the right predictions.
    wrong = np.nan_to_num(np.where(np.eye(len(counts), dtype=bool), 0, counts))
    confusion = wrong.sum(axis=0) + wrong.sum(axis=1)
    worst = np.argsort(-confusion, kind="stable")[:MAX_CLASSES]
    return sorted(worst.tolist())


def _row_shares(counts: Numbers) -> Numbers:
    totals = np.nansum(counts, axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A class without cases would divide by zero.
        return np.asarray(np.where(totals > 0, counts / totals, 0.0))


def _matrix_cell(value: float, top: float, normalized: bool) -> MatrixCell:
    share = abs(value) / top if top and np.isfinite(value) else 0.0
    text = f"{value:.2f}" if normalized and np.isfinite(value) else number(value)
    return MatrixCell(text, round(min(share, 1.0) * MAX_LEVEL))
