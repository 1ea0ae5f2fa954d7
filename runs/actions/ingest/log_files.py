"""Logs that grow: bytes are appended by their offset, each once.

A writer counts the bytes that it logged to a path; what of an append has come before is
skipped, and where bytes between are missing the answer says from where to send again.
Several writers may log to one path: each has its own count, and what they say stands in
the file in the order of its arrival.

The bytes are on the disk before the row says so. What a crash between the two left
behind the row's size is overwritten by the next append, and read by nobody.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.files import create_file, current_files, finish_blob
from runs.actions.ingest.writers import check_writer_name, ensure_writer
from runs.actions.run_rows import record_heartbeat
from runs.models import File, LogStream, Run, path_key
from runs.storage.files import WriteAt, files
from studio.core import names
from studio.core.errors import Conflict, InvalidValue, StudioError, TooLarge


def append_log(
    run: Run,
    path: str,
    offset: int,
    data: bytes,
    *,
    writer: str,
    actor: Actor,
    now: int,
    limit: int,
) -> tuple[File, int]:
    """Append `data`, which begins at `offset` of what `writer` logged to `path`.

    Returns the file and how many bytes of the writer are in it. Without a writer the
    offset is the file's own. Raises Conflict with `expected` where bytes before
    `offset` are missing, TooLarge, and Conflict where the path is a folder.
    """
    names.check_path(path)
    if writer:
        check_writer_name(writer)
    if names.check_int64(offset, "offset") < 0:
        raise InvalidValue("offset must not be negative", field="offset")
    while True:
        file = current_files(run).filter(path_key=path_key(path)).first()
        if file is None:
            file = _find_or_create_file(run, path, now)
        with files.appending(file.blob) as grow:
            # Held against other processes: the sizes that are read now stay true.
            file.refresh_from_db()
            if file.replaced is None:
                received = _append_bytes(
                    run, file, offset, data, grow, writer, now, limit
                )
                return file, received


def _append_bytes(
    run: Run,
    file: File,
    offset: int,
    data: bytes,
    grow: WriteAt,
    writer: str,
    now: int,
    limit: int,
) -> int:
    received = _received_bytes(run, writer, file)
    if offset > received:
        raise Conflict(
            f"Bytes {received} to {offset - 1} of {file.path!r} are missing",
            expected=received,
        )
    fresh = data[received - offset :]
    if file.size + len(fresh) > limit:
        raise TooLarge(f"A file may have {limit} bytes at most", limit=limit)
    if fresh:
        grow(file.size, fresh)
        _record_append(run, writer, file, received + len(fresh), len(fresh), now)
    return received + len(fresh)


def _find_or_create_file(run: Run, path: str, now: int) -> File:
    """An empty file, or the one that another process has begun meanwhile."""
    blob = files.write((), 0)
    try:
        with transaction.atomic():
            record_heartbeat(run, now)
            found = current_files(run).filter(path_key=path_key(path)).first()
            # It grows: a digest would have to be taken of all of it each time.
            file = found or create_file(run, path, replace(blob, sha256=""), now)
    except StudioError:
        # What else goes wrong may have come after the commit: the sweep sees to it.
        files.discard(blob.name)
        raise
    finish_blob(blob, file.blob)
    return file


def _received_bytes(run: Run, writer: str, file: File) -> int:
    if not writer:
        return file.size
    rows = LogStream.objects.filter(run=run, writer=writer, path_key=file.path_key)
    return rows.values_list("received", flat=True).first() or 0


@transaction.atomic
def _record_append(
    run: Run, writer: str, file: File, received: int, more: int, now: int
) -> None:
    record_heartbeat(run, now)
    file.size += more
    file.sha256 = ""
    file.save(update_fields=["size", "sha256"])
    if writer:
        ensure_writer(run, writer, now)
        LogStream.objects.update_or_create(
            run=run,
            writer=writer,
            path_key=file.path_key,
            defaults={"received": received},
        )
