"""The REST API of Ray Jobs: submit, list, stop, logs.

Source: docs.ray.io, "Ray Jobs REST API specification", version 4. With it, the agent
needs no Ray of the cluster's version.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from studio.agent.executors.executor import EngineUnavailable, SubmissionRefused
from studio.sdk.transport import Transport, send_request

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
TIMEOUT_SECONDS = 15.0
#: More of a driver's log is not kept.
MAX_LOG_BYTES = 10_000_000
#: What the head prints of a request that it will never accept.
_REFUSALS = ("ValueError:", "TypeError:")


@dataclass(frozen=True)
class RayJob:
    """A job as Ray reports it; `error` is one of Ray's `JobErrorType`, or empty."""

    id: str
    status: str
    message: str
    error: str
    exit_code: int | None


class RayJobs:
    """The jobs of one cluster. All calls raise EngineUnavailable."""

    def __init__(self, address: str, environment: Mapping[str, str]) -> None:
        self._transport = Transport(address, timeout=TIMEOUT_SECONDS)
        self._token = _read_token(environment)

    def submit(self, request: Mapping[str, Any]) -> None:
        """Submit a job; nothing happens if Ray has one of this `submission_id`.

        Raises SubmissionRefused.
        """
        status, text = self._send("POST", "jobs/", json.dumps(request).encode())
        if status == 200:
            return
        last = _last_line(text)
        if "already exists" in last:
            return
        if status == 400 or last.startswith(_REFUSALS):
            raise SubmissionRefused(last)
        raise EngineUnavailable(f"{last} (status {status})")

    def list_jobs(self) -> list[RayJob]:
        """The jobs that were submitted to this cluster since its head started."""
        found = json.loads(self._get("jobs/"))
        return [_read_job(one) for one in found if one.get("submission_id")]

    def stop(self, job: str) -> None:
        """End a job; one that has ended, or is not known, is no error."""
        status, text = self._send("POST", f"jobs/{quote(job, safe='')}/stop")
        if status not in (200, 400, 404):
            raise EngineUnavailable(f"{_last_line(text)} (status {status})")

    def read_log(self, job: str) -> str:
        """The end of what the job's driver printed."""
        text = self._get(f"jobs/{quote(job, safe='')}/logs")
        return str(json.loads(text).get("logs") or "")[-MAX_LOG_BYTES:]

    def read_version(self) -> str:
        """Ray's version."""
        return str(json.loads(self._get("version")).get("ray_version") or "")

    def read_usage(self) -> dict[str, tuple[float, float]]:
        """The cluster's resources by name: how much is in use, and of how much."""
        status = json.loads(self._get("cluster_status")).get("data") or {}
        report = (status.get("clusterStatus") or {}).get("loadMetricsReport") or {}
        usage = report.get("usage") or {}
        return {name: (float(one[0]), float(one[1])) for name, one in usage.items()}

    def _get(self, path: str) -> str:
        status, text = self._send("GET", path)
        if status != 200:
            raise EngineUnavailable(f"{_last_line(text)} (status {status})")
        return text

    def _send(self, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        transport = self._transport
        while True:
            connection, was_used = transport.connection(None)
            try:
                target = transport.request_target(f"/api/{path}")
                all_headers = {**headers, **transport.extra_headers()}
                reply = send_request(connection, method, target, body, all_headers)
                return reply.status, reply.read().decode("utf-8", "replace")
            except (OSError, http.client.HTTPException) as error:
                transport.close_connection()
                # Each request can be sent twice, and the head closes idle connections.
                if not was_used:
                    place = f"{transport.host}:{transport.port}"
                    words = str(error) or type(error).__name__
                    raise EngineUnavailable(f"{place}: {words}") from error


def _read_job(content: Mapping[str, Any]) -> RayJob:
    return RayJob(
        str(content["submission_id"]),
        str(content["status"]),
        str(content.get("message") or ""),
        str(content.get("error_type") or ""),
        content.get("driver_exit_code"),
    )


def _read_token(environment: Mapping[str, str]) -> str:
    """The token of Ray's own clients, from where they read it."""
    token = os.environ.get("RAY_AUTH_TOKEN", "")
    home = Path(environment.get("HOME") or "/")
    path = os.environ.get("RAY_AUTH_TOKEN_PATH") or home / ".ray/auth_token"
    try:
        return token or Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _last_line(text: str) -> str:
    # A traceback of the head ends with the error, and some with a dot of its own.
    lines = [line.strip() for line in text.splitlines() if line.strip(" .")]
    return lines[-1] if lines else "The reply is empty"
