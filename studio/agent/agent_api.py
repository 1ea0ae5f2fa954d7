"""The server's calls for agents: register, heartbeat, take jobs, report an end.

Each call is one attempt: the agent's loop repeats it, and goes on with other work
until then. Errors are those of `studio.core.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from studio import __version__
from studio.agent.executors import EngineReport
from studio.core.names import check_run_id
from studio.sdk.client import Client

#: A server that does not respond for so long is tried again.
TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True)
class Registration:
    """What the server told the agent when it registered."""

    id: int
    target: str
    heartbeat_seconds: float
    lease_seconds: float
    #: The kind of the target, which decides on the executor.
    kind: str = "agents"
    #: Of the target, by its kind (`studio.core.compute_kinds`).
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TakenJob:
    """An attempt of a run that this agent is to start."""

    run: str
    attempt: int
    experiment: str
    token: str = field(repr=False)
    definition: Mapping[str, Any] = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)
    #: Empty for a command without sources.
    snapshot: str = ""
    snapshot_bytes: int = 0
    name: str = ""
    terminate_after: float | None = None
    kill_after: float | None = None


@dataclass(frozen=True)
class JobVerdict:
    """What the server says of a job: "yours", "cancel", "force", "ended" or "lost"."""

    run: str
    attempt: int
    state: str
    #: It waits for its children and lends its slot to them.
    is_waiting: bool


@dataclass(frozen=True)
class Orders:
    """What the server replies to a heartbeat: whether to take no more runs, and why.

    The reason is empty if a member wants it.
    """

    is_to_drain: bool
    reason: str
    verdicts: list[JobVerdict]


class AgentApi:
    """The calls of one agent, with its token."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._id = 0

    def register(
        self, *, name: str, instance: str, slots: int, host: Any
    ) -> Registration:
        """Raises Conflict if the server does not serve this agent."""
        body = {
            "name": name,
            "instance": instance,
            "slots": slots,
            "version": __version__,
            "host": host,
        }
        reply = self._post("agents", body)
        self._id = int(reply["id"])
        return Registration(
            self._id,
            str(reply["target"]),
            float(reply.get("heartbeat_seconds", 5)),
            float(reply.get("lease_seconds", 120)),
            str(reply.get("kind", "agents")),
            dict(reply.get("settings") or {}),
        )

    def heartbeat(
        self,
        jobs: Sequence[tuple[str, int]],
        *,
        usage: Any,
        is_draining: bool,
        reports: Mapping[tuple[str, int], EngineReport] | None = None,
    ) -> Orders:
        """Renew the jobs' leases; the reply says what is to become of each.

        `reports` has what an engine says of jobs.
        """
        runs = _as_runs(jobs)
        for job, sent in zip(jobs, runs):
            if report := (reports or {}).get(job):
                sent["engine"] = {
                    "job": report.job,
                    "state": str(report.state or ""),
                    "message": report.message,
                }
        body = {
            "runs": runs,
            "usage": usage,
            "draining": is_draining,
            "version": __version__,
        }
        reply = self._post(f"agents/{self._id}/heartbeat", body)
        verdicts = [
            JobVerdict(
                str(one["run"]),
                int(one["attempt"]),
                str(one["state"]),
                bool(one.get("waiting")),
            )
            for one in reply["runs"]
        ]
        return Orders(bool(reply["drain"]), str(reply.get("reason") or ""), verdicts)

    def take(
        self,
        free: int,
        jobs: Sequence[tuple[str, int]],
        *,
        trees: Sequence[str] = (),
    ) -> list[TakenJob]:
        """Take up to `free` queued jobs; also those that a lost reply contained.

        With `trees`, only of these runs and of those below them.
        """
        body: dict[str, Any] = {"free": free, "runs": _as_runs(jobs)}
        if trees:
            body["trees"] = list(trees)
        reply = self._post(f"agents/{self._id}/take", body)
        return [_read_job(one) for one in reply["jobs"]]

    def end(self, run: str, attempt: int, outcome: str, message: str) -> None:
        """Report an end that the runner did not report."""
        body = {"attempt": attempt, "outcome": outcome, "message": message}
        self._post(f"agents/{self._id}/jobs/{quote(run, safe='')}/end", body)

    def _post(self, path: str, body: Any) -> Any:
        return self.client.json("POST", path, body, timeout=TIMEOUT_SECONDS, attempts=1)


def _as_runs(jobs: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"run": run, "attempt": attempt} for run, attempt in jobs]


def _read_job(content: Mapping[str, Any]) -> TakenJob:
    snapshot = content.get("snapshot") or {}
    return TakenJob(
        # It becomes a part of a folder's name.
        run=check_run_id(content["run"]),
        attempt=int(content["attempt"]),
        experiment=str(content["experiment"]),
        token=str(content["token"]),
        definition=dict(content["definition"]),
        secrets=dict(content.get("secrets") or {}),
        snapshot=str(snapshot.get("id") or ""),
        snapshot_bytes=int(snapshot.get("size") or 0),
        name=str(content.get("name") or ""),
        terminate_after=content.get("terminate_after"),
        kill_after=content.get("kill_after"),
    )
