"""What the tables of compute refuse by themselves."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from runs.models import Agent, ComputeTarget, Job, Run, Workspace


@pytest.fixture
def target(workspace: Workspace, now: int) -> ComputeTarget:
    return ComputeTarget.objects.create(workspace=workspace, name="gpu", created=now)


def test_a_name_is_free_again_once_its_target_is_removed(
    target: ComputeTarget, now: int
) -> None:
    ComputeTarget.objects.filter(pk=target.pk).update(removed=now)
    again = ComputeTarget.objects.create(
        workspace=target.workspace, name="gpu", created=now
    )
    assert again.pk != target.pk


def test_two_targets_cannot_have_one_name(target: ComputeTarget, now: int) -> None:
    with pytest.raises(IntegrityError):
        ComputeTarget.objects.create(
            workspace=target.workspace, name="gpu", created=now
        )


def test_two_agents_of_a_target_cannot_have_one_name(
    target: ComputeTarget, now: int
) -> None:
    row = {"workspace": target.workspace, "target": target, "name": "node1"}
    Agent.objects.create(**row, heard=now, registered=now)
    with pytest.raises(IntegrityError):
        Agent.objects.create(**row, heard=now, registered=now)


def test_a_run_has_one_job(target: ComputeTarget, run: Run, now: int) -> None:
    row = {"run": run, "workspace": run.workspace, "target": target}
    Job.objects.create(**row, position=1, queued=now)
    with pytest.raises(IntegrityError):
        Job.objects.create(**row, position=2, queued=now)
