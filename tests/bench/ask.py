"""A kept-alive connection to either server, by hand: no client hides what it takes."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

API = "/api/2.0/mlflow"


class Link:
    """Raises AssertionError for any answer but 200."""

    def __init__(self, address: str, token: str = "") -> None:
        parts = urlsplit(address)
        self.prefix = parts.path.rstrip("/")
        self.http = http.client.HTTPConnection(parts.netloc, timeout=300)
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: Any = None) -> bytes:
        """Below the server's root."""
        raw = None if body is None else json.dumps(body).encode()
        try:
            self.http.request(method, path, raw, self.headers)
            answer = self.http.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            # A server may close what rested while the other one was asked.
            self.http.close()
            self.http.request(method, path, raw, self.headers)
            answer = self.http.getresponse()
        content = answer.read()
        assert answer.status == 200, f"{path}: {answer.status} {content[:500]!r}"
        return content

    def stream(self, path: str) -> tuple[float, int]:
        """When the first bytes of an answer came, and how many there were."""
        self.http.request("GET", path, headers={**self.headers, "Accept": "*/*"})
        answer = self.http.getresponse()
        assert answer.status == 200, f"{path}: {answer.status}"
        size = len(answer.read(1))
        first = time.perf_counter()
        while piece := answer.read(1 << 20):
            size += len(piece)
        return first, size

    def mlflow(self, method: str, path: str, body: Any = None) -> Any:
        return json.loads(self.send(method, f"{self.prefix}{API}{path}", body))

    def close(self) -> None:
        self.http.close()
