"""The rows of the notebook manage-runs that submit, through `azureml.core`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.sdk.client import Client
from tests.parts.server import Server
from tests.parts.waiting import becomes
from tests.sdk.user import User

ACTIVE = {"Starting", "Preparing", "Running", "Finalizing"}


@pytest.fixture(scope="module")
def seen(user: User) -> dict[str, Any]:
    return user.file("submit_runs")


def test_submit_returns_at_once_with_an_active_run(seen: dict[str, Any]) -> None:
    assert seen["class"] is True
    assert seen["status"] in {*ACTIVE, "Completed"}
    assert "Type: azureml.scriptrun," in seen["repr"]
    assert seen["id"].startswith("explore-submitted-runs_")


def test_details_have_what_was_submitted(seen: dict[str, Any]) -> None:
    details = seen["while running"]
    assert (details["target"], details["status"] in {*ACTIVE, "Completed"}) == (
        "local",
        True,
    )
    assert details["runDefinition"]["script"] == "hello.py"
    assert details["runDefinition"]["maxRunDurationSeconds"] == 2_592_000


def test_waiting_shows_the_output_as_v1_does(seen: dict[str, Any]) -> None:
    link = f"RunId: {seen['id']}\nWeb View: {seen['url']}\n"
    title = "Streaming user_logs/std_log.txt"
    printed = seen["printed"]
    assert printed.startswith(link)
    assert f"\n{title}\n{'=' * len(title)}\n\nI am here\n" in printed
    assert printed.endswith(f"\nExecution Summary\n=================\n{link}\n")
    assert seen["ended"]["status"] == "Completed"


def test_the_run_has_its_metrics_and_logs(seen: dict[str, Any]) -> None:
    assert seen["metrics"] == {"message": "Hello from my run!"}
    logs = seen["after"]["logFiles"]
    assert logs["user_logs/std_log.txt"].startswith("I am here\n")
    assert "is used" in logs["azureml-logs/20_image_build_log.txt"]


def test_the_run_is_found_by_tags_and_properties(seen: dict[str, Any]) -> None:
    assert seen["tags"] == {"quality": "fantastic run", "worth another look": None}
    assert seen["found"] == [seen["id"], seen["id"]]


def test_a_submitted_script_creates_children(seen: dict[str, Any]) -> None:
    assert seen["parent"] == "Completed"
    assert sorted(seen["children"], key=str) == [
        ["Completed", {"Hello from child run": number}] for number in range(5)
    ]


def test_cancel_takes_effect_at_once_and_the_process_ends(
    seen: dict[str, Any], user: User
) -> None:
    assert seen["delayed"] in ACTIVE
    assert seen["canceled"] == "Canceled"
    folder = jobs_of(user) / seen["canceled id"]
    assert becomes(lambda: not folder.exists())


def test_a_failed_run_stays_failed(
    seen: dict[str, Any], user: User, server: Server
) -> None:
    assert seen["failed"] == "Failed"
    assert becomes(lambda: not (jobs_of(user) / seen["failing"]).exists())
    client = Client(server.url, server.token, "default")
    assert client.get(f"runs/{seen['failing']}")["status"] == "Failed"


def test_the_snapshot_has_the_sources_that_ran(seen: dict[str, Any]) -> None:
    assert Path(seen["archive"]).parent.name == "snapshots"
    assert seen["sources"] == [
        ".amlignore",
        "hello.py",
        "hello_with_children.py",
        "hello_with_delay.py",
    ]


def jobs_of(user: User) -> Path:
    """Where the SDK keeps the folders of runs on this machine."""
    return user.folder / ".local/state/run-studio/jobs"
