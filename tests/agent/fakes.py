"""A server and an executor that a test steers, at the borders of the agent's loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from studio.agent.agent import Agent, AgentOptions
from studio.agent.agent_api import AgentApi
from studio.agent.agent_folder import AgentFolder
from studio.agent.executors import (
    EngineReport,
    EngineSurvey,
    JobState,
    MayStart,
    StartWithdrawn,
)
from studio.agent.host import Gpu
from studio.core.errors import StudioError
from studio.core.job_files import JobEnd, write_end
from studio.sdk.client import Client


def queued_job(run: str, attempt: int = 1) -> dict[str, Any]:
    """A job as the server gives it out."""
    return {
        "run": run,
        "attempt": attempt,
        "experiment": "digits",
        "name": run,
        "token": f"rs_token-of-{run}",
        "definition": {"command": "true"},
        "secrets": {"KEY": "the-secret"},
        "snapshot": None,
        "terminate_after": 5,
        "kill_after": 10,
    }


class FakeServer(Client):
    """Gives out `queue`; raises the next of `failures` first."""

    def __init__(self, *runs: str) -> None:
        super().__init__("http://127.0.0.1:9", "rs_agent", "default")
        self.queue = [queued_job(run) for run in runs]
        self.failures: list[StudioError] = []
        self.states: dict[str, str] = {}
        self.ends: list[tuple[str, str]] = []
        self.registrations = 0
        self.kind = "agents"
        #: Runs that wait for their child runs.
        self.waiting: set[str] = set()
        #: Why the server drains the agent.
        self.reason = ""

    def json(self, method: str, path: str, body: Any = None, **_more: Any) -> Any:
        if self.failures:
            raise self.failures.pop(0)
        if path == "agents":
            self.registrations += 1
            return {
                "id": 1,
                "target": "gpu",
                "kind": self.kind,
                "heartbeat_seconds": 0.1,
                "lease_seconds": 120,
            }
        if path == "agents/1/heartbeat":
            states = [
                {
                    **one,
                    "state": self.states.get(one["run"], "yours"),
                    "waiting": one["run"] in self.waiting,
                }
                for one in body["runs"]
            ]
            drain = bool(self.reason)
            return {"drain": drain, "reason": self.reason, "runs": states}
        if path == "agents/1/take":
            free = max(0, body["free"])
            given, self.queue = self.queue[:free], self.queue[free:]
            return {"jobs": given}
        assert (method, path.rpartition("/")[2]) == ("POST", "end")
        self.ends.append((path.split("/")[3], body["outcome"]))
        return {}


@dataclass
class FakeExecutor:
    """Its jobs run for some polls, and end as the test says."""

    max_calls: ClassVar[int] = 0
    log_name: ClassVar[str] = ""
    polls: int = 2
    ends_with: str = "Completed"
    running: dict[str, int] = field(default_factory=dict)
    most: int = 0
    slots: list[int] = field(default_factory=list)
    stopped: list[tuple[str, bool]] = field(default_factory=list)
    on_start: Callable[[], None] = lambda: None
    #: What its engine says of a run's job.
    reports: dict[str, EngineReport] = field(default_factory=dict)

    def start(self, folder: Path, slot: int, *, may_start: MayStart = None) -> str:
        if may_start is not None and not may_start():
            raise StartWithdrawn(folder.name)
        self.running[str(folder)] = self.polls
        self.most = max(self.most, len(self.running))
        self.slots.append(slot)
        self.on_start()
        return str(folder)

    def find(self, folder: Path) -> str | None:
        return str(folder)

    def poll(self, handle: str) -> JobState:
        left = self.running.get(handle, 0)
        if left > 0:
            self.running[handle] = left - 1
            return JobState.RUNNING
        self.running.pop(handle, None)
        if self.ends_with:
            write_end(Path(handle), JobEnd(self.ends_with, is_delivered=True))
        return JobState.ENDED

    def describe(self, handle: str) -> EngineReport | None:
        return self.reports.get(Path(handle).name.partition("-")[0])

    def survey(self) -> EngineSurvey | None:
        return None

    def stop(self, handle: str, *, force: bool) -> None:
        self.stopped.append((Path(handle).name.partition("-")[0], force))
        if force:
            self.running.pop(handle, None)


@dataclass
class FakeMachine:
    """An agent with its folder, and what it printed."""

    path: Path
    server: FakeServer
    executor: FakeExecutor = field(default_factory=FakeExecutor)
    lines: list[str] = field(default_factory=list)

    def run(
        self,
        slots: int = 2,
        folder: AgentFolder | None = None,
        gpus: Sequence[Gpu] = (),
    ) -> int:
        """Run an agent until nothing is queued."""
        opened = folder or AgentFolder(self.path)
        options = AgentOptions("gpu", "tester", slots=slots, is_once=True)
        agent = Agent(
            AgentApi(self.server),
            opened,
            lambda _kind, _settings: self.executor,
            options,
            host={},
            gpus=gpus,
            print_line=self.lines.append,
        )
        try:
            return agent.run()
        finally:
            opened.close()
