"""A run's files: list, upload, download, remove."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q
from django.http import HttpResponseBase

from runs.access.rules import Permission, StudioRequest
from runs.actions.clock import now_ms
from runs.actions.files.files import delete_file, live, save_file
from runs.api.bodies import pieces
from runs.api.http import endpoint
from runs.api.sending import send_file
from runs.api.v1.find import run_by_id
from runs.api.v1.infos import file_info
from runs.api.v1.logged import FileInfo, FileList, FileQuery, Removed, UploadQuery
from runs.search.files.files import find_file
from studio.core.errors import InvalidValue
from studio.core.names import check_path


@endpoint("GET", Permission.READ, query=FileQuery, reply=FileList)
def list_files(request: StudioRequest, run_id: str, query: FileQuery) -> FileList:
    """List a run's files in the order in which they were kept."""
    rows = live(run_by_id(request, run_id))
    if query.folder:
        folder = check_path(query.folder, "folder")
        rows = rows.filter(Q(folder=folder) | Q(folder__startswith=f"{folder}/"))
    if query.after:
        rows = rows.filter(pk__gt=_cursor(query.after))
    found = list(rows.order_by("pk")[: query.limit + 1])
    shown = found[: query.limit]
    after = str(shown[-1].pk) if len(found) > query.limit else ""
    # SQLite's LIKE takes no notice of case.
    within = [one for one in shown if _is_in(one.folder, query.folder)]
    return FileList([file_info(one) for one in within], after)


def _is_in(folder: str, wanted: str) -> bool:
    return not wanted or folder == wanted or folder.startswith(f"{wanted}/")


def _cursor(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidValue("after is not a cursor of this list", field="after")
    return int(text)


@endpoint("PUT", Permission.LOG, query=UploadQuery, reply=FileInfo, streams_body=True)
def upload_file(
    request: StudioRequest, run_id: str, path: str, query: UploadQuery
) -> FileInfo:
    """Keep a file: the body is its bytes. One of the same path is replaced."""
    run = run_by_id(request, run_id)
    check_path(path)
    limit = settings.MAX_UPLOAD
    file = save_file(
        run,
        path,
        pieces(request, limit=limit),
        actor=request.actor,
        now=now_ms(),
        limit=limit,
        overwrite=bool(query.overwrite),
    )
    return file_info(file)


@endpoint("GET", Permission.READ)
def download_file(request: StudioRequest, run_id: str, path: str) -> HttpResponseBase:
    """Read a file's bytes, or a range of them."""
    return send_file(request, find_file(run_by_id(request, run_id), path))


@endpoint("DELETE", Permission.LOG, reply=Removed)
def remove_file(request: StudioRequest, run_id: str, path: str) -> Removed:
    """Take a file, or a folder with all in it, away."""
    run = run_by_id(request, run_id)
    return Removed(delete_file(run, path, actor=request.actor, now=now_ms()))
