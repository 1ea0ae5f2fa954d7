"""New runs in the queue of a compute target, without a client that creates them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.compute import (
    check_secrets_exist,
    find_target,
    insert_jobs,
    job_settings,
)
from runs.actions.experiments import create_experiment, experiment_in_trash_message
from runs.actions.files import SNAPSHOT_PROPERTY
from runs.actions.run import create_run
from runs.models import (
    ComputeTarget,
    Experiment,
    Launcher,
    Run,
    RunSnapshot,
    Snapshot,
    Workspace,
)
from runs.storage.files import list_members
from runs.storage.prepared import PreparedInsert
from studio.core import names
from studio.core.errors import InvalidState, InvalidValue
from studio.core.launcher_properties import RESUBMITTED_FROM_PROPERTY
from studio.core.run_definition import check_definition
from studio.core.statuses import RunStatus

#: As the v1 service names what it started from a script.
SCRIPT_RUN_TYPE = "azureml.scriptrun"
MAX_NAME_IN_ID = 100
# Prepared, because a sweep has up to a thousand runs.
_insert_link = PreparedInsert(RunSnapshot)


@dataclass(frozen=True)
class NewRuns:
    """What all runs of one submission share."""

    experiment: Experiment
    target: ComputeTarget
    snapshot: Snapshot | None
    actor: Actor
    now: int
    tags: Mapping[str, str | None] = field(default_factory=dict)
    parent_run_id: str = ""
    resubmitted_from: str = ""

    def create(
        self,
        definition: Mapping[str, Any],
        *,
        name: str = "",
        run_id: str = "",
        tags: Mapping[str, str | None] | None = None,
        type: str = SCRIPT_RUN_TYPE,
    ) -> Run:
        """Create a run that is Queued; `insert_jobs` puts it into the queue."""
        run = create_run(
            self.experiment,
            actor=self.actor,
            now=self.now,
            run_id=run_id or new_run_id(self.experiment.name, self.now),
            name=name or None,
            status=RunStatus.QUEUED,
            parent_run_id=self.parent_run_id,
            tags={**self.tags, **(tags or {})},
            properties=self._properties(),
            script=definition.get("script") or "",
            type=type,
            target=self.target.name,
            launcher=Launcher.AGENT,
            definition={**definition, "target": self.target.name},
        )
        if self.snapshot is not None:
            _insert_link([RunSnapshot(run=run, snapshot=self.snapshot)])
        return run

    def _properties(self) -> dict[str, str]:
        found = {}
        if self.snapshot is not None:
            found[SNAPSHOT_PROPERTY] = self.snapshot.public_id
        if self.resubmitted_from:
            found[RESUBMITTED_FROM_PROPERTY] = self.resubmitted_from
        return found


@transaction.atomic
def submit_run(
    workspace: Workspace,
    *,
    experiment: str,
    definition: Mapping[str, Any],
    snapshot: Snapshot | None,
    target: str,
    actor: Actor,
    now: int,
    name: str = "",
    tags: Mapping[str, str | None] | None = None,
    priority: int | None = None,
    run_id: str = "",
    resubmitted_from: str = "",
) -> Run:
    """Create a run in the queue of `target`; the experiment is created if needed.

    Raises InvalidValue for a definition that can't be started, InvalidState for a
    script without a snapshot, and NotFound for an unknown target or secret.
    """
    checked = check_submission(workspace, definition, snapshot)
    new = NewRuns(
        experiment=get_experiment(workspace, experiment, actor=actor, now=now),
        target=find_target(workspace, target, now=now),
        snapshot=snapshot,
        actor=actor,
        now=now,
        tags=tags or {},
        resubmitted_from=resubmitted_from,
    )
    run = new.create(checked, name=name, run_id=run_id)
    insert_jobs([run], new.target, now=now, **job_settings(checked, priority))
    return run


def check_submission(
    workspace: Workspace, definition: Mapping[str, Any], snapshot: Snapshot | None
) -> dict[str, Any]:
    """Return the checked definition of a run that an agent can start.

    Raises InvalidValue if the snapshot lacks the script.
    """
    checked = check_definition(dict(definition))
    if checked.get("script") and snapshot is None:
        raise InvalidState(no_snapshot_message())
    check_script(checked, snapshot)
    check_secrets_exist(workspace, checked.get("secrets") or [])
    return checked


def check_script(definition: Mapping[str, Any], snapshot: Snapshot | None) -> None:
    """Raise InvalidValue if the snapshot lacks the script, MissingBytes without it."""
    script = definition.get("script")
    if not script or snapshot is None:
        return
    if all(member.path != script for member in list_members(snapshot.blob)):
        raise InvalidValue(
            _(
                "The snapshot has no file %(script)s. Choose another script, or upload "
                "a folder with it."
            )
            % {"script": script},
            field="script",
        )


def get_experiment(
    workspace: Workspace, name: str, *, actor: Actor, now: int
) -> Experiment:
    """Return the experiment of that name, which is created if needed."""
    names.check_experiment_name(name, "experiment")
    found = Experiment.objects.filter(workspace=workspace, name=name).first()
    if found is None:
        return create_experiment(workspace, name, actor=actor, now=now)
    if found.deleted is not None:
        raise InvalidState(experiment_in_trash_message(name), experiment=name)
    return found


def new_run_id(experiment: str, now: int) -> str:
    """Return an id in the form of the v1 service: experiment, seconds, digits."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", experiment)[:MAX_NAME_IN_ID].lstrip("_-")
    return f"{name or 'run'}_{now // 1000}_{secrets.token_hex(4)}"


def no_snapshot_message() -> str:
    return _("The run has no snapshot with its script. Choose or upload the sources.")
