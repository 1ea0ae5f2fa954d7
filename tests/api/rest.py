"""A client of the REST API: a token, a workspace, and what came back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from runs.actions.account.accounts import add_member, create_workspace, ensure_user
from runs.actions.account.tokens import create_token
from runs.actions.actor import SERVER
from runs.models import Role, User, Workspace, now_ms

JSON = "application/json"


@dataclass
class Rest:
    """Paths are relative to the workspace's, or begin with a slash."""

    client: Client
    workspace: Workspace
    user: User

    def url(self, path: str) -> str:
        below = f"/api/v1/workspaces/{self.workspace.name}/{path}"
        return path if path.startswith("/") else below

    def send(
        self, method: str, path: str, body: object = None, kind: str = JSON
    ) -> Any:
        """One request; bytes go as they are, anything else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        raw = b"" if body is None else raw
        answer: Any = self.client.generic(method, self.url(path), raw, kind)
        return answer

    def ok(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        """The reply of a request that must succeed."""
        answer = self.send(method, path, body)
        assert answer.status_code == status, answer.content
        return json.loads(answer.content)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(self.url(path), query)
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)

    def post(self, path: str, **body: object) -> Any:
        return self.ok("POST", path, body)

    def refused(
        self, method: str, path: str, body: object = None, kind: str = JSON
    ) -> tuple[int, dict[str, Any]]:
        """Status and error of a request that must fail."""
        answer = self.send(method, path, body, kind)
        assert answer.status_code >= 400, answer.content
        assert answer.headers["Content-Type"].startswith(JSON)
        return answer.status_code, json.loads(answer.content)["error"]

    def new_run(self, run_id: str = "r1", **more: object) -> Any:
        body = {"experiment": "digits", "id": run_id, **more}
        return self.ok("POST", "runs", body, 201)

    def points(self, run_id: str, *points: dict[str, Any], sequence: int = 0) -> Any:
        batch = {"writer": "w", "sequence": sequence, "points": points}
        return self.post(f"runs/{run_id}/metrics", **batch)


def rest_client(workspace: str = "lab", role: Role = Role.CONTRIBUTOR) -> Rest:
    """A member of that workspace with a token for it."""
    space = create_workspace(workspace, actor=SERVER, now=now_ms())
    user = ensure_user(f"{role.label}-of-{workspace}", actor=SERVER, now=now_ms())
    add_member(space, user, role, actor=SERVER, now=now_ms())
    # A token with the maximum role reader could only read.
    cap = max(role, Role.CONTRIBUTOR)
    _token, secret = create_token(
        user, space, "script", role_cap=cap, actor=SERVER, now=now_ms()
    )
    headers = {"Authorization": f"Bearer {secret}"}
    client = Client(headers=headers, raise_request_exception=False)
    return Rest(client, space, user)
