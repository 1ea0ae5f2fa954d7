"""Files of a run: kept whole, replaced, removed, never both file and folder."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from runs.actions.actor import Actor
from runs.actions.files import line_counter
from runs.actions.files.blob_sweep import DAY_MS, plan_blob_sweep
from runs.actions.files.files import (
    current_files,
    delete_files,
    keep_or_discard_blob,
    save_file,
)
from runs.actions.files.snapshots import save_snapshot
from runs.actions.ingest.log_files import append_log
from runs.actions.run.lifecycle import change_status
from runs.actions.uploads.completion import complete_upload
from runs.actions.uploads.pieces import save_piece
from runs.actions.uploads.uploads import open_upload
from runs.models import Experiment, File, LoggedModel, Run
from runs.storage.files import files
from runs.storage.logs.line_index import drop_records, load_records
from studio.core.errors import Conflict, InvalidValue, MissingBytes, TooLarge
from studio.core.statuses import RunStatus
from tests.parts.records import stored_files

pytestmark = pytest.mark.usefixtures("files_dir")


def blobs(folder: Path) -> set[str]:
    return {path.name for path in stored_files(folder)}


@pytest.fixture
def save(run: Run, actor: Actor, now: int):
    def save(path: str, content: bytes = b"x", home: Run | LoggedModel = run) -> File:
        return save_file(home, path, [content], actor=actor, now=now, limit=1000)

    return save


def read(file: File) -> bytes:
    with files.open(file.blob) as opened:
        return opened.read()


@pytest.mark.parametrize(
    "path", ["a.txt", "a/b/c.bin", "sp ce+ü#%25.txt", "数据/图.png", "a" * 255]
)
def test_a_file_is_kept_under_its_path(run: Run, save, path: str) -> None:
    file = save(path, b"content")
    assert (file.path, file.size, read(file)) == (path, 7, b"content")


def test_an_empty_file_is_a_file(save) -> None:
    assert save("empty", b"").size == 0


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../b", "a//b", "a\\b", "C:x", "a\x00", ".", "a/"],
)
def test_paths_that_escape_their_folder_are_refused(
    save, path: str, files_dir: Path
) -> None:
    with pytest.raises(InvalidValue):
        save(path)
    assert not File.objects.exists()
    assert blobs(files_dir) == set()


def test_a_file_over_the_limit_leaves_nothing(save, files_dir: Path) -> None:
    with pytest.raises(TooLarge):
        save("big", b"x" * 1001)
    assert not File.objects.exists()
    assert blobs(files_dir) == set()


@pytest.mark.parametrize(
    ("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a", "a/b/c"), ("a/b/c", "a")]
)
def test_a_path_is_a_file_or_a_folder(
    save, first: str, second: str, files_dir: Path
) -> None:
    kept = save(first)
    with pytest.raises(Conflict):
        save(second)
    assert [file.path for file in File.objects.all()] == [first]
    assert blobs(files_dir) == {kept.blob}


@pytest.mark.parametrize(
    ("first", "second"), [("A/b", "a"), ("a_/x", "ab"), ("a", "A")]
)
def test_paths_differ_by_case_and_by_every_character(
    save, first: str, second: str
) -> None:
    save(first)
    save(second)
    assert File.objects.count() == 2


def test_overwriting_keeps_the_old_version(save, run: Run, now: int) -> None:
    old, new = save("a", b"1"), save("a", b"2")
    assert [read(file) for file in current_files(run)] == [b"2"]
    assert File.objects.get(pk=old.pk).replaced == now
    assert (read(old), read(new)) == (b"1", b"2")


def test_an_identical_request_changes_nothing(save, files_dir: Path) -> None:
    one, other = save("a", b"same"), save("a", b"same")
    assert one.pk == other.pk
    assert blobs(files_dir) == {one.blob}


def test_an_active_run_keeps_one_old_version(
    save, files_dir: Path, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first, second, third = save("a", b"1"), save("a", b"2"), save("a", b"3")
    assert set(File.objects.values_list("pk", flat=True)) == {second.pk, third.pk}
    assert first.blob not in blobs(files_dir)


def test_a_final_run_keeps_all_old_versions(
    save, run: Run, actor: Actor, now: int
) -> None:
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now)
    for content in (b"1", b"2", b"3"):
        save("a", content)
    assert File.objects.count() == 3


def test_deleting_a_file_and_a_folder(save, run: Run, actor: Actor, now: int) -> None:
    for path in ("a", "f/x", "f/g/y", "fx"):
        save(path)
    assert delete_files(run, ["f"], actor=actor, now=now) == 2
    assert delete_files(run, ["a"], actor=actor, now=now) == 1
    assert delete_files(run, ["a"], actor=actor, now=now) == 0
    assert [file.path for file in current_files(run)] == ["fx"]
    save("f")


def test_a_model_has_its_own_files(
    save, experiment: Experiment, run: Run, now: int
) -> None:
    model = LoggedModel.objects.create(
        workspace=run.workspace,
        experiment=experiment,
        model_id="m-1",
        name="m",
        status="x",
        created=now,
        updated=now,
    )
    save("a"), save("a", b"of the model", model)
    assert [read(file) for file in current_files(model)] == [b"of the model"]
    assert [read(file) for file in current_files(run)] == [b"x"]


@pytest.mark.parametrize("way", ["save", "append", "snapshot"])
def test_the_blob_of_a_failed_transaction_is_left_to_the_sweep(
    save, files_dir: Path, way: str, run: Run, actor: Actor, now: int
) -> None:
    """Whether the row was kept is not known when a transaction breaks.

    Here a trigger of the database refuses the row.
    """
    table = "runs_snapshot" if way == "snapshot" else "runs_file"
    with connection.cursor() as cursor, transaction.atomic():
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE FUNCTION no_file() RETURNS trigger AS $$ BEGIN "
                "RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql"
            )
            cursor.execute(
                f"CREATE TRIGGER no_file BEFORE INSERT ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION no_file()"
            )
        else:
            cursor.execute(
                f"CREATE TRIGGER no_file BEFORE INSERT ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )

    def append(path: str) -> None:
        append_log(run, path, 0, b"x", writer="", actor=actor, now=now, limit=10)

    def snapshot(path: str) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr(path, b"x")
        save_snapshot(run, [archive.getvalue()], actor=actor, now=now)

    with pytest.raises(DatabaseError):
        {"save": save, "append": append, "snapshot": snapshot}[way]("a")
    [blob] = blobs(files_dir / "incoming")
    a_second_later = int(time.time() * 1000) + 1000
    assert plan_blob_sweep(a_second_later).unfinished == []
    assert plan_blob_sweep(a_second_later + DAY_MS).unfinished == [blob]


def test_bytes_that_others_replaced_since_the_commit_are_not_missed(
    save, django_capture_on_commit_callbacks
) -> None:
    """Only bytes that a file still names are."""
    gone = files.write([b"x"], 10)
    files.discard(gone.name)
    with django_capture_on_commit_callbacks(execute=True):
        keep_or_discard_blob(gone, gone.name)
    file = save("a.txt")
    File.objects.filter(pk=file.pk).update(blob=gone.name)
    with (
        pytest.raises(MissingBytes),
        django_capture_on_commit_callbacks(execute=True),
    ):
        keep_or_discard_blob(gone, gone.name)


@pytest.mark.parametrize(
    ("content", "records"), [(b"a line\n" * 20_000, 2), (b"\0line\n" * 20_000, 0)]
)
def test_the_lines_of_a_large_upload_are_counted_before_it_is_read(
    run: Run,
    actor: Actor,
    now: int,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    records: int,
) -> None:
    monkeypatch.setattr("runs.storage.logs.line_index.MIN_UPLOAD_BYTES", 1)
    options: dict[str, Any] = {"actor": actor, "now": now, "limit": 10**6}
    sent = save_file(run, "log.txt", [content], **options)
    upload = open_upload(
        run, "other.txt", size=len(content), key="", overwrite=True, **options
    )
    save_piece(upload, 0, [content], sha256="", actor=actor, now=now)
    joined = complete_upload(run, upload, sha256="", actor=actor, now=now)
    for file in (sent, joined):
        assert len(load_records(file.blob, "utf-8")) == records


def test_lines_of_old_texts_are_counted_one_time(
    run: Run, actor: Actor, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"actor": actor, "now": now, "limit": 10**6}
    texts = [
        save_file(run, f"{n}.txt", [b"a line\n" * 20_000], **options) for n in range(3)
    ]
    small = save_file(run, "small.txt", [b"a line\n" * 10_000], **options)
    for module in ("runs.storage.logs.line_index", line_counter.__name__):
        monkeypatch.setattr(f"{module}.MIN_UPLOAD_BYTES", texts[0].size)
    # A pass without time counts one file.
    monkeypatch.setattr(line_counter, "PASS_SECONDS", 0)
    count = line_counter.LineCounter()
    for passes in range(1, 5):
        count(now)
        counted = [bool(len(load_records(each.blob, "utf-8"))) for each in texts]
        assert counted == [each < passes for each in range(3)]
    assert not len(load_records(small.blob, "utf-8"))
    drop_records(texts[0].blob)
    count(now)
    assert not len(load_records(texts[0].blob, "utf-8"))
