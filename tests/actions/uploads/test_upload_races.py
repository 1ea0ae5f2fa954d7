"""Uploads and other changes of one run's files at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.files.files import delete_files, save_file
from runs.actions.ingest.log_files import append_log
from runs.actions.run.runs import create_run
from runs.actions.uploads.completion import complete_upload
from runs.actions.uploads.pieces import save_piece
from runs.actions.uploads.uploads import (
    DAY_MS,
    UPLOAD_DAYS,
    delete_expired_uploads,
    open_upload,
    stored_pieces,
)
from runs.models import File, FileTotal, Run, Workspace, file_totals, now_ms
from runs.storage.files import files
from studio.core.errors import StudioError, Unavailable
from tests.actions.run.test_races import WRITERS, at_once

pytestmark = pytest.mark.usefixtures("committed", "files_dir")
CONTENT = b"0123456789" * 400
PIECE = 1000
ACT: dict[str, Any] = {"actor": Actor()}


@pytest.fixture
def run(committed: None) -> Run:
    workspace = Workspace.objects.create(name="default")
    experiment = create_experiment(workspace, "digits", now=now_ms(), **ACT)
    return create_run(experiment, run_id="run-1", now=now_ms(), **ACT)


def upload_whole(run: Run, key: str, content: bytes = CONTENT) -> File:
    """As a client does: it repeats what the server asks it to repeat."""
    now = now_ms()
    known: dict[str, Any] = {
        "size": len(content),
        "key": key,
        "overwrite": True,
        "limit": 10**6,
    }
    upload = open_upload(run, "a.bin", now=now, **known, **ACT)
    while True:
        try:
            for offset in () if upload.completed else range(0, len(content), PIECE):
                piece = content[offset : offset + PIECE]
                save_piece(upload, offset, [piece], sha256="", now=now, **ACT)
            return complete_upload(run, upload, sha256="", now=now, **ACT)
        except Unavailable:
            upload.refresh_from_db()
        except StudioError:
            # Another thread completed it in between.
            upload.refresh_from_db()
            assert upload.completed is not None


def test_clients_with_one_key_fill_one_upload(run: Run) -> None:
    saved = at_once(lambda _number: upload_whole(run, "same").pk)
    assert len(set(saved)) == 1
    with files.open(File.objects.get().blob) as opened:
        assert opened.read() == CONTENT


def test_of_uploads_of_one_path_one_is_the_file(run: Run) -> None:
    contents = [bytes([65 + number]) * 2500 for number in range(WRITERS)]
    at_once(lambda number: upload_whole(run, f"key-{number}", contents[number]))
    file = File.objects.get(replaced__isnull=True)
    with files.open(file.blob) as opened:
        assert opened.read() in contents


def test_an_expired_upload_that_is_continued_keeps_its_pieces(run: Run) -> None:
    now = now_ms()
    later = now + (UPLOAD_DAYS + 1) * DAY_MS
    upload = open_upload(
        run, "a", size=2, key="", overwrite=True, limit=2, now=now, **ACT
    )
    save_piece(upload, 0, [b"1"], sha256="", now=now, **ACT)
    seen: list[str] = []

    def continue_after_first(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        found = execute(sql, *more)
        seen.append(sql)
        if len(seen) == 1:
            save_piece(upload, 1, [b"2"], sha256="", now=later, **ACT)
        return found

    with connection.execute_wrapper(continue_after_first):
        assert delete_expired_uploads(later) == 0
    assert [piece.number for piece in stored_pieces(upload)] == [0, 1]


def test_totals_are_right_after_changes_at_the_same_time(run: Run) -> None:
    def change(number: int) -> None:
        options: dict[str, Any] = {"now": now_ms(), "limit": 10**6, **ACT}
        for turn in range(5):
            mine = Run.objects.get(pk=run.pk)
            save_file(mine, f"f{turn % 2}", [bytes(10 + number + turn)], **options)
            text, writer = b"x" * number, f"w{number}"
            append_log(mine, "log", turn * number, text, writer=writer, **options)
            delete_files(mine, ["f1"], now=now_ms(), **ACT)

    at_once(change)
    assert file_totals.count_wrong(connection) == 0
    logged = 5 * sum(range(WRITERS))
    assert File.objects.get(name="log").size == logged
    assert FileTotal.objects.get().bytes >= logged
