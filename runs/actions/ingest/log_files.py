"""Append to log files: each byte once, by its offset.

A writer counts the bytes that it logged to a path. Bytes that arrived before are
skipped. If bytes are missing, the error says from which offset to send again. Several
writers can log to one path: each has its own count, and the file has their bytes in
order of arrival.

The bytes are written to disk before the row is updated. After a crash between the two,
bytes beyond the row's size are never read, and the next append overwrites them.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.files import create_file, current_files, keep_or_discard_blob
from runs.actions.ingest.writers import check_writer_name, ensure_writer
from runs.actions.run_rows import record_heartbeat
from runs.http import Counted, counters
from runs.models import File, LogStream, Run, path_key
from runs.storage.files import WriteAt, files
from runs.storage.logs import extend_line_index
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
    """Append `data`, which starts at `offset` of the writer's bytes for `path`.

    Returns the file, and how many bytes of the writer it has. Without a writer the
    offset counts the file's bytes. Raises TooLarge, Conflict with `expected` if bytes
    before `offset` are missing, and Conflict if the path is a folder.
    """
    names.check_path(path)
    if writer:
        check_writer_name(writer)
    if names.check_int64(offset, "offset") < 0:
        raise InvalidValue(
            _("The offset in the log file must not be negative."), field="offset"
        )
    # The file can be replaced before it is locked: then the current one is found.
    while True:
        file = current_files(run).filter(path_key=path_key(path)).first()
        if file is None:
            file = _find_or_create_file(run, path, actor, now)
        with files.open_to_append(file.blob) as grow:
            # Locked against other processes, so the sizes read here stay correct.
            file.refresh_from_db()
            if file.replaced is None:
                received = _append_bytes(
                    run, file, offset, data, grow, writer, actor, now, limit
                )
                return file, received


def _append_bytes(
    run: Run,
    file: File,
    offset: int,
    data: bytes,
    grow: WriteAt,
    writer: str,
    actor: Actor,
    now: int,
    limit: int,
) -> int:
    received = _received_bytes(run, writer, file)
    if offset > received:
        raise Conflict(
            _("Bytes %(received)s to %(last)s of %(path)r are missing.")
            % {"received": received, "last": offset - 1, "path": file.path},
            expected=received,
        )
    fresh = data[received - offset :]
    if file.size + len(fresh) > limit:
        raise TooLarge(
            _("The file would be too large. The maximum is %(limit)s bytes.")
            % {"limit": limit},
            limit=limit,
        )
    if fresh:
        grow(file.size, fresh)
        extend_line_index(file.blob, file.size, file.size + len(fresh))
        _record_append(run, writer, file, received + len(fresh), len(fresh), actor, now)
        counters.add(Counted.LOG_BYTES, amount=len(fresh))
    return received + len(fresh)


def _find_or_create_file(run: Run, path: str, actor: Actor, now: int) -> File:
    """Create an empty file, or return the one that another process just created."""
    blob = files.write((), 0)
    try:
        with transaction.atomic():
            record_heartbeat(run, actor, now)
            found = current_files(run).filter(path_key=path_key(path)).first()
            # No hash: the file grows, and each append would have to read all of it.
            file = found or create_file(run, path, replace(blob, sha256=""), now)
    except StudioError:
        # Other failures may come after the commit, so they are left to the sweep.
        files.discard(blob.name)
        raise
    keep_or_discard_blob(blob, file.blob)
    return file


def _received_bytes(run: Run, writer: str, file: File) -> int:
    if not writer:
        return file.size
    rows = LogStream.objects.filter(run=run, writer=writer, path_key=file.path_key)
    return rows.values_list("received", flat=True).first() or 0


@transaction.atomic
def _record_append(
    run: Run,
    writer: str,
    file: File,
    received: int,
    more: int,
    actor: Actor,
    now: int,
) -> None:
    record_heartbeat(run, actor, now)
    file.size += more
    # An uploaded file has a hash, which is wrong after an append.
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
