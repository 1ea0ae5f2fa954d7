"""New sweeps: the parent run, and its first children."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.compute import check_priority, find_target
from runs.actions.run import (
    StatusReporter,
    change_status,
    lock_run_row,
    lock_tree,
    read_definition,
)
from runs.actions.submit import (
    NewRuns,
    check_submission,
    find_run_snapshot,
    get_experiment,
)
from runs.actions.sweeps.bayesian import check_optuna
from runs.actions.sweeps.children import add_children, child_template
from runs.models import (
    ComputeTarget,
    Launcher,
    Run,
    Sampling,
    Snapshot,
    Sweep,
    Workspace,
)
from studio.core.errors import InvalidState
from studio.core.run_definition import SWEEP_TYPE
from studio.core.statuses import RunStatus
from studio.core.sweeps import BAYESIAN, BAYESIAN_AT_ONCE, SweepPlan

_MINUTE_MS = 60_000


@transaction.atomic
def create_sweep(
    workspace: Workspace,
    *,
    experiment: str,
    definition: Mapping[str, Any],
    snapshot: Snapshot | None,
    plan: SweepPlan,
    target: str,
    actor: Actor,
    now: int,
    name: str = "",
    tags: Mapping[str, str | None] | None = None,
    priority: int | None = None,
    copied_from: Run | None = None,
    run_id: str = "",
) -> Run:
    """Create a sweep in the queue of `target`, and return its parent run.

    Each child runs the definition with its values as arguments, which are its tags,
    too. `name` is a template with the arguments: `resnet lr={lr}`. The parent executes
    nothing: it ends when all children have ended. The worker creates the children that
    are not in the first batch.
    """
    # Before any row is locked: children need the exclusive lock.
    lock_tree(workspace.pk)
    checked = check_submission(workspace, definition, snapshot)
    new = NewRuns(
        experiment=get_experiment(workspace, experiment, actor=actor, now=now),
        target=find_target(workspace, target, now=now),
        snapshot=snapshot,
        actor=actor,
        now=now,
        tags=tags or {},
        resubmitted_from=copied_from.run_id if copied_from else "",
    )
    fixed = " ".join(word for word in name.split() if "{" not in word)
    # It has no job, so no agent takes it.
    parent = new.create(checked, name=fixed or "sweep", run_id=run_id, type=SWEEP_TYPE)
    _insert_sweep(parent, new, plan, name, priority)
    return parent


@transaction.atomic
def start_sweep(
    run: Run,
    *,
    plan: SweepPlan,
    target: str,
    actor: Actor,
    now: int,
    name: str = "",
    tags: Mapping[str, str | None] | None = None,
    priority: int | None = None,
) -> Run:
    """Make a run that has not started the parent of a sweep of its definition.

    Its client created it with a definition and the snapshot of its sources, so that
    they need no other run. `create_sweep` has the rest. For a run that is a sweep,
    nothing changes. Raises InvalidState if it has started or is queued.
    """
    lock_tree(run.workspace_id)
    lock_run_row(run)
    if Sweep.objects.filter(run=run).exists():
        return run
    _check_not_started(run)
    snapshot = find_run_snapshot(run)
    check_submission(run.workspace, read_definition(run), snapshot)
    new = NewRuns(
        experiment=run.experiment,
        target=find_target(run.workspace, target, now=now),
        snapshot=snapshot,
        actor=actor,
        now=now,
        tags=tags or {},
    )
    _make_parent(run, new.target, actor=actor, now=now)
    _insert_sweep(run, new, plan, name, priority)
    return run


def _insert_sweep(
    parent: Run, new: NewRuns, plan: SweepPlan, name: str, priority: int | None
) -> None:
    if priority is not None:
        check_priority(priority)
    at_once = plan.at_once
    if plan.sampling == BAYESIAN:
        check_optuna()
        at_once = at_once or BAYESIAN_AT_ONCE
    minutes = plan.max_minutes
    sweep = Sweep.objects.create(
        run=parent,
        space=plan.space,
        sampling=Sampling(plan.sampling),
        at_once=at_once,
        seed=plan.seed,
        total=plan.total,
        child_name=child_template(name, plan.space),
        child_tags=dict(new.tags),
        priority=priority,
        metric=plan.metric,
        goal=plan.goal,
        policy=plan.policy,
        deadline=None if minutes is None else new.now + minutes * _MINUTE_MS,
        is_live=True,
    )
    add_children(sweep, now=new.now, actor=new.actor)


def _make_parent(run: Run, target: ComputeTarget, *, actor: Actor, now: int) -> None:
    fields = {"type": SWEEP_TYPE, "launcher": Launcher.AGENT, "target": target.name}
    Run.objects.filter(pk=run.pk).update(**fields)
    for name, value in fields.items():
        setattr(run, name, value)
    change_status(
        run,
        RunStatus.QUEUED,
        actor=actor,
        now=now,
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
