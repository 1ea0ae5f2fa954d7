"""REST: what the process of a canceled run reads and reports."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Launcher, Run, now_ms
from runs.search.run import find_cancel_request
from tests.api.rest import Rest

SIGNALS = ["SIGINT", "SIGTERM", "SIGKILL"]


@pytest.fixture(autouse=True)
def run(rest: Rest) -> None:
    rest.new_run(heartbeats=True)


def answer(status: str = "CancelRequested", *, force: bool) -> dict[str, Any]:
    """The reply to a heartbeat of a run whose cancel was requested."""
    return {
        "status": status,
        "cancel": True,
        "force": force,
        "lost": False,
    }


def beat(rest: Rest) -> Any:
    return rest.post("runs/r1/heartbeat")


def report(rest: Rest, signal: str, time: int | None = None) -> Any:
    sent = now_ms() if time is None else time
    return rest.post("runs/r1/cancel/signals", signal=signal, time=sent)


def messages(rest: Rest) -> list[str]:
    return [event["message"] for event in rest.get("runs/r1/events")["events"]]


def test_each_signal_is_recorded_once(rest: Rest) -> None:
    rest.post("runs/r1/cancel")
    beat(rest)
    for signal in [*SIGNALS, *SIGNALS]:
        reply = report(rest, signal)
        assert reply == answer(force=False)
    beat(rest)
    assert messages(rest)[1:] == [
        "Cancel was requested",
        "The cancel was acknowledged",
        "SIGINT was sent",
        "SIGTERM was sent",
        "SIGKILL was sent",
    ]


def test_a_signal_without_a_cancel_request_is_not_recorded(rest: Rest) -> None:
    assert report(rest, "SIGINT")["cancel"] is False
    rest.post("runs/r1/cancel", force=True)
    before = messages(rest)
    assert report(rest, "SIGKILL")["status"] == "Canceled"
    assert messages(rest) == before


@pytest.mark.parametrize("wrong_by", [-3_600_000, 3_600_000])
def test_the_time_of_a_signal_is_between_the_request_and_now(
    rest: Rest, wrong_by: int
) -> None:
    rest.post("runs/r1/cancel")
    report(rest, "SIGINT", now_ms() + wrong_by)
    found = find_cancel_request(Run.objects.get())
    [event] = found.signals.values()
    assert found.asked is not None
    assert found.asked.time <= event.time <= now_ms()


def test_a_request_for_sigkill_reaches_the_heartbeat(rest: Rest) -> None:
    assert beat(rest)["force"] is False
    rest.post("runs/r1/cancel", kill=True)
    rest.post("runs/r1/cancel", kill=True)
    assert beat(rest) == answer(force=True)
    assert messages(rest).count("Force stop was requested") == 1
    rest.post("runs/r1/status", status="Canceled")
    assert beat(rest) == answer("Canceled", force=False)


def test_only_the_launcher_ends_a_run_that_it_started(rest: Rest) -> None:
    rest.new_run("a", launcher="runner", heartbeats=True)
    assert Run.objects.get(run_id="a").launcher == Launcher.RUNNER
    rest.post("runs/a/status", status="Completed")
    assert rest.get("runs/a")["status"] == "Running"
    rest.post("runs/a/status", status="Completed", launcher=True)
    assert rest.get("runs/a")["status"] == "Completed"


def test_a_failure_that_the_script_reports_ends_its_run(rest: Rest) -> None:
    rest.new_run("a", launcher="runner")
    rest.post("runs/a/status", status="Failed", message="no data")
    rest.post("runs/a/status", status="Completed", launcher=True)
    run = rest.get("runs/a")
    assert (run["status"], run["error"]) == ("Failed", "no data")


def test_a_repeated_request_for_a_run_names_the_same_launcher(rest: Rest) -> None:
    rest.new_run("a", launcher="runner")
    body = {"id": "a", "experiment": "digits", "launcher": "runner"}
    assert rest.ok("POST", "runs", body)["id"] == "a"
    status, error = rest.refused("POST", "runs", {"id": "a", "experiment": "digits"})
    assert (status, error["code"]) == (409, "AlreadyExists")
