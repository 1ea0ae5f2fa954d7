"""A run, and a client that writes to it while a page shows it."""

from __future__ import annotations

import json
import urllib.request
import uuid
from typing import Any

from tests.parts.server import Server


class Remote:
    """One new run of the default experiment, written to over MLflow's protocol."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.name = f"edit-{uuid.uuid4().hex[:8]}"
        self.id = ""
        body = {"experiment_id": "0", "run_name": self.name, "start_time": 1}
        self.id = self.call("runs/create", body)["run"]["info"]["run_id"]
        self.page = f"{server.url}/w/default/runs/{self.id}/"

    def call(self, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            f"{self.server.url}/w/default/api/2.0/mlflow/{path}",
            json.dumps({"run_id": self.id, **body}).encode(),
            {
                "Authorization": f"Bearer {self.server.token}",
                "Content-Type": "application/json",
            },
        )
        return json.load(urllib.request.urlopen(request))

    def rename(self, name: str) -> None:
        self.call("runs/update", {"run_name": name})

    def tag(self, key: str, value: str) -> None:
        self.call("runs/set-tag", {"key": key, "value": value})
