"""Resubmit a run: the same snapshot, command, environment and target, each editable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.run import read_definition
from runs.actions.submit.new_runs import submit_run
from runs.models import LOCAL_TARGET, Run, RunDefinition, RunSnapshot, Snapshot
from studio.core.errors import InvalidState


@transaction.atomic
def resubmit(
    run: Run,
    *,
    actor: Actor,
    now: int,
    definition: Mapping[str, Any] | None = None,
    target: str = "",
    experiment: str = "",
    name: str = "",
    tags: Mapping[str, str | None] | None = None,
    snapshot: Snapshot | None = None,
    priority: int | None = None,
    run_id: str = "",
) -> Run:
    """Submit a new run like `run`; what is given differs.

    The new run has the property `studio.resubmitted_from`. Raises InvalidState if
    `run` can't be resubmitted (`reason_not_to_resubmit`).
    """
    reason = reason_not_to_resubmit(run) if snapshot is None else None
    if reason is not None and not definition:
        raise InvalidState(reason, run_id=run.run_id)
    return submit_run(
        run.workspace,
        experiment=experiment or run.experiment.name,
        definition=definition or read_definition(run),
        snapshot=snapshot or find_run_snapshot(run),
        target=target or run.target or LOCAL_TARGET,
        actor=actor,
        now=now,
        name=name,
        tags=tags,
        priority=priority,
        run_id=run_id,
        resubmitted_from=run.run_id,
    )


def reason_not_to_resubmit(run: Run) -> str | None:
    """Return why a run can't be resubmitted; None if it can."""
    defined = RunDefinition.objects.filter(run=run).first()
    if defined is None:
        return _(
            "This run keeps no command, because it was not submitted. Submit its "
            "script to be able to resubmit it."
        )
    if read_definition(run).get("script") and find_run_snapshot(run) is None:
        return _("This run keeps no snapshot of its sources.")
    return None


def find_run_snapshot(run: Run) -> Snapshot | None:
    link = RunSnapshot.objects.select_related("snapshot").filter(run=run).first()
    return link.snapshot if link else None


def changed_definition(
    definition: Mapping[str, Any], changes: Mapping[str, Any], env: Mapping[str, str]
) -> dict[str, Any]:
    """Return a definition with other values; null removes a key.

    `env` has environment variables that are added or replaced. A script replaces a
    command, and the other way round.
    """
    changed = {**definition, **changes}
    for one, other in (("script", "command"), ("command", "script")):
        if changes.get(one) and other not in changes:
            changed.pop(other, None)
    if env:
        variables = changed.get("environmentVariables") or {}
        changed["environmentVariables"] = {**variables, **env}
    return {key: value for key, value in changed.items() if value is not None}
