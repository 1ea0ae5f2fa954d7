"""An MLflow client without MLflow: the protocol's requests, and what came back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.test.client import Client as TestClient

from runs.actions.account.accounts import add_member, create_workspace, ensure_user
from runs.actions.account.tokens import create_token
from runs.actions.actor import SERVER
from runs.models import Role, Workspace, now_ms

JSON = "application/json"


@dataclass(frozen=True)
class Refusal:
    """What an MLflow client reads of an error."""

    status: int
    code: str
    message: str


@dataclass
class Mlflow:
    """A token's holder. Paths are relative to the protocol's root."""

    client: TestClient
    workspace: Workspace
    base: str = ""

    def url(self, path: str) -> str:
        base = self.base or f"/w/{self.workspace.name}"
        return f"{base}/api/2.0/mlflow/{path}"

    def files_url(self, path: str = "") -> str:
        base = self.base or f"/w/{self.workspace.name}"
        return f"{base}/api/2.0/mlflow-artifacts/artifacts{path}"

    def send(self, method: str, path: str, body: object = None) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return self.client.generic(method, self.url(path), raw, content_type=JSON)

    def post(self, path: str, /, **body: object) -> Any:
        """The reply to a POST that must succeed."""
        return reply(self.send("POST", path, body))

    def patch(self, path: str, /, **body: object) -> Any:
        return reply(self.send("PATCH", path, body))

    def delete(self, path: str) -> Any:
        return reply(self.send("DELETE", path))

    def get(self, path: str, /, **query: Any) -> Any:
        return reply(self.client.get(self.url(path), query))

    def refused(self, path: str, method: str = "POST", /, **body: object) -> Refusal:
        """How a request that must fail was refused."""
        return refusal(self.send(method, path, body))

    def refused_get(self, path: str, /, **query: Any) -> Refusal:
        return refusal(self.client.get(self.url(path), query))

    def refused_raw(self, path: str, raw: bytes, content_type: str = JSON) -> Refusal:
        return refusal(
            self.client.generic("POST", self.url(path), raw, content_type=content_type)
        )

    def new_experiment(self, name: str = "e1", **more: object) -> str:
        made: str = self.post("experiments/create", name=name, **more)["experiment_id"]
        return made

    def new_run(self, experiment: str = "0", **more: object) -> str:
        run = self.post("runs/create", experiment_id=experiment, **more)["run"]
        run_id: str = run["info"]["run_id"]
        return run_id

    def run(self, run_id: str) -> Any:
        return self.get("runs/get", run_id=run_id)["run"]

    def tags(self, run_id: str) -> dict[str, str]:
        return as_dict(self.run(run_id)["data"]["tags"])

    def latest(self, run_id: str) -> dict[str, object]:
        """The last value of every metric."""
        found = self.run(run_id)["data"].get("metrics", [])
        return {one["key"]: one["value"] for one in found}

    def history(self, run_id: str, key: str) -> list[list[object]]:
        """Time, step and value of every point."""
        found = self.get("metrics/get-history", run_id=run_id, metric_key=key)
        return [
            [one["timestamp"], one["step"], one["value"]]
            for one in found.get("metrics", [])
        ]

    def log(self, run_id: str, key: str, value: object, step: int = 0) -> None:
        self.post(
            "runs/log-metric",
            run_id=run_id,
            key=key,
            value=value,
            step=step,
            timestamp=1000 + step,
        )

    def search(self, text: str = "", **more: object) -> list[str]:
        """The ids of the runs of experiment 0 that fit, in order."""
        body = {"experiment_ids": ["0"], "filter": text, **more}
        found = self.post("runs/search", **body).get("runs", [])
        return [run["info"]["run_id"] for run in found]

    def put(self, path: str, content: bytes) -> Any:
        kind = "application/octet-stream"
        return self.client.put(self.files_url(path), content, content_type=kind)

    def files(self, folder: str) -> Any:
        return reply(self.client.get(self.files_url(), {"path": folder}))

    def download(self, path: str, **headers: str) -> Any:
        return self.client.get(self.files_url(path), headers=headers)


def reply(answer: Any) -> Any:
    assert answer.status_code == 200, (answer.status_code, answer.content)
    assert answer["Content-Type"] == JSON
    return json.loads(answer.content)


def refusal(answer: Any) -> Refusal:
    body = json.loads(answer.content)
    assert set(body) == {"error_code", "message"}
    return Refusal(answer.status_code, body["error_code"], body["message"])


def as_dict(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in pairs}


def member(workspace: str = "lab", role: Role = Role.CONTRIBUTOR) -> Mlflow:
    """A new member of the workspace, with a token."""
    now = now_ms()
    space = create_workspace(workspace, actor=SERVER, now=now)
    user = ensure_user(f"{role.label}-{workspace}", actor=SERVER, now=now)
    add_member(space, user, role, actor=SERVER, now=now)
    _, secret = create_token(
        user, space, "script", role_cap=Role.OWNER, actor=SERVER, now=now
    )
    headers = {"Authorization": f"Bearer {secret}"}
    return Mlflow(Client(headers=headers, raise_request_exception=True), space)
