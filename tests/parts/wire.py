"""Both protocols by hand, where a client would hide what the server answers."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from tests.parts.server import Server

API = "/api/2.0/mlflow"
#: What a client meets when the server dies while it asks.
DEATHS = (OSError, http.client.HTTPException)


class Connection:
    """One kept-alive connection with a token; raises one of DEATHS when it breaks."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.environment["MLFLOW_TRACKING_URI"])
        self.prefix = parts.path
        self.headers = {"Authorization": f"Bearer {server.token}"}
        self.link = http.client.HTTPConnection(parts.netloc, timeout=30)

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Raises AssertionError for any answer but 200 and 201."""
        self.link.request(method, path, body, self.headers)
        answer = self.link.getresponse()
        content = answer.read()
        said = f"{method} {path}: {answer.status} {content!r}"
        assert answer.status in (200, 201), said
        return content

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """MLflow's protocol, below its prefix."""
        return self.json(method, self.prefix + API + path, body)

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """The REST API, below the workspace."""
        return self.json(method, f"/api/v1/workspaces/default{path}", body)

    def json(self, method: str, path: str, body: Any) -> Any:
        self.headers["Content-Type"] = "application/json"
        sent = None if body is None else json.dumps(body).encode()
        return json.loads(self.ask(method, path, sent))
