"""The MLflow protocol by hand, where a client would hide what the server answers."""

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
        self.link.request(method, self.prefix + path, body, self.headers)
        answer = self.link.getresponse()
        content = answer.read()
        assert answer.status == 200, f"{method} {path}: {answer.status} {content!r}"
        return content

    def call(self, method: str, path: str, body: Any = None) -> Any:
        self.headers["Content-Type"] = "application/json"
        sent = None if body is None else json.dumps(body).encode()
        return json.loads(self.ask(method, API + path, sent))
