"""REST: hits in logs, the index of logs, and groups of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.models import Run
from studio.core.statuses import RunStatus
from tests.access.people import browser_of
from tests.search.library import Library, empty_library
from tests.search.log_index.logs import index, write_log

pytestmark = pytest.mark.django_db
BASE = "/api/v1/workspaces/shelf"


@pytest.fixture
def shelf(tmp_path: Path, settings: Any) -> Library:
    settings.FILES_DIR = tmp_path / "files"
    settings.LOG_INDEX_DIR = tmp_path / "log-index"
    return empty_library("shelf", "ann", "ben")


@pytest.fixture
def owner(shelf: Library) -> Client:
    return browser_of(shelf.ada)


def test_hits_have_lines_and_what_was_left_out(shelf: Library, owner: Client) -> None:
    write_log(shelf, "a", "start\nCUDA out of memory\n")
    index()
    write_log(shelf, "b", "CUDA out of memory\n")
    found = owner.get(f"{BASE}/logs", {"q": 'log:"out of memory"'}).json()
    [run] = found["runs"]
    assert (run["run_id"], found["total"]) == ("a", 1)
    [file] = run["files"]
    assert file["lines"] == [{"line": 2, "text": "CUDA out of memory"}]
    assert found["unsearched_runs"] == 1
    assert found["unsearched_bytes"] == len("CUDA out of memory\n")


@pytest.mark.parametrize("q", ["name:a", "log:ab", 'log matches "("', "-log:abcd"])
def test_a_search_without_a_text_is_refused(owner: Client, q: str) -> None:
    answer = owner.get(f"{BASE}/logs", {"q": q})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidFilter"


def test_an_owner_turns_the_index_off(shelf: Library, owner: Client) -> None:
    write_log(shelf, "a", "CUDA out of memory\n" * 100)
    index()
    state = owner.get(f"{BASE}/log-index").json()
    assert state["is_on"]
    assert state["size"] > 0
    assert state["text_size"] == 1900
    more: Any = {"content_type": "application/json"}
    state = owner.patch(f"{BASE}/log-index", {"is_on": False}, **more).json()
    assert (state["is_on"], state["size"], state["logs"]) == (False, 0, 0)
    refused = browser_of(shelf.bob).patch(f"{BASE}/log-index", {"is_on": True}, **more)
    assert refused.status_code == 403


def test_failed_runs_are_grouped_by_cause(shelf: Library, owner: Client) -> None:
    for name in ("a", "b"):
        run = shelf.make(name, metrics={"acc": [0.5]})
        Run.objects.filter(pk=run.pk).update(
            status=RunStatus.FAILED.code, error_kind="OOM-1", error="x\nout of memory"
        )
    query = {"q": "status:failed", "group": "error_kind", "columns": "metrics.acc"}
    found = owner.get(f"{BASE}/groups", query).json()
    [group] = found["groups"]
    assert group["values"] == {"error_kind": "OOM-1"}
    assert (group["runs"], group["means"]) == (2, {"metrics.acc": 0.5})
    assert group["cause"]["newest_run"] in ("a", "b")
    assert group["cause"]["error"] == "x\nout of memory"
    assert group["cause"]["submitters"] == ["ann"]
    answer = owner.get(f"{BASE}/groups", {"group": "duration"})
    assert answer.status_code == 400
