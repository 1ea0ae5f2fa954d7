"""A workspace with a compute target: its owner, a contributor, and agents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from runs.actions.account import add_member, create_token, ensure_user
from runs.actions.actor import SERVER
from runs.models import Role, now_ms
from tests.access.people import bearer
from tests.api.rest import Rest, rest_client

COMMAND = {"command": "true"}


@dataclass
class TestAgent:
    """An agent that has no processes: it takes runs, and reports what a test says."""

    __test__ = False

    rest: Rest
    id: int
    slots: int
    runs: list[dict[str, Any]] = field(default_factory=list)

    def take(self, free: int | None = None, **more: Any) -> list[str]:
        """Take runs, and return their ids."""
        return [job["run"] for job in self.take_jobs(free, **more)]

    def take_jobs(self, free: int | None = None, **more: Any) -> list[dict[str, Any]]:
        space = self.slots - len(self.runs) if free is None else free
        body = {"free": space, "runs": self.runs, **more}
        jobs = self.rest.post(f"agents/{self.id}/take", **body)["jobs"]
        self.runs += [{"run": job["run"], "attempt": job["attempt"]} for job in jobs]
        return list(jobs)

    def beat(self, **more: Any) -> dict[str, Any]:
        reply: dict[str, Any] = self.rest.post(
            f"agents/{self.id}/heartbeat", runs=self.runs, **more
        )
        return reply

    def states(self) -> dict[str, str]:
        return {one["run"]: one["state"] for one in self.beat()["runs"]}

    def end(self, run: str, outcome: str, attempt: int = 1, message: str = "") -> str:
        path = f"agents/{self.id}/jobs/{run}/end"
        body = {"attempt": attempt, "outcome": outcome, "message": message}
        self.forget(run)
        return str(self.rest.post(path, **body)["status"])

    def forget(self, run: str) -> None:
        self.runs = [one for one in self.runs if one["run"] != run]


@dataclass
class Scene:
    owner: Rest
    member: Rest

    def submit(self, run: str, who: Rest | None = None, **more: Any) -> dict[str, Any]:
        """Create a run and put it into the queue of `gpu`."""
        rest = who or self.member
        definition = {**COMMAND, **more.pop("definition", {})}
        parent = {"parent": more.pop("parent")} if "parent" in more else {}
        rest.new_run(run, status="NotStarted", definition=definition, **parent)
        job: dict[str, Any] = rest.post(f"runs/{run}/queue", target="gpu", **more)
        return job

    def agent(
        self, name: str = "node", slots: int = 1, target: str = "gpu"
    ) -> TestAgent:
        path = f"compute/{target}/agent-tokens"
        token = self.owner.ok("POST", path, {}, 201)["token"]
        client = Client(headers=bearer(token), raise_request_exception=False)
        rest = Rest(client, self.owner.workspace, self.owner.user)
        made = rest.ok("POST", "agents", registration(name, slots=slots), 201)
        return TestAgent(rest, made["id"], slots)

    def status(self, run: str) -> str:
        return str(self.member.get(f"runs/{run}")["status"])

    def report(self, run: str, status: str, attempt: int = 1, **more: Any) -> Any:
        """Report a status as the runner does."""
        body = {"status": status, "launcher": True, "attempt": attempt, **more}
        return self.member.post(f"runs/{run}/status", **body)

    def another_member(self, name: str) -> Rest:
        user = ensure_user(name, actor=SERVER, now=now_ms())
        space = self.owner.workspace
        add_member(space, user, Role.CONTRIBUTOR, actor=SERVER, now=now_ms())
        _token, secret = create_token(user, space, "t", actor=SERVER, now=now_ms())
        client = Client(headers=bearer(secret), raise_request_exception=False)
        return Rest(client, space, user)


def registration(name: str = "node", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "instance": f"of-{name}",
        "slots": 1,
        "version": "0.2.0",
        **more,
    }


@pytest.fixture
def scene(db: None) -> Scene:
    owner = rest_client(role=Role.OWNER)
    made = Scene(owner, owner)
    made.member = made.another_member("ben")
    owner.ok("POST", "compute", {"name": "gpu"}, 201)
    return made
