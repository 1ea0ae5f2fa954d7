"""What a mail says of a run; each function costs a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runs.models import Metric, MetricGoal, MetricKind, Run, RunEvent
from runs.search.files import find_log
from runs.search.logs import WindowQuery, read_window, source_of_file
from runs.search.run import count_same_error
from studio.core.errors import MissingBytes
from studio.core.names import is_system_metric
from studio.core.statuses import RunStatus

#: The last lines of the log, and the metrics, in a mail.
LOG_LINES = 20
MAX_METRICS = 8
#: Longer lines are cut.
MAX_LINE_CHARS = 500


@dataclass(frozen=True)
class MetricFact:
    """A metric's last value; `best` only with a goal and a finite value."""

    name: str
    last: float | str | None
    step: int
    best: float | None = None


@dataclass(frozen=True)
class RunFacts:
    run: Run
    old: RunStatus | None
    new: RunStatus
    message: str
    metrics: tuple[MetricFact, ...] = ()
    #: Other runs with the same error.
    same_error: int = 0
    log_path: str = ""
    #: Numbers and texts.
    log_lines: tuple[tuple[int, str], ...] = ()
    last_good: Run | None = None


def read_event_facts(event: RunEvent) -> RunFacts:
    """Return the facts of a status change."""
    old = None if event.old is None else RunStatus.from_code(event.old)
    new = RunStatus.from_code(event.new)
    return read_run_facts(event.run, new, old=old, message=event.message)


def read_run_facts(
    run: Run, new: RunStatus, *, old: RunStatus | None = None, message: str = ""
) -> RunFacts:
    path, lines = _read_log_end(run)
    return RunFacts(
        run,
        old,
        new,
        message,
        _read_metrics(run),
        count_same_error(run) - 1 if run.error_kind else 0,
        path,
        lines,
        _find_last_good(run) if new is RunStatus.FAILED else None,
    )


def _read_metrics(run: Run) -> tuple[MetricFact, ...]:
    """The metrics with a goal; those of a run without any by name."""
    goals = dict(
        MetricGoal.objects.filter(experiment=run.experiment_id).values_list(
            "key", "higher"
        )
    )
    heads = Metric.objects.filter(run=run, kind=MetricKind.SERIES)
    heads = heads.select_related("key").order_by("key__name")
    if goals:
        heads = heads.filter(key__in=goals)
    # Machines log dozens of their own, which say little of a result.
    found = [head for head in heads[:200] if not is_system_metric(head.key.name)]
    return tuple(
        MetricFact(
            head.key.name,
            float("nan") if head.last_is_nan else head.last_text or head.last,
            head.last_step,
            _best(head, goals.get(head.key_id)),
        )
        for head in found[:MAX_METRICS]
    )


def _best(head: Metric, higher: bool | None) -> float | None:
    if higher is None:
        return None
    return head.max if higher else head.min


def _read_log_end(run: Run) -> tuple[str, tuple[tuple[int, str], ...]]:
    file = find_log(run)
    if file is None:
        return "", ()
    query = WindowQuery(is_end=True, count=LOG_LINES)
    try:
        # The worker has the time that a request has not.
        source = replace(source_of_file(run, file), count_seconds=None)
        window = read_window(source, query)
    except (MissingBytes, OSError):
        return "", ()
    lines = [(line.number, line.text[:MAX_LINE_CHARS]) for line in window.lines]
    return file.path, tuple(lines)


def _find_last_good(run: Run) -> Run | None:
    rows = Run.objects.not_deleted().filter(
        experiment=run.experiment_id,
        status=RunStatus.COMPLETED.code,
        parent__isnull=run.parent_id is None,
        pk__lt=run.pk,
    )
    return rows.order_by("-pk").first()
