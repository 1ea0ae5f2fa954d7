"""Heartbeats and receipts of a run's writer."""

from __future__ import annotations

from typing import Any

import pytest

from runs.actions.run import heartbeats
from runs.actions.run.heartbeats import mark_unresponsive_runs
from runs.models import HEARTBEATS_RESUMED_MESSAGES, Run, now_ms
from runs.search.run import find_cancel_request
from tests.api.rest import Rest

MINUTE = 60_000


@pytest.fixture(autouse=True)
def run(rest: Rest) -> None:
    rest.new_run(heartbeats=True)


def answer(status: str, *, cancel: bool) -> dict[str, Any]:
    return {"status": status, "cancel": cancel, "force": False, "lost": False}


def beat(rest: Rest) -> Any:
    return rest.post("runs/r1/heartbeat")


def fall_silent() -> None:
    Run.objects.update(heard=now_ms() - 5 * MINUTE)
    assert mark_unresponsive_runs(now_ms(), listening_since=0) == 1


def test_a_heartbeat_keeps_a_run_alive(rest: Rest) -> None:
    Run.objects.update(heard=now_ms() - 5 * MINUTE)
    assert beat(rest) == answer("Running", cancel=False)
    assert mark_unresponsive_runs(now_ms(), listening_since=0) == 0


def test_a_heartbeat_response_reports_a_cancel_request(rest: Rest) -> None:
    rest.post("runs/r1/cancel")
    assert beat(rest) == answer("CancelRequested", cancel=True)


def test_frequent_heartbeats_are_only_read(rest: Rest) -> None:
    beat(rest)
    recent = now_ms() - 5_000
    Run.objects.update(heard=recent)
    beat(rest)
    assert Run.objects.get().heard == recent
    Run.objects.update(heard=now_ms() - 11_000)
    beat(rest)
    assert (Run.objects.get().heard or 0) > recent


def test_a_time_in_the_future_does_not_stop_heartbeats(rest: Rest) -> None:
    beat(rest)
    ahead = now_ms() + MINUTE
    Run.objects.update(heard=ahead)
    beat(rest)
    assert (Run.objects.get().heard or 0) < ahead


def test_an_unresponsive_run_continues_when_its_writer_returns(rest: Rest) -> None:
    fall_silent()
    assert beat(rest)["status"] == "Running"
    events = rest.get("runs/r1/events")["events"]
    assert events[-1]["message"] == "Heartbeats resumed"


def test_a_cancel_request_survives_a_heartbeat_timeout(rest: Rest) -> None:
    rest.post("runs/r1/cancel")
    fall_silent()
    assert beat(rest) == answer("CancelRequested", cancel=True)


@pytest.mark.parametrize("message", HEARTBEATS_RESUMED_MESSAGES)
def test_heartbeats_that_resume_are_no_new_cancel_request(
    rest: Rest, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEATS_RESUMED", message)
    rest.post("runs/r1/cancel")
    asked = find_cancel_request(Run.objects.get()).asked
    fall_silent()
    beat(rest)
    events = rest.get("runs/r1/events")["events"]
    assert message in [event["message"] for event in events]
    assert find_cancel_request(Run.objects.get()).asked == asked


def test_a_heartbeat_does_not_restart_a_finished_run(rest: Rest) -> None:
    rest.post("runs/r1/status", status="Completed")
    assert beat(rest) == answer("Completed", cancel=False)


def close(rest: Rest, **counts: int) -> Any:
    body = {"points": 0, "files": 0, "stored_files": 0, "log_bytes": 0, **counts}
    return rest.ok("PUT", "runs/r1/writers/w1", body)


def test_a_receipt_reports_what_is_missing(rest: Rest) -> None:
    rest.post("runs/r1/writers/w1/rows", first=0, rows=[["m", 1.0], ["m", 2.0]])
    receipt = close(rest, points=5, files=3, stored_files=2)
    assert receipt["points"] == {"sent": 5, "stored": 2, "missing": 3}
    assert receipt["files"] == {"sent": 3, "stored": 2, "missing": 1}
    assert rest.get("runs/r1/receipt") == receipt


def test_an_open_writer_has_nothing_missing_yet(rest: Rest) -> None:
    rest.post("runs/r1/writers/w1/rows", first=0, rows=[["m", 1.0]])
    receipt = rest.get("runs/r1/receipt")
    assert receipt["points"] == {"sent": 1, "stored": 1, "missing": 0}
    assert (receipt["writers"], receipt["open"]) == (1, 1)


def test_a_receipt_counts_the_logs_of_its_writers(rest: Rest) -> None:
    path = "runs/r1/files/logs/a.txt?offset=0&writer=w1"
    rest.send("PATCH", path, b"x" * 10, "application/octet-stream")
    receipt = close(rest, log_bytes=10)
    assert receipt["log_bytes"] == {"sent": 10, "stored": 10, "missing": 0}
