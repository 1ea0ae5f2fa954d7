"""Uploads in pieces: any order, resumed, verified; a file is whole or absent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.files.blob_sweep import DAY_MS, referenced_blobs, run_blob_sweep
from runs.actions.files.files import current_files, save_file
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import trash_run
from runs.actions.uploads.completion import complete_upload
from runs.actions.uploads.parts import open_multipart_upload, save_part
from runs.actions.uploads.pieces import save_piece
from runs.actions.uploads.uploads import (
    EXPIRED_PER_TRANSACTION,
    UPLOAD_DAYS,
    abort_upload,
    delete_expired_uploads,
    find_upload,
    open_upload,
    stored_pieces,
    suggest_piece_size,
)
from runs.models import File, LoggedModel, Run, Upload, UploadPiece
from runs.storage.files import files
from studio.core.batches import SIZE as BATCH_SIZE
from studio.core.errors import (
    AlreadyExists,
    Conflict,
    InvalidValue,
    NotFound,
    TooLarge,
    Unavailable,
)
from tests.parts.records import stored_files

pytestmark = pytest.mark.usefixtures("files_dir")
CONTENT = bytes(range(256)) * 10
SIZE = len(CONTENT)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Uploader:
    """Opens and fills uploads of one run."""

    def __init__(self, run: Run, actor: Actor, now: int) -> None:
        self.run, self.now = run, now
        self.act: dict[str, Any] = {"actor": actor, "now": now}

    def open(
        self, path: str = "a.bin", size: int = SIZE, key: str = "", **more: bool
    ) -> Upload:
        options = {"overwrite": True, "limit": 10**6, **self.act, **more}
        return open_upload(self.run, path, size=size, key=key, **options)

    def put(self, upload: Upload, offset: int, content: bytes, sha256: str = "") -> int:
        row = save_piece(upload, offset, [content], sha256=sha256, **self.act)
        return row.number

    def fill(self, upload: Upload, content: bytes = CONTENT) -> None:
        for offset in range(0, len(content), 1000):
            self.put(upload, offset, content[offset : offset + 1000])

    def complete(self, upload: Upload, sha256: str = "") -> File:
        return complete_upload(self.run, upload, sha256=sha256, **self.act)


@pytest.fixture
def up(run: Run, actor: Actor, now: int) -> Uploader:
    return Uploader(run, actor, now)


def read(file: File) -> bytes:
    with files.open(file.blob, file.size) as opened:
        return opened.read()


@pytest.mark.parametrize("order", [(0, 1000, 2000), (2000, 0, 1000)])
def test_pieces_in_any_order_become_a_file(
    up: Uploader, order: tuple[int, ...]
) -> None:
    upload = up.open("out/a.bin")
    for offset in order:
        up.put(upload, offset, CONTENT[offset : offset + 1000])
    assert not current_files(up.run).exists()
    file = up.complete(upload, sha256(CONTENT))
    assert (file.path, file.sha256, read(file)) == (
        "out/a.bin",
        sha256(CONTENT),
        CONTENT,
    )
    assert not UploadPiece.objects.exists()


def test_an_empty_file_needs_no_piece(up: Uploader) -> None:
    assert up.complete(up.open(size=0)).size == 0


def test_an_upload_with_a_missing_piece_is_no_file(up: Uploader) -> None:
    upload = up.open()
    up.put(upload, 0, CONTENT[:1000])
    up.put(upload, 2000, CONTENT[2000:])
    with pytest.raises(Conflict) as refused:
        up.complete(upload)
    assert refused.value.details["missing"] == 1000
    assert not File.objects.exists()


def test_the_key_finds_the_upload_again(up: Uploader) -> None:
    upload = up.open(key="k")
    up.put(upload, 0, CONTENT[:1000])
    again = up.open(key="k")
    assert again.pk == upload.pk
    assert [(p.number, p.size) for p in stored_pieces(again)] == [(0, 1000)]


def test_a_key_of_another_file_is_refused(up: Uploader) -> None:
    up.open(key="k")
    with pytest.raises(Conflict):
        up.open("b.bin", key="k")


def test_the_key_finds_the_result_while_its_file_is_current(up: Uploader) -> None:
    """As where only the answer to the last request was lost."""
    first = up.open(key="k")
    up.fill(first)
    up.complete(first)
    assert up.open(key="k").pk == first.pk
    save_file(up.run, "a.bin", [b"new"], limit=9, **up.act)
    assert up.open(key="k").completed is None


def test_completing_again_returns_the_same_file(up: Uploader) -> None:
    upload = up.open()
    up.fill(upload)
    file = up.complete(upload)
    assert up.complete(upload).pk == file.pk
    assert up.complete(find_upload(up.run, upload.blob)).pk == file.pk


def test_a_piece_can_be_sent_again_but_not_with_other_bytes(up: Uploader) -> None:
    upload = up.open()
    up.put(upload, 0, CONTENT[:1000])
    up.put(upload, 0, CONTENT[:1000])
    with pytest.raises(Conflict):
        up.put(upload, 0, b"other")
    up.put(upload, 1000, CONTENT[1000:])
    assert read(up.complete(upload)) == CONTENT


@pytest.mark.parametrize(("offset", "size"), [(500, 600), (400, 1500), (1399, 9)])
def test_pieces_must_not_overlap(up: Uploader, offset: int, size: int) -> None:
    upload = up.open()
    up.put(upload, 500, CONTENT[500:1400])
    with pytest.raises(Conflict):
        up.put(upload, offset, bytes(size))
    # The bytes of the first piece are unchanged.
    up.put(upload, 0, CONTENT[:500])
    up.put(upload, 1400, CONTENT[1400:])
    assert read(up.complete(upload)) == CONTENT


@pytest.mark.parametrize(
    ("offset", "content", "error"),
    [
        (-1, b"x", InvalidValue),
        (SIZE, b"x", InvalidValue),
        (0, b"", InvalidValue),
        (SIZE - 1, b"xy", TooLarge),
        (2**63, b"x", InvalidValue),
    ],
)
def test_bytes_outside_of_the_file_are_refused(
    up: Uploader, offset: int, content: bytes, error: type[Exception]
) -> None:
    upload = up.open()
    with pytest.raises(error):
        up.put(upload, offset, content)
    assert stored_pieces(upload) == []


def test_a_piece_that_changed_on_its_way_is_refused(up: Uploader) -> None:
    upload = up.open()
    with pytest.raises(InvalidValue):
        up.put(upload, 0, CONTENT, sha256(b"what was sent"))
    with pytest.raises(InvalidValue):
        up.put(upload, 0, CONTENT, "no hash")
    assert stored_pieces(upload) == []


def test_a_damaged_piece_can_be_sent_again(up: Uploader) -> None:
    """As where two requests wrote other bytes, or the disk lost some."""
    upload = up.open()
    up.fill(upload)
    with files.incoming_path(upload.blob).open("r+b") as blob:
        blob.seek(1500)
        blob.write(b"\xff\xff")
    with pytest.raises(Conflict) as refused:
        up.complete(upload)
    assert refused.value.details["missing"] == 1000
    up.put(upload, 1000, CONTENT[1000:2000])
    assert read(up.complete(upload)) == CONTENT


def test_a_file_with_another_hash_is_refused(up: Uploader) -> None:
    upload = up.open()
    up.fill(upload)
    with pytest.raises(InvalidValue):
        up.complete(upload, sha256(b"another"))
    assert not File.objects.exists()


def test_of_two_uploads_of_one_path_the_later_one_counts(up: Uploader) -> None:
    first, second = up.open(), up.open(size=3)
    up.fill(first)
    up.put(second, 0, b"new")
    up.complete(second)
    up.complete(first)
    assert read(current_files(up.run).get()) == CONTENT


def test_the_same_content_keeps_the_file(up: Uploader, files_dir: Path) -> None:
    file = save_file(up.run, "a.bin", [CONTENT], limit=SIZE, **up.act)
    upload = up.open()
    up.fill(upload)
    connection.run_on_commit.clear()
    assert up.complete(upload).pk == file.pk
    assert up.complete(upload).pk == file.pk


def test_without_overwrite_a_file_is_not_replaced(up: Uploader) -> None:
    upload = up.open(overwrite=False)
    save_file(up.run, "a.bin", [b"first"], limit=SIZE, **up.act)
    with pytest.raises(AlreadyExists):
        up.open(overwrite=False)
    up.fill(upload)
    with pytest.raises(AlreadyExists):
        up.complete(upload)


@pytest.mark.parametrize("path", ["a.bin/b", "out"])
def test_a_path_that_clashes_is_refused_at_the_start(up: Uploader, path: str) -> None:
    for known in ("a.bin", "out/x"):
        save_file(up.run, known, [b"x"], limit=9, **up.act)
    with pytest.raises(Conflict):
        up.open(path)


@pytest.mark.parametrize("size", [-1, 2**63])
def test_a_wrong_size_is_refused(up: Uploader, size: int) -> None:
    with pytest.raises(InvalidValue):
        up.open(size=size)
    with pytest.raises(TooLarge):
        up.open(size=10**6 + 1)


def test_a_second_request_waits_while_the_first_one_completes(up: Uploader) -> None:
    upload = up.open()
    up.fill(upload)
    with files.open_to_fill(upload.blob), pytest.raises(Unavailable):
        up.complete(upload)
    other = up.open()
    with files.open_to_fill(other.blob, alone=True), pytest.raises(Unavailable):
        up.put(other, 0, b"x")


def test_an_aborted_upload_leaves_nothing(
    up: Uploader, files_dir: Path, django_capture_on_commit_callbacks: Callable
) -> None:
    upload = up.open()
    up.fill(upload)
    with django_capture_on_commit_callbacks(execute=True):
        abort_upload(upload, actor=up.act["actor"])
    assert stored_files(files_dir) == []
    for step in (up.complete, up.fill):
        with pytest.raises(NotFound):
            step(upload)


def test_an_abort_after_the_end_keeps_the_file(up: Uploader) -> None:
    upload = up.open()
    up.fill(upload)
    file = up.complete(upload)
    abort_upload(upload, actor=up.act["actor"])
    assert read(file) == CONTENT


def test_an_upload_is_deleted_a_week_after_its_last_piece(
    up: Uploader, files_dir: Path, django_capture_on_commit_callbacks: Callable
) -> None:
    up.fill(up.open())
    assert delete_expired_uploads(up.now + (UPLOAD_DAYS - 1) * DAY_MS) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_expired_uploads(up.now + (UPLOAD_DAYS + 1) * DAY_MS) == 1
    assert stored_files(files_dir) == []


def test_expired_uploads_are_deleted_in_parts(up: Uploader) -> None:
    old = {"run": up.run, "path": "x", "size": 1, "created": 1, "updated": 1}
    rows = [Upload(blob=f"{n:032x}", **old) for n in range(EXPIRED_PER_TRANSACTION + 1)]
    Upload.objects.bulk_create(rows)
    piece = {"size": 1, "sha256": "", "upload": Upload.objects.earliest("pk")}
    UploadPiece.objects.bulk_create(
        [UploadPiece(number=n, **piece) for n in range(BATCH_SIZE + 1)]
    )
    counts = []
    while Upload.objects.exists():
        delete_expired_uploads(up.now, seconds=0)
        counts.append((UploadPiece.objects.count(), Upload.objects.count()))
    all_rows = EXPIRED_PER_TRANSACTION + 1
    assert counts == [(1, all_rows), (0, all_rows), (0, 1), (0, 0)]


def test_the_end_of_a_result_keeps_its_file(
    up: Uploader, django_capture_on_commit_callbacks: Callable
) -> None:
    upload = up.open()
    up.fill(upload)
    file = up.complete(upload)
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_expired_uploads(up.now + 2 * DAY_MS) == 1
    assert read(file) == CONTENT


def test_the_sweep_keeps_uploads_under_way(up: Uploader, files_dir: Path) -> None:
    upload, parts = up.open(), open_multipart_upload(up.run, "m", 2, **up.act)
    up.fill(upload)
    save_part(parts, 2, [b"x"], size=1, now=up.now, limit=9)
    for path in stored_files(files_dir):
        os.utime(path, (1, 1))
    run_blob_sweep(up.now + 3 * DAY_MS)
    assert read(up.complete(upload)) == CONTENT
    save_part(parts, 1, [b"wy"], size=2, now=up.now, limit=9)
    assert read(up.complete(parts)) == b"wyx"


def test_blobs_of_uploads_under_way_are_known(up: Uploader) -> None:
    """So verify does not report them, and nothing deletes them."""
    upload = up.open()
    assert referenced_blobs([upload.blob]) == {upload.blob}


def test_a_late_piece_does_not_change_the_file(up: Uploader) -> None:
    """As where a request still ran when its repetition had completed the upload."""
    upload = up.open()
    late = Upload.objects.get(pk=upload.pk)
    up.fill(upload)
    file = up.complete(upload)
    with pytest.raises(Conflict):
        up.put(late, 0, b"other")
    assert read(file) == CONTENT


def test_a_purge_deletes_the_uploads_of_the_run(
    up: Uploader, files_dir: Path, django_capture_on_commit_callbacks: Callable
) -> None:
    up.fill(up.open())
    trash_run(up.run, **up.act)
    with django_capture_on_commit_callbacks(execute=True):
        purge_run(up.run, **up.act)
    assert (Upload.objects.count(), stored_files(files_dir)) == (0, [])


@pytest.mark.parametrize("kind", ["run", "model"])
def test_what_arrives_after_a_purge_is_not_found(
    up: Uploader, files_dir: Path, kind: str
) -> None:
    """A large file takes minutes to arrive, after the request found its run."""
    owner: Run | LoggedModel = up.run
    if kind == "model":
        place = {"workspace": up.run.workspace, "experiment": up.run.experiment}
        owner = LoggedModel.objects.create(
            model_id="m-1", name="m", source_run=up.run, created=1, updated=1, **place
        )
    upload = open_multipart_upload(owner, "a", 1, **up.act)
    save_part(upload, 1, [b"x"], size=1, now=up.now, limit=10)
    trash_run(up.run, **up.act)
    purge_run(Run.objects.get(pk=up.run.pk), **up.act)
    incoming = stored_files(files_dir)
    for step in (
        lambda: complete_upload(owner, upload, sha256="", **up.act),
        lambda: save_file(owner, "b", [b"x"], limit=10, **up.act),
        lambda: open_multipart_upload(owner, "c", 1, **up.act),
    ):
        with pytest.raises(NotFound):
            step()
    assert stored_files(files_dir) == incoming


def test_an_upload_whose_bytes_are_lost_starts_again(up: Uploader) -> None:
    """As after a restored backup: it has no uploads under way."""
    upload = up.open(key="k")
    up.fill(upload)
    files.delete(upload.blob)
    with pytest.raises(NotFound):
        find_upload(up.run, upload.blob)
    with pytest.raises(NotFound):
        up.complete(upload)
    again = up.open(key="k")
    up.fill(again)
    assert read(up.complete(again)) == CONTENT


def test_a_full_disk_loses_no_piece(
    up: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = up.open()
    up.put(upload, 0, CONTENT[:1000])
    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", _no_space)
        with pytest.raises(OSError, match="space"):
            up.put(upload, 1000, CONTENT[1000:])
    up.put(upload, 1000, CONTENT[1000:])
    assert read(up.complete(upload)) == CONTENT


def _no_space(*_arguments: object) -> int:
    raise OSError(28, "No space left on device")


def test_suggested_pieces_are_at_most_ten_thousand() -> None:
    assert suggest_piece_size(0) == suggest_piece_size(10**9) == 8 * 1024 * 1024
    assert 500 * 1024**3 / suggest_piece_size(500 * 1024**3) <= 10_000


class TestParts:
    """Parts of MLflow clients, whose offsets follow from their sizes."""

    @pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (3, 1, 2), (2, 3, 1)])
    def test_parts_in_any_order_become_a_file(
        self, up: Uploader, order: tuple[int, ...]
    ) -> None:
        upload = open_multipart_upload(up.run, "big", 3, **up.act)
        for number in order:
            content = CONTENT[1000 * (number - 1) : 1000 * number]
            self.save(upload, number, content)
        assert read(up.complete(Upload.objects.get())) == CONTENT

    def save(self, upload: Upload, number: int, content: bytes) -> None:
        fresh = Upload.objects.get(pk=upload.pk)
        now = upload.created
        save_part(fresh, number, [content], size=len(content), now=now, limit=10**6)

    @pytest.mark.parametrize("number", [0, 4, -1])
    def test_another_number_is_refused(self, up: Uploader, number: int) -> None:
        upload = open_multipart_upload(up.run, "big", 3, **up.act)
        with pytest.raises(InvalidValue):
            self.save(upload, number, b"x")

    def test_parts_of_several_sizes_are_refused(self, up: Uploader) -> None:
        upload = open_multipart_upload(up.run, "big", 3, **up.act)
        self.save(upload, 1, b"xx")
        for number, content in ((2, b"x"), (3, b"xxx")):
            with pytest.raises(InvalidValue):
                self.save(upload, number, content)

    def test_a_part_beyond_the_limit_is_refused(self, up: Uploader) -> None:
        upload = open_multipart_upload(up.run, "big", 3, **up.act)
        with pytest.raises(TooLarge):
            save_part(upload, 2, [b"xx"], size=2, now=up.now, limit=3)

    def test_a_missing_part_is_named(self, up: Uploader) -> None:
        upload = open_multipart_upload(up.run, "big", 2, **up.act)
        self.save(upload, 2, b"x")
        with pytest.raises(Conflict) as refused:
            up.complete(upload)
        assert refused.value.details["missing"] == 1

    @pytest.mark.parametrize("parts", [-1, 10_001])
    def test_the_number_of_parts_is_limited(self, up: Uploader, parts: int) -> None:
        with pytest.raises(InvalidValue):
            open_multipart_upload(up.run, "big", parts, **up.act)
