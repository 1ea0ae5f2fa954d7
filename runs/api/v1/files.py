"""REST: list, upload, download and delete a run's files, and its snapshot."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseBase
from django.utils.translation import pgettext

from runs.access import Permission, StudioRequest
from runs.actions import files as file_actions
from runs.actions.files import current_files, delete_files, save_file
from runs.api.file_responses import file_response
from runs.api.request_bodies import read_chunks
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.replies import file_info
from runs.api.v1.schemas import (
    FileInfo,
    FileList,
    FileQuery,
    KnownTree,
    Removed,
    SnapshotInfo,
    UploadQuery,
)
from runs.models import File, Snapshot, in_folder, now_ms
from runs.search.files import find_file, get_snapshot
from studio.core.errors import InvalidValue
from studio.core.names import check_path
from studio.core.snapshots import MAX_BYTES


@endpoint("GET", Permission.READ, query=FileQuery, reply=FileList)
def list_files(request: StudioRequest, run_id: str, query: FileQuery) -> FileList:
    """List a run's files in the order in which they were saved."""
    rows = current_files(find_run(request, run_id))
    if query.folder:
        folder = check_path(query.folder, "folder")
        rows = rows.filter(in_folder(folder))
    if query.after:
        rows = rows.filter(pk__gt=_parse_cursor(query.after))
    found = list(rows.order_by("pk")[: query.limit + 1])
    shown = found[: query.limit]
    after = str(shown[-1].pk) if len(found) > query.limit else ""
    return FileList([file_info(one) for one in shown], after)


def _parse_cursor(text: str) -> int:
    # More digits can exceed 64 bits, which both databases refuse.
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidValue(
            pgettext("request parameter", "after is not a cursor of this list."),
            field="after",
        )
    return int(text)


@endpoint(
    "PUT",
    Permission.LOG,
    query=UploadQuery,
    reply=FileInfo,
    streams_body=True,
    scoped_tokens=True,
)
def upload_file(
    request: StudioRequest, run_id: str, path: str, query: UploadQuery
) -> FileInfo:
    """Upload a file: the body is its bytes. A file of the same path is replaced."""
    run = find_run(request, run_id)
    check_path(path)
    limit = settings.MAX_UPLOAD
    file = save_file(
        run,
        path,
        read_chunks(request, limit=limit),
        actor=request.actor,
        now=now_ms(),
        limit=limit,
        overwrite=bool(query.overwrite),
    )
    return file_info(file)


@endpoint("GET", Permission.READ)
def download_file(request: StudioRequest, run_id: str, path: str) -> HttpResponseBase:
    """Read a file's bytes, or a range of them."""
    return file_response(request, find_file(find_run(request, run_id), path))


@endpoint("DELETE", Permission.LOG, reply=Removed, scoped_tokens=True)
def remove_file(request: StudioRequest, run_id: str, path: str) -> Removed:
    """Delete a file, or a folder with its contents."""
    run = find_run(request, run_id)
    return Removed(delete_files(run, [path], actor=request.actor, now=now_ms()))


@endpoint(
    "PUT", Permission.LOG, reply=SnapshotInfo, streams_body=True, scoped_tokens=True
)
def keep_snapshot(request: StudioRequest, run_id: str) -> SnapshotInfo:
    """Save the source files that a run was started from: the body is a zip of regular
    files.

    A run has one snapshot; sending the same archive again is fine. Secrets (`.env`,
    keys), `.git`, virtual environments, links and paths outside the archive are
    refused.
    """
    run = find_run(request, run_id)
    body = read_chunks(request, limit=MAX_BYTES)
    return _snapshot_info(
        file_actions.save_snapshot(run, body, actor=request.actor, now=now_ms())
    )


@endpoint(
    "POST", Permission.LOG, body=KnownTree, reply=SnapshotInfo, scoped_tokens=True
)
def link_known_snapshot(
    request: StudioRequest, run_id: str, body: KnownTree
) -> SnapshotInfo:
    """Give a run a snapshot that the workspace has already.

    The error is NotFound if no snapshot has exactly these files. Upload the archive
    then.
    """
    run = find_run(request, run_id)
    return _snapshot_info(
        file_actions.link_known_snapshot(
            run, body.tree, actor=request.actor, now=now_ms()
        )
    )


@endpoint("GET", Permission.READ)
def download_snapshot(request: StudioRequest, run_id: str) -> HttpResponseBase:
    """Read the archive, or a range of it."""
    found = get_snapshot(find_run(request, run_id))
    return file_response(
        request,
        File(
            name=f"{found.public_id}.zip",
            blob=found.blob,
            size=found.size,
            sha256=found.digest,
        ),
    )


def _snapshot_info(snapshot: Snapshot) -> SnapshotInfo:
    return SnapshotInfo(
        snapshot.public_id, snapshot.size, snapshot.files, snapshot.created
    )
