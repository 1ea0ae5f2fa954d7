"""A server in this process, which keeps what a writer sends by the server's rules."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, BinaryIO

from studio.core.errors import Conflict
from studio.sdk.responses import Unreachable


class Fake:
    """A fake `Client` with one run's rows, logs, files, receipts and statuses."""

    url, token, workspace = "http://fake", "rs_fake", "default"

    def __init__(self) -> None:
        self.rows: dict[str, list[Any]] = defaultdict(list)
        self.logs: dict[str, bytes] = defaultdict(bytes)
        self.files: dict[str, bytes] = {}
        self.statuses: list[str] = []
        self.receipts: list[Any] = []
        self.asked: list[str] = []
        self.is_away = False

    def _record(self, method: str, path: str) -> None:
        if self.is_away:
            raise Unreachable("http://fake cannot be reached")
        self.asked.append(f"{method} {path}")

    def json(self, method: str, path: str, body: Any = None, **_how: Any) -> Any:
        self._record(method, path)
        if path.endswith("/workspaces"):
            return {"user": "ada"}
        if path.endswith("/heartbeat"):
            return {"cancel": False}
        if path.endswith("/status"):
            self.statuses.append(body["status"])
            return {"status": self.statuses[0]}
        if "/writers/" in path:
            self.receipts.append(body)
            writer = path.rsplit("/", 1)[1]
            received = sum(
                len(data) for key, data in self.logs.items() if key.startswith(writer)
            )
            pairs = {
                "points": (body["points"], len(self.rows[writer])),
                "files": (body["files"], body["stored_files"]),
                "log_bytes": (body["log_bytes"], received),
            }
            return {key: {"sent": a, "stored": b} for key, (a, b) in pairs.items()}
        return {}

    def post(self, path: str, body: Any = None) -> Any:
        return self.json("POST", path, body)

    def send(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        query: dict[str, Any] | None = None,
        **_how: Any,
    ) -> Any:
        self._record(method, path)
        if method == "PATCH":
            return self._append(path.split("/files/")[1], content, query or {})
        rows, body = self.rows[path.split("/")[3]], json.loads(content)
        if body["first"] > len(rows):
            raise Conflict("Rows are missing", expected=len(rows))
        rows += body["rows"][len(rows) - body["first"] :]
        return {"next": len(rows), "cancel": False, "refused": []}

    def _append(self, path: str, data: bytes, query: dict[str, Any]) -> Any:
        key = f"{query['writer']} {path}"
        received = len(self.logs[key])
        if query["offset"] > received:
            raise Conflict("Bytes are missing", expected=received)
        self.logs[key] += data[received - query["offset"] :]
        return {}

    def upload(self, path: str, source: BinaryIO, size: int, **_how: Any) -> Any:
        self._record("PUT", path)
        self.files[path.rsplit("/files/", maxsplit=1)[-1]] = source.read(size)
        return {"id": "kept"}

    def log(self, path: str = "logs/user_log.txt") -> bytes:
        """What all writers logged to it."""
        return b"".join(
            data for key, data in self.logs.items() if key.endswith(f" {path}")
        )

    def points(self) -> list[Any]:
        return [row[1] for rows in self.rows.values() for row in rows if row]
