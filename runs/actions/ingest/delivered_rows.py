"""Metric rows from a writer's spool: numbered, each applied once.

The writer numbers its rows 0, 1, 2 …; the server stores the number of the next row that
it expects, and takes only the new rows of each batch. So batches can be of any size,
repeated, or sent again after a lost response.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.actions.actor import Actor
from runs.actions.ingest.locked_metric_heads import ensure_heads, lock_heads
from runs.actions.ingest.points_and_params import MAX_INTEGER_BITS
from runs.actions.ingest.writers import ensure_writer
from runs.actions.run_rows import record_heartbeat
from runs.models import Metric, MetricKind, Run, RunWriter
from runs.storage.metrics import AppendRule, make_points, store
from studio.core import names
from studio.core.errors import Conflict, InvalidValue

_KINDS = frozenset(MetricKind.values)
_SCALAR_KINDS = (MetricKind.SERIES.value, MetricKind.LIST.value)
#: How many refused rows of a batch are reported; enough to find the mistake.
MAX_REPORTED_ROWS = 10


class MetricRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`[key, value, step, time, kind]`; the last three are optional."""

    key: str
    value: Any
    step: int | None = None
    time: int | None = None
    kind: str = MetricKind.SERIES.value


@dataclass(frozen=True)
class RefusedRow:
    """The number of a row that breaks a rule, and the message that explains it."""

    row: int
    message: str


@dataclass(frozen=True)
class AppliedRows:
    """`next` is the number of the next row that the server expects."""

    next: int
    applied: int
    refused: tuple[RefusedRow, ...]


@dataclass
class _NewSeries:
    kind: str
    steps: list[int | None] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)


@transaction.atomic
def apply_rows(
    run: Run,
    writer: str,
    first: int,
    rows: Sequence[MetricRow | None],
    *,
    actor: Actor,
    now: int,
) -> AppliedRows:
    """Append the new rows of `rows`; `first` is the number of the first one.

    A row that breaks a rule is refused alone, and its number is used up. None stands
    for a row that the writer gave up; its number is used up too. Raises Conflict with
    `expected` if rows before `first` are missing.
    """
    names.check_count(len(rows), "rows", names.MAX_BATCH_POINTS)
    if names.check_int64(first, "first") < 0:
        raise InvalidValue(
            pgettext("request parameter", "first must not be negative."), field="first"
        )
    # This comes first: it locks the run's row, so writers of one run take turns.
    record_heartbeat(run, actor, now)
    known = ensure_writer(run, writer, now)
    if first > known.next:
        raise Conflict(
            _("Rows from %(next)s to %(last)s of this writer are missing.")
            % {"next": known.next, "last": first - 1},
            expected=known.next,
        )
    fresh = rows[known.next - first :]
    if not fresh:
        return AppliedRows(known.next, 0, ())
    by_key, refused = _split_by_key(run, fresh, known.next, now)
    _append_rows(run, by_key)
    applied = sum(len(one.values) for one in by_key.values())
    known.next += len(fresh)
    known.stored_points += applied
    RunWriter.objects.filter(pk=known.pk).update(
        next=known.next, stored_points=known.stored_points
    )
    return AppliedRows(known.next, applied, tuple(refused[:MAX_REPORTED_ROWS]))


def _split_by_key(
    run: Run, rows: Sequence[MetricRow | None], first: int, now: int
) -> tuple[dict[str, _NewSeries], list[RefusedRow]]:
    by_key: dict[str, _NewSeries] = {}
    refused: list[RefusedRow] = []
    for number, row in enumerate(rows, first):
        if row is None:
            continue
        series = by_key.get(row.key)
        try:
            value = _check_row(row, series is None)
        # Refusing the batch would block the writer for good: it would send the same row
        # again.
        except InvalidValue as error:
            refused.append(RefusedRow(number, error.message))
            continue
        if series is None:
            series = by_key[row.key] = _NewSeries(row.kind)
        series.steps.append(row.step)
        series.times.append(now if row.time is None else row.time)
        series.values.append(value)
    return _enforce_name_limit(run, by_key, refused, first), refused


def _check_row(row: MetricRow, is_new: bool) -> Any:
    """Return the row's value as it is stored; raise InvalidValue."""
    if is_new:
        names.check_key(row.key, "key")
    if row.step is not None:
        names.check_int64(row.step, "step")
    if row.time is not None:
        names.check_time(row.time, "time")
    if row.kind not in _KINDS:
        raise InvalidValue(
            _("kind must be one of %(words)s, not %(kind)r.")
            % {"words": ", ".join(sorted(_KINDS)), "kind": row.kind}
        )
    value = row.value
    # Nearly all values are floats, so they are checked first.
    if type(value) is float:
        return value
    if isinstance(value, str):
        return _NONFINITE_NAMES.get(value) or names.check_value(value, "value")
    if isinstance(value, (list, dict)):
        return _check_list_or_object(row)
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise InvalidValue(
            _("value has more than %(limit)s bits.") % {"limit": MAX_INTEGER_BITS}
        )
    return value


#: JSON has no such numbers, so the SDK sends them as texts.
_NONFINITE_NAMES = {
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


def _check_list_or_object(row: MetricRow) -> Any:
    if row.kind in _SCALAR_KINDS:
        raise InvalidValue(
            _("A value of kind %(kind)s must not be a list or object.")
            % {"kind": row.kind}
        )
    size = len(msgspec.json.encode(row.value))
    if size > names.MAX_ITEM_BYTES:
        raise InvalidValue(
            _("value has %(size)s bytes. The maximum is %(limit)s.")
            % {"size": size, "limit": names.MAX_ITEM_BYTES}
        )
    return row.value


def _enforce_name_limit(
    run: Run, by_key: dict[str, _NewSeries], refused: list[RefusedRow], first: int
) -> dict[str, _NewSeries]:
    """Refuse new metric names beyond the limit of a run."""
    there = lock_heads(run, by_key)
    new = [key for key in by_key if key not in there]
    # Most batches have no new name and need no count.
    if not new:
        return by_key
    free = names.MAX_METRIC_NAMES - Metric.objects.filter(run=run).count()
    for key in new[max(0, free) :]:
        del by_key[key]
        refused.append(
            RefusedRow(
                first,
                f"The run has {names.MAX_METRIC_NAMES} metrics, which is the "
                f"maximum, so {key!r} was not stored. Log to one metric with steps, "
                "or log rows.",
            )
        )
    return by_key


def _append_rows(run: Run, by_key: dict[str, _NewSeries]) -> None:
    if not by_key:
        return
    heads = ensure_heads(run, by_key, {key: one.kind for key, one in by_key.items()})
    store.append_all(
        [
            (
                heads[key],
                make_points(_fill_steps(heads[key], one), one.times, one.values),
            )
            for key, one in sorted(by_key.items())
        ],
        AppendRule.BATCHES,
    )


def _fill_steps(head: Metric, series: _NewSeries) -> list[int]:
    """Return the steps; rows without one get the next steps of the metric."""
    steps: list[int] = []
    for step in series.steps:
        if step is None:
            step = head.next_step
            head.next_step += 1
        steps.append(step)
    return steps
