"""Sweeps: a parent run, and a child for each combination of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.compute import find_target, insert_jobs, job_settings
from runs.actions.run import (
    StatusReporter,
    change_status,
    lock_run_row,
    read_definition,
)
from runs.actions.submit.new_runs import (
    NewRuns,
    check_submission,
    get_experiment,
)
from runs.actions.submit.resubmission import find_run_snapshot
from runs.models import Launcher, Run, Sampling, Snapshot, Sweep, Workspace
from studio.core.errors import InvalidState, InvalidValue
from studio.core.statuses import RunStatus
from studio.core.sweep_space import (
    check_space,
    default_template,
    expand_space,
    fill_template,
    swept_definition,
)

SWEEP_TYPE = "studio.sweep"
MAX_AT_ONCE = 10_000


@dataclass(frozen=True)
class _Plan:
    """What is tried: the combinations of a space, and how they are named."""

    definition: Mapping[str, Any]
    #: A template.
    name: str
    space: Mapping[str, Any]
    sampling: str
    combinations: Sequence[Mapping[str, str]]
    at_once: int | None
    priority: int | None


@transaction.atomic
def create_sweep(
    workspace: Workspace,
    *,
    experiment: str,
    definition: Mapping[str, Any],
    snapshot: Snapshot | None,
    space: Mapping[str, Any],
    target: str,
    actor: Actor,
    now: int,
    name: str = "",
    sampling: str = Sampling.GRID,
    count: int | None = None,
    seed: int | None = None,
    at_once: int | None = None,
    tags: Mapping[str, str | None] | None = None,
    priority: int | None = None,
    copied_from: Run | None = None,
    run_id: str = "",
) -> Run:
    """Create a sweep in the queue of `target`, and return its parent run.

    Each child runs the definition with its values as arguments, which are its tags,
    too. `name` is a template with the arguments: `resnet lr={lr}`. The parent executes
    nothing: it ends when all children have ended.
    """
    checked = check_submission(workspace, definition, snapshot)
    plan = _Plan(
        definition=checked,
        name=name,
        space=check_space(space),
        sampling=sampling,
        combinations=expand_space(space, sampling, count, seed),
        at_once=_check_at_once(at_once),
        priority=priority,
    )
    new = NewRuns(
        experiment=get_experiment(workspace, experiment, actor=actor, now=now),
        target=find_target(workspace, target, now=now),
        snapshot=snapshot,
        actor=actor,
        now=now,
        tags=tags or {},
    )
    parent = _create_parent(new, checked, name, copied_from, run_id)
    _add_children(new, parent, plan)
    return parent


@transaction.atomic
def start_sweep(
    run: Run,
    *,
    space: Mapping[str, Any],
    target: str,
    actor: Actor,
    now: int,
    name: str = "",
    sampling: str = Sampling.GRID,
    count: int | None = None,
    seed: int | None = None,
    at_once: int | None = None,
    tags: Mapping[str, str | None] | None = None,
    priority: int | None = None,
) -> Run:
    """Make a run that has not started the parent of a sweep of its definition.

    Its client created it with a definition and the snapshot of its sources, so that
    they need no other run. `create_sweep` has the rest. For a run that is a sweep,
    nothing changes. Raises InvalidState if it has started or is queued.
    """
    lock_run_row(run)
    if Sweep.objects.filter(run=run).exists():
        return run
    _check_not_started(run)
    snapshot = find_run_snapshot(run)
    plan = _Plan(
        definition=check_submission(run.workspace, read_definition(run), snapshot),
        name=name,
        space=check_space(space),
        sampling=sampling,
        combinations=expand_space(space, sampling, count, seed),
        at_once=_check_at_once(at_once),
        priority=priority,
    )
    new = NewRuns(
        experiment=run.experiment,
        target=find_target(run.workspace, target, now=now),
        snapshot=snapshot,
        actor=actor,
        now=now,
        tags=tags or {},
    )
    _make_parent(run, new)
    _add_children(new, run, plan)
    return run


def _make_parent(run: Run, new: NewRuns) -> None:
    fields = {
        "type": SWEEP_TYPE,
        "launcher": Launcher.AGENT,
        "target": new.target.name,
    }
    Run.objects.filter(pk=run.pk).update(**fields)
    for name, value in fields.items():
        setattr(run, name, value)
    change_status(
        run,
        RunStatus.QUEUED,
        actor=new.actor,
        now=new.now,
        origin=StatusReporter.LAUNCHER,
    )


def _check_not_started(run: Run) -> None:
    run.refresh_from_db(fields=["status"])
    if run.state is not RunStatus.NOT_STARTED:
        raise InvalidState(
            _("Run %(run_id)s is %(status)s, so it can't become a sweep.")
            % {"run_id": run.run_id, "status": run.state},
            run_id=run.run_id,
        )


def _add_children(new: NewRuns, parent: Run, plan: _Plan) -> None:
    """Put a child for each combination into the queue."""
    sweep = Sweep.objects.create(
        run=parent,
        space=plan.space,
        sampling=Sampling(plan.sampling),
        at_once=plan.at_once,
    )
    child = replace(new, parent_run_id=parent.run_id)
    template = _child_template(plan.name, plan.combinations[0])
    runs = [
        child.create(
            swept_definition(plan.definition, values),
            name=fill_template(template, values),
            tags={key.lstrip("-"): value for key, value in values.items()},
        )
        for values in plan.combinations
    ]
    job = job_settings(plan.definition, plan.priority)
    insert_jobs(runs, new.target, sweep=sweep, now=new.now, **job)


def _create_parent(
    new: NewRuns,
    definition: Mapping[str, Any],
    name: str,
    copied_from: Run | None,
    run_id: str,
) -> Run:
    """Create the parent: it has no job, so no agent takes it."""
    copied = replace(new, resubmitted_from=copied_from.run_id if copied_from else "")
    fixed = " ".join(word for word in name.split() if "{" not in word)
    return copied.create(
        definition, name=fixed or "sweep", run_id=run_id, type=SWEEP_TYPE
    )


def _child_template(name: str, values: Mapping[str, str]) -> str:
    if "{" in name:
        return name
    return default_template(name or "sweep", values)


def _check_at_once(at_once: int | None) -> int | None:
    if at_once is not None and not 1 <= at_once <= MAX_AT_ONCE:
        raise InvalidValue(
            _("at_once must be a whole number from 1 to %(limit)s.")
            % {"limit": MAX_AT_ONCE},
            field="at_once",
        )
    return at_once
