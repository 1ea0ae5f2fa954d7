"""Rows of compute targets, agents and jobs, for tests of what pages and reads show."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.actions.run import create_run
from runs.models import (
    Agent,
    ComputeTarget,
    Experiment,
    Job,
    Run,
    User,
    Workspace,
    now_ms,
)
from studio.core.statuses import RunStatus

_positions = count(1)


@dataclass
class ComputeScene:
    """A workspace with targets; `now` is the time of everything that it makes."""

    workspace: Workspace
    member: User
    now: int = field(default_factory=now_ms)
    experiment: str = "queued"

    def target(self, name: str = "gpu-cluster", **more: Any) -> ComputeTarget:
        return ComputeTarget.objects.create(
            workspace=self.workspace, name=name, created=self.now, **more
        )

    def agent(self, target: ComputeTarget, name: str = "gpu-01", **more: Any) -> Agent:
        facts: dict[str, Any] = {
            "slots": 2,
            "version": "0.3.0",
            "host": {"cpus": 8},
            "heard": self.now,
            "registered": self.now,
            "instance": name,
            **more,
        }
        return Agent.objects.create(
            workspace=self.workspace, target=target, name=name, **facts
        )

    def run(self, name: str = "", **more: Any) -> Run:
        experiment = Experiment.objects.filter(
            workspace=self.workspace, name=self.experiment
        ).first() or create_experiment(
            self.workspace, self.experiment, actor=Actor(self.member), now=self.now
        )
        return create_run(
            experiment,
            actor=Actor(self.member),
            now=self.now,
            name=name or None,
            **{"status": RunStatus.QUEUED, **more},
        )

    def job(
        self, target: ComputeTarget, name: str = "", *, agent: Any = None, **more: Any
    ) -> Job:
        status = RunStatus.RUNNING if agent else RunStatus.QUEUED
        run = more.pop("run", None) or self.run(name, status=status, target=target.name)
        facts: dict[str, Any] = {
            "submitter": self.member,
            "position": next(_positions),
            "queued": self.now,
            "taken": self.now if agent else None,
            **more,
        }
        return Job.objects.create(
            run=run, workspace=self.workspace, target=target, agent=agent, **facts
        )
