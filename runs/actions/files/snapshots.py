"""Snapshots: the source files that a run was started from, as one checked archive.

The archive is a zip of regular files. Refused before anything is saved: links, paths
outside the archive, duplicate names, secrets, too many files or bytes, and archives
whose contents are larger than declared (zip bombs).
"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import SERVER, Actor
from runs.actions.files.blob_deletions import delete_blobs_after_commit
from runs.actions.files.files import keep_or_discard_blob
from runs.actions.run_rows import record_heartbeat, write_properties
from runs.models import Run, RunSnapshot, Snapshot, Workspace
from runs.storage.files import READ_CHUNK_BYTES, Blob, files
from studio.core import snapshots as rules
from studio.core.batches import SIZE
from studio.core.errors import (
    Conflict,
    InvalidRequest,
    InvalidValue,
    NotFound,
    StudioError,
)

#: Clients of the v1 SDK read the snapshot's id from this property.
SNAPSHOT_PROPERTY = "ContentSnapshotId"
_TREE = re.compile(r"[0-9a-f]{64}")


def save_snapshot(
    run: Run, chunks: Iterable[bytes], *, actor: Actor, now: int
) -> Snapshot:
    """Save the archive as the run's snapshot; saving the same archive again is fine.

    Raises InvalidRequest, InvalidValue, InvalidName or TooLarge for a bad archive, and
    Conflict if the run has another snapshot.
    """
    blob = files.write(chunks, rules.MAX_BYTES)
    try:
        contents = _check_blob(blob)
        with transaction.atomic():
            record_heartbeat(run, actor, now)
            snapshot = _get_or_create(run.workspace_id, blob, contents, now)
            _link_to_run(run, snapshot)
    except StudioError:
        # Other failures may come after the commit, so they are left to the sweep.
        files.discard(blob.name)
        raise
    keep_or_discard_blob(blob, snapshot.blob)
    return snapshot


def save_sources(
    workspace: Workspace, chunks: Iterable[bytes], *, now: int
) -> Snapshot:
    """Save an archive that no run has yet: a run of it is submitted next.

    It is deleted after a day without a run (`delete_unused_snapshots`). Raises the
    errors of `save_snapshot`.
    """
    blob = files.write(chunks, rules.MAX_BYTES)
    try:
        contents = _check_blob(blob)
        with transaction.atomic():
            snapshot = _get_or_create(workspace.pk, blob, contents, now)
            # Those who upload it again get the whole day again.
            Snapshot.objects.filter(pk=snapshot.pk).update(created=now)
    except StudioError:
        files.discard(blob.name)
        raise
    keep_or_discard_blob(blob, snapshot.blob)
    return snapshot


def _check_blob(blob: Blob) -> ArchiveContents:
    with files.open(blob.name) as archive:
        return check_archive(archive)


def _get_or_create(
    workspace_id: int, blob: Blob, contents: ArchiveContents, now: int
) -> Snapshot:
    snapshot, _created = Snapshot.objects.get_or_create(
        workspace_id=workspace_id,
        digest=blob.sha256,
        defaults={
            "blob": blob.name,
            "size": blob.size,
            "files": contents.files,
            "created": now,
            "tree": contents.tree,
        },
    )
    if snapshot.tree is None:
        # One of an older version, which did not hash its files.
        snapshot.tree = contents.tree
        snapshot.save(update_fields=["tree"])
    # Sending an archive again repairs one whose bytes were lost.
    if not files.is_whole(snapshot.blob, snapshot.size):
        _replace_blob(snapshot, blob)
    return snapshot


@transaction.atomic
def link_known_snapshot(run: Run, tree: str, *, actor: Actor, now: int) -> Snapshot:
    """Give the run a snapshot of the workspace that has exactly these files.

    `tree` is the hash of the files (`core.snapshots.tree_hash`). Raises NotFound if
    there is none, or if its bytes were lost: then the client uploads the archive.
    """
    rows = Snapshot.objects.filter(
        workspace=run.workspace_id, tree=_parse_tree(tree)
    ).order_by("-pk")
    for snapshot in rows:
        if files.is_whole(snapshot.blob, snapshot.size):
            record_heartbeat(run, actor, now)
            _link_to_run(run, snapshot)
            return snapshot
    raise NotFound(
        _("No snapshot of this workspace has these files. Upload the archive."),
        tree=tree,
    )


@transaction.atomic
def share_snapshot(source: Run, run: Run, *, now: int) -> None:
    """Give `run` the snapshot of `source`, if it has one."""
    link = RunSnapshot.objects.select_related("snapshot").filter(run=source).first()
    if link is not None:
        record_heartbeat(run, SERVER, now)
        _link_to_run(run, link.snapshot)


@transaction.atomic
def link_snapshot(run: Run, snapshot: Snapshot, *, now: int) -> None:
    """Give `run` a snapshot of its workspace; raise Conflict if it has another."""
    record_heartbeat(run, SERVER, now)
    _link_to_run(run, snapshot)


def _parse_tree(tree: str) -> bytes:
    if not _TREE.fullmatch(tree):
        raise InvalidValue(
            _("tree must be a SHA-256: 64 hexadecimal digits."), field="tree"
        )
    return bytes.fromhex(tree)


def _replace_blob(snapshot: Snapshot, blob: Blob) -> None:
    """Replace the lost bytes of a snapshot with the same archive."""
    delete_blobs_after_commit([snapshot.blob])
    snapshot.blob = blob.name
    snapshot.save(update_fields=["blob"])


def _link_to_run(run: Run, snapshot: Snapshot) -> None:
    link, _created = RunSnapshot.objects.get_or_create(
        run=run, defaults={"snapshot": snapshot}
    )
    if link.snapshot_id != snapshot.pk:
        raise Conflict(
            _("Cannot take snapshot as the run already has one: %(public_id)s")
            % {"public_id": link.snapshot.public_id},
            snapshot=link.snapshot.public_id,
        )
    write_properties(run, {SNAPSHOT_PROPERTY: snapshot.public_id})


@dataclass(frozen=True)
class ArchiveContents:
    """How many files an archive has, and the hash of its tree."""

    files: int
    tree: bytes


def check_archive(archive: BinaryIO) -> ArchiveContents:
    """Return what the zip contains; raise an error for a bad archive."""
    try:
        with zipfile.ZipFile(archive) as opened:
            return _check_members(opened)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise InvalidRequest(
            _("The snapshot is not a zip archive: %(error)s") % {"error": error}
        ) from error
    # `zipfile` raises these for unknown compression and for encrypted files.
    except (NotImplementedError, RuntimeError) as error:
        raise InvalidRequest(
            _("The snapshot can't be unpacked: %(error)s") % {"error": error}
        ) from error


def _check_members(archive: zipfile.ZipFile) -> ArchiveContents:
    members = archive.infolist()
    if len(members) > rules.MAX_FILES:
        raise InvalidValue(
            _("The snapshot has %(count)s files. The maximum is %(limit)s.")
            % {"count": len(members), "limit": rules.MAX_FILES},
            limit=rules.MAX_FILES,
        )
    known: set[str] = set()
    left = rules.MAX_BYTES
    hashes: list[tuple[str, str]] = []
    for member in members:
        _check_member(member, known)
        size, sha256 = _read_member(archive, member, left)
        left -= size
        hashes.append((member.filename, sha256))
    tree = bytes.fromhex(rules.tree_hash(hashes))
    return ArchiveContents(len(members), tree)


def _check_member(member: zipfile.ZipInfo, known: set[str]) -> None:
    path = rules.check_archive_path(member.filename)
    # The upper half is the Unix mode. It is 0 in archives from other systems.
    kind = stat.S_IFMT(member.external_attr >> 16)
    if member.is_dir() or kind not in (0, stat.S_IFREG):
        raise InvalidValue(
            _(
                "%(path)r is not a regular file. A snapshot can contain "
                "only regular files."
            )
            % {"path": path}
        )
    if rules.is_excluded(path):
        raise InvalidValue(
            _("%(path)r can't be in a snapshot: it may contain secrets.")
            % {"path": path}
        )
    if path in known:
        raise InvalidValue(_("%(path)r is in the snapshot twice.") % {"path": path})
    known.add(path)


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int
) -> tuple[int, str]:
    """Return a file's size and SHA-256; the declared size is not trusted.

    Raises InvalidValue for more than `left` bytes.
    """
    size, found = 0, hashlib.sha256()
    with archive.open(member) as content:
        while piece := content.read(READ_CHUNK_BYTES):
            size += len(piece)
            found.update(piece)
            if size > left:
                raise InvalidValue(
                    _(
                        "The snapshot is too large: its files have more than "
                        "%(limit)s bytes."
                    )
                    % {"limit": rules.MAX_BYTES},
                    limit=rules.MAX_BYTES,
                )
    return size, found.hexdigest()


@transaction.atomic
def delete_unused_snapshots(*, before: int | None = None) -> int:
    """Delete snapshots whose last run was purged; return how many.

    With `before` only those that were created before this time.
    """
    unused = Snapshot.objects.filter(links__isnull=True)
    if before is not None:
        unused = unused.filter(created__lt=before)
    # Limited, because the values of a query are. The next call deletes the rest.
    blobs = list(unused.values_list("blob", flat=True)[:SIZE])
    Snapshot.objects.filter(blob__in=blobs).delete()
    delete_blobs_after_commit(blobs)
    return len(blobs)
