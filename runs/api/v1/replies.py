"""Convert database rows to the replies of the REST API."""

from __future__ import annotations

from typing import Any

from runs.api.v1.endpoints import to_wire
from runs.api.v1.schemas import (
    EventInfo,
    FileInfo,
    FoundRun,
    MetricInfo,
    Number,
    RunColumn,
    RunInfo,
)
from runs.models import File, Metric, Run, RunEvent
from runs.search.run_list import RunRow
from studio.core.filters import field_text
from studio.core.filters.fields import value_type
from studio.core.filters.tree import Field, attribute
from studio.core.statuses import RunStatus


def run_info(run: Run, has_definition: bool | None = None) -> RunInfo:
    """Convert a run; costs no query if experiment, submitter and root are loaded.

    Without `has_definition` that is read from the run's `definition`.
    """
    return RunInfo(
        id=run.run_id,
        number=run.number,
        name=run.name,
        status=run.state,
        experiment=run.experiment.name,
        experiment_id=run.experiment.number,
        submitter=run.submitter.username if run.submitter else None,
        target=run.target,
        type=run.type,
        script=run.script,
        description=run.description,
        error=run.error,
        parent=run.parent_run_id or None,
        root=run.root.run_id if run.root else run.run_id,
        created=run.created,
        started=run.started,
        ended=run.ended,
        updated=run.updated,
        heard=run.heard,
        heartbeats=run.heartbeats,
        launcher=run.launcher,
        archived=run.archived,
        deleted=run.deleted,
        locked=run.locked,
        locked_by=run.locked_by.username if run.locked_by else None,
        locked_since=run.locked_since,
        color=run.color,
        revision=run.revision,
        has_definition=(
            hasattr(run, "definition") if has_definition is None else has_definition
        ),
    )


def found_run_info(row: RunRow, has_definition: bool) -> FoundRun:
    return FoundRun(
        run_info(row.run, has_definition),
        row.starred,
        row.children,
        dict(row.tags),
        {field_text(field): to_wire(value) for field, value in row.values.items()},
    )


def run_column(field: Field, values: list[Any]) -> RunColumn:
    """Convert the values of a field, of one run after the other."""
    is_map = field == attribute("tags")
    kind = "map" if is_map else value_type(field)
    return RunColumn(field_text(field), kind, list(map(to_wire, values)))


def event_info(event: RunEvent) -> EventInfo:
    return EventInfo(
        time=event.time,
        old=None if event.old is None else RunStatus.from_code(event.old),
        new=RunStatus.from_code(event.new),
        level=event.level,
        message=event.message,
        actor=event.actor.username if event.actor else None,
    )


def metric_info(head: Metric) -> MetricInfo:
    return MetricInfo(
        key=head.key.name,
        kind=head.kind,
        count=head.count,
        last=_number_or_text(head.last, head.last_is_nan, head.last_text),
        last_step=head.last_step,
        last_time=head.last_time,
        min=_number_or_text(head.min),
        max=_number_or_text(head.max),
        first=_number_or_text(head.first, head.first_is_nan),
    )


def _number_or_text(
    value: float | None, is_nan: bool = False, text: str | None = None
) -> Number:
    if text is not None:
        return text
    number: Number = to_wire(float("nan") if is_nan else value)
    return number


def file_info(file: File) -> FileInfo:
    return FileInfo(file.path, file.size, file.sha256, file.created)
