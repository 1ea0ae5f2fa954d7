"""Snapshots: the sources that a run was started from, as one archive that is checked.

The archive is a zip of plain files. Links, paths that leave it, names that are there
twice, secrets, more files or bytes than allowed, and archives whose contents are larger
than they say (bombs) are refused before anything is kept.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterable
from typing import BinaryIO

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.files.blob_deletions import delete_blobs_after_commit
from runs.actions.files.files import finish_blob
from runs.actions.run_rows import record_heartbeat, write_properties
from runs.models import Run, RunSnapshot, Snapshot
from runs.storage.files import READ_CHUNK_BYTES, Blob, files
from studio.core import snapshots as rules
from studio.core.batches import SIZE
from studio.core.errors import (
    Conflict,
    InvalidRequest,
    InvalidValue,
    StudioError,
)

#: Where clients of the v1 SDK look for it.
SNAPSHOT_PROPERTY = "ContentSnapshotId"


def save_snapshot(
    run: Run, chunks: Iterable[bytes], *, actor: Actor, now: int
) -> Snapshot:
    """Keep the archive as the run's snapshot, once; the same one again is fine.

    Raises InvalidRequest, InvalidValue, InvalidName, TooLarge for what may not be kept,
    and Conflict where the run has another snapshot.
    """
    blob = files.write(chunks, rules.MAX_BYTES)
    try:
        with files.open(blob.name) as archive:
            count = check_archive(archive)
        with transaction.atomic():
            record_heartbeat(run, now)
            snapshot, _ = Snapshot.objects.get_or_create(
                workspace_id=run.workspace_id,
                digest=blob.sha256,
                defaults={
                    "blob": blob.name,
                    "size": blob.size,
                    "files": count,
                    "created": now,
                },
            )
            if not files.is_whole(snapshot.blob, snapshot.size):
                _replace_blob(snapshot, blob)
            _link_to_run(run, snapshot)
    except StudioError:
        # What else goes wrong may have come after the commit: the sweep sees to it.
        files.discard(blob.name)
        raise
    finish_blob(blob, snapshot.blob)
    return snapshot


def _replace_blob(snapshot: Snapshot, blob: Blob) -> None:
    """The same archive again takes the place of one whose bytes were lost."""
    delete_blobs_after_commit([snapshot.blob])
    snapshot.blob = blob.name
    snapshot.save(update_fields=["blob"])


def _link_to_run(run: Run, snapshot: Snapshot) -> None:
    link, _ = RunSnapshot.objects.get_or_create(
        run=run, defaults={"snapshot": snapshot}
    )
    if link.snapshot_id != snapshot.pk:
        raise Conflict(
            "Cannot take snapshot as the run already has one: "
            f"{link.snapshot.public_id}",
            snapshot=link.snapshot.public_id,
        )
    write_properties(run, {SNAPSHOT_PROPERTY: snapshot.public_id})


def check_archive(archive: BinaryIO) -> int:
    """How many files the zip holds; raises what is wrong with it."""
    try:
        with zipfile.ZipFile(archive) as opened:
            return _check_members(opened)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise InvalidRequest(f"The snapshot is not a zip archive: {error}") from error
    except (NotImplementedError, RuntimeError) as error:
        raise InvalidRequest(f"The snapshot cannot be unpacked: {error}") from error


def _check_members(archive: zipfile.ZipFile) -> int:
    members = archive.infolist()
    if len(members) > rules.MAX_FILES:
        raise InvalidValue(
            f"The snapshot has {len(members)} files; at most {rules.MAX_FILES} are "
            "allowed",
            limit=rules.MAX_FILES,
        )
    known: set[str] = set()
    left = rules.MAX_BYTES
    for member in members:
        _check_member(member, known)
        left = _check_unpacked_size(archive, member, left)
    return len(members)


def _check_member(member: zipfile.ZipInfo, known: set[str]) -> None:
    path = rules.check_member(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if member.is_dir() or kind not in (0, stat.S_IFREG):
        raise InvalidValue(f"{path!r} is no plain file; a snapshot holds nothing else")
    if rules.is_excluded(path):
        raise InvalidValue(f"{path!r} may not stand in a snapshot: it may be a secret")
    if path in known:
        raise InvalidValue(f"{path!r} is in the snapshot twice")
    known.add(path)


def _check_unpacked_size(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int
) -> int:
    """How many bytes are left after it: what it says of its size is not believed."""
    with archive.open(member) as content:
        while piece := content.read(READ_CHUNK_BYTES):
            left -= len(piece)
            if left < 0:
                raise InvalidValue(
                    f"The files of the snapshot have more than {rules.MAX_BYTES} bytes",
                    limit=rules.MAX_BYTES,
                )
    return left


@transaction.atomic
def delete_unused_snapshots() -> int:
    """Remove those whose last run was purged; returns how many."""
    unused = Snapshot.objects.filter(links__isnull=True)
    blobs = list(unused.values_list("blob", flat=True)[:SIZE])
    Snapshot.objects.filter(blob__in=blobs).delete()
    delete_blobs_after_commit(blobs)
    return len(blobs)
