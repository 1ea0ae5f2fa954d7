"""Metrics whose values are documents, read from the files that they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from runs.models import File, Metric, MetricKind
from runs.render.charts import (
    CurveKind,
    Figure,
    accuracy_curves_figure,
    prediction_figure,
    residual_histogram,
)
from runs.render.metrics import (
    Matrix,
    confusion_matrix,
    data_of_evaluation,
    parse_evaluation_document,
)
from runs.storage.files import files as file_store
from runs.storage.metrics import Points
from studio.core.errors import InvalidValue, MissingBytes, NotFound, TooLarge

#: Larger documents are not drawn.
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
_STEP = re.compile(r"-?\d{1,19}", re.ASCII)


def missing_file_message() -> str:
    return _("The file has not arrived or was deleted.")


def value_at_step(head: Metric, newest: Points, at: str) -> tuple[int, Any]:
    """Return the step and its last value; without `at`, those of the newest step."""
    # A step can be logged twice: the later value replaces the earlier one.
    found = dict(zip(newest.steps.tolist(), newest.python_values(), strict=True))
    if not at:
        return head.last_step, found.get(head.last_step)
    step = int(at) if _STEP.fullmatch(at) else None
    if step is None or step not in found:
        raise InvalidValue(_("Nothing was logged at step %(n)s.") % {"n": at})
    return step, found[step]


def evaluation_matrix(value: Any, file: File | None, *, normalized: bool) -> Matrix:
    return confusion_matrix(_read_evaluation(value, file), normalized=normalized)


def evaluation_figure(head: Metric, value: Any, file: File | None, view: str) -> Figure:
    """Build the figure of a document; an unknown view means the default one."""
    document = _read_evaluation(value, file)
    if head.kind == MetricKind.RESIDUALS:
        return residual_histogram(document)
    if head.kind == MetricKind.PREDICTIONS:
        return prediction_figure(document)
    known = {kind.value: kind for kind in CurveKind}
    return accuracy_curves_figure(document, known.get(view, CurveKind.ROC))


def _read_evaluation(value: Any, file: File | None) -> Mapping[str, Any]:
    # A document is the logged value itself, or a file that the value names.
    if isinstance(value, dict):
        return data_of_evaluation(value)
    if file is None:
        raise NotFound(missing_file_message())
    if file.size > MAX_DOCUMENT_BYTES:
        raise TooLarge(_("This file is too large to be shown. Download it."))
    try:
        handle = file_store.open(file.blob, file.size)
    except MissingBytes:
        raise NotFound(missing_file_message()) from None
    with handle:
        return parse_evaluation_document(handle.read(file.size))
