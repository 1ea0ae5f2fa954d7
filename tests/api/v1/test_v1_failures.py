"""A store that fails: 503 with Retry-After, and nothing acknowledged or half-done."""

from __future__ import annotations

import errno
import io
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from runs.models import File, Key, Metric, Run, RunParam
from tests.api.rest import Rest, rest_client


def refused(answer: Any) -> bool:
    assert answer.status_code == 503, answer.content
    assert answer.json()["error"]["code"] == "Unavailable"
    return int(answer.headers["Retry-After"]) > 0


BATCH = {"writer": "w", "sequence": 0, "points": [{"key": "m", "value": 1.0}]}


class Blocker:
    """Another process's transaction that holds what a writer of the run needs."""

    def __init__(self) -> None:
        settings = connection.settings_dict
        if connection.vendor == "sqlite":
            self.other: Any = sqlite3.connect(
                settings["NAME"], isolation_level=None, check_same_thread=False
            )
            self.other.execute("BEGIN IMMEDIATE")
        else:
            self.other = psycopg.connect(**connection.get_connection_params())
            self.other.execute("SELECT 1 FROM runs_run FOR UPDATE")

    def release(self) -> None:
        self.other.rollback()
        self.other.close()


@pytest.fixture
def impatient() -> Iterator[None]:
    """A database that waits a tenth of a second for a lock, not five."""
    sqlite = connection.vendor == "sqlite"
    wait, usual = (
        ("PRAGMA busy_timeout = 100", "PRAGMA busy_timeout = 5000")
        if sqlite
        else ("SET lock_timeout = 100", "RESET lock_timeout")
    )
    with connection.cursor() as cursor:
        cursor.execute(wait)
    yield
    with connection.cursor() as cursor:
        cursor.execute(usual)


@pytest.mark.usefixtures("committed", "impatient")
def test_a_locked_database_is_a_503_and_the_batch_can_be_sent_again() -> None:
    rest = rest_client()
    rest.new_run("r1")
    # When a token was last used is noted now and then, not while the lock is held.
    rest.get("runs/r1")
    blocker = Blocker()
    try:
        assert refused(rest.send("POST", "runs/r1/metrics", BATCH))
        assert rest.get("runs/r1/metrics") == {"metrics": []}
    finally:
        blocker.release()
    assert rest.post("runs/r1/metrics", **BATCH) == {"applied": 1}


@pytest.mark.usefixtures("committed", "impatient")
def test_a_short_lock_only_delays_the_request() -> None:
    rest = rest_client()
    rest.new_run("r1")
    with connection.cursor() as cursor:
        longer = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SET lock_timeout"}
        cursor.execute(f"{longer[connection.vendor]} = 4000")
    timer = threading.Timer(0.3, Blocker().release)
    timer.start()
    assert rest.post("runs/r1/metrics", **BATCH) == {"applied": 1}
    timer.join()


@contextmanager
def full_database() -> Iterator[None]:
    """No room for one more page; PostgreSQL says so by an error of its own class."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA page_count")
            cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
            yield
            cursor.execute("PRAGMA max_page_count = 4294967294")
        else:
            cursor.execute(
                "CREATE FUNCTION no_room() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION "
                "'no space left' USING ERRCODE = 'disk_full'; END $$ LANGUAGE plpgsql"
            )
            cursor.execute(
                "CREATE TRIGGER no_room BEFORE INSERT ON runs_runparam "
                "FOR EACH ROW EXECUTE FUNCTION no_room()"
            )
            yield


def test_a_full_database_is_a_503(rest: Rest) -> None:
    rest.new_run("r1")
    text = {"params": {f"k{i}": "x" * 60_000 for i in range(50)}}
    with full_database():
        assert refused(rest.send("POST", "runs/r1/params", text))
    assert not RunParam.objects.exists()
    assert not Key.objects.exists()


def test_a_full_disk_is_a_503_and_leaves_no_file(
    rest: Rest, files_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest.new_run("r1")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    path = "runs/r1/files/a.txt"
    assert refused(rest.send("PUT", path, b"x", "application/octet-stream"))
    assert not File.objects.exists()
    assert [p for p in files_dir.rglob("*") if p.is_file()] == []


def test_an_interrupted_upload_stores_no_file(rest: Rest, files_dir: Path) -> None:
    rest.new_run("r1")
    half: Any = {"CONTENT_LENGTH": "8", "wsgi.input": io.BytesIO(b"half")}
    answer = rest.client.generic(
        "PUT",
        rest.url("runs/r1/files/a.txt"),
        b"half",
        "application/octet-stream",
        **half,
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidRequest"
    assert not File.objects.exists()
    assert [p for p in files_dir.rglob("*") if p.is_file()] == []
    assert Run.objects.count() == 1
    assert not Metric.objects.exists()
