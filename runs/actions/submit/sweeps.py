"""Sweeps: a parent run, and a child for each combination of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.compute import find_target, insert_jobs
from runs.actions.submit.new_runs import (
    NewRuns,
    check_submission,
    get_experiment,
)
from runs.models import Run, Sampling, Snapshot, Sweep, Workspace
from studio.core.errors import InvalidValue
from studio.core.sweep_space import (
    check_space,
    default_template,
    expand_space,
    fill_template,
    swept_definition,
)

SWEEP_TYPE = "studio.sweep"
MAX_AT_ONCE = 10_000


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
    combinations = expand_space(space, sampling, count, seed)
    new = NewRuns(
        experiment=get_experiment(workspace, experiment, actor=actor, now=now),
        target=find_target(workspace, target, now=now),
        snapshot=snapshot,
        actor=actor,
        now=now,
        tags=tags or {},
    )
    parent = _create_parent(new, checked, name, copied_from, run_id)
    sweep = Sweep.objects.create(
        run=parent,
        space=check_space(space),
        sampling=Sampling(sampling),
        at_once=_check_at_once(at_once),
    )
    runs = _create_children(new, parent, checked, name, combinations)
    attempts = checked.get("maxAttempts") or 1
    if priority is None:
        priority = checked.get("priority") or 0
    job: dict[str, Any] = {"priority": priority, "max_attempts": attempts}
    insert_jobs(runs, new.target, sweep=sweep, now=now, **job)
    return parent


def _create_children(
    new: NewRuns,
    parent: Run,
    definition: Mapping[str, Any],
    name: str,
    combinations: Sequence[Mapping[str, str]],
) -> list[Run]:
    child = replace(new, parent_run_id=parent.run_id)
    template = _child_template(name, combinations[0])
    return [
        child.create(
            swept_definition(definition, values),
            name=fill_template(template, values),
            tags={key.lstrip("-"): value for key, value in values.items()},
        )
        for values in combinations
    ]


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
