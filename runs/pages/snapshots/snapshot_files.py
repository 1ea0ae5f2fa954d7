"""The files of a snapshot: the tree, a file in it, and downloads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access, sandbox_response
from runs.http import mark_file_stream
from runs.models import Run, Snapshot
from runs.pages.previews import FileContent, file_viewer_context, part_response
from runs.pages.requests import (
    PageRequest,
    SentFile,
    content_disposition,
    send_file,
)
from runs.pages.run_shell import find_run_head
from runs.render.files import TreeFile, build_tree
from runs.search.files import get_snapshot
from runs.storage.files import ArchiveMember, list_members, open_member, read_member
from runs.storage.files import files as file_store
from studio.core.errors import NotFound


def snapshot_files_context(
    request: PageRequest, run: Run, snapshot: Snapshot, base: str
) -> dict[str, Any]:
    """The tree and the chosen file. Raises MissingBytes, NotFound."""
    members = list_members(snapshot.blob)
    path = request.GET.get("path", "")
    chosen = (
        _get_snapshot_file(members, path)
        if path
        else _default_snapshot_file(members, run)
    )
    return {
        "tree": build_tree(
            TreeFile(
                each.name,
                each.path,
                each.size,
                f"{base}?path={quote(each.path)}",
                each == chosen,
            )
            for each in members
        ),
        **(_snapshot_file_context(request, snapshot, chosen, base) if chosen else {}),
    }


def _get_snapshot_file(members: Sequence[ArchiveMember], path: str) -> ArchiveMember:
    for each in members:
        if each.path == path:
            return each
    raise NotFound(_("This snapshot has no file %(path)s.") % {"path": path}, path=path)


def _default_snapshot_file(
    members: Sequence[ArchiveMember], run: Run
) -> ArchiveMember | None:
    """Return the script that ran, else the first Python file of the top folder."""
    # The snapshot can have the script in another folder; its name still matches.
    script = run.script.rpartition("/")[2]
    ranked = sorted(
        members,
        key=lambda each: (
            # False sorts first, so each line is a preference, the strongest at the top.
            each.path != run.script,
            each.name != script,
            "/" in each.path,
            not each.name.endswith(".py"),
            each.path,
        ),
    )
    return next(iter(ranked), None)


def _snapshot_file_context(
    request: PageRequest, snapshot: Snapshot, file: ArchiveMember, base: str
) -> dict[str, Any]:
    here = f"{base}?path={quote(file.path)}"
    content = _member_content(snapshot, file)
    raw = f"{base}raw/{quote(file.path)}"
    return {"file": file, **file_viewer_context(request, content, here, raw)}


def _member_content(snapshot: Snapshot, file: ArchiveMember) -> FileContent:
    opened = partial(open_member, snapshot.blob, file.path)
    return FileContent(
        file.name,
        file.size,
        opened,
        is_packed=True,
        blob=snapshot.blob,
        part=file.path,
    )


@access(Permission.READ)
@require_safe
def raw_snapshot_file(request: PageRequest, run_id: str, path: str) -> HttpResponseBase:
    found = get_snapshot(find_run_head(request, run_id).run)
    file = _get_snapshot_file(list_members(found.blob), path)
    if part := request.GET.get("as"):
        return part_response(request, _member_content(found, file), part)
    # A snapshot never changes, so its digest and the path identify the content.
    version = f"{found.digest[:32]}-{quote(path)}"
    return send_file(
        request,
        SentFile(
            file.name,
            file.size,
            version,
            # A packed file can't be read from its middle.
            lambda _span: read_member(found.blob, path),
            has_ranges=False,
        ),
    )


@access(Permission.READ)
@require_safe
def download_snapshot(request: PageRequest, run_id: str) -> HttpResponseBase:
    """Send the snapshot, a zip, as the client uploaded it."""
    head = find_run_head(request, run_id)
    found = get_snapshot(head.run)
    pieces = file_store.read_chunks(found.blob, found.size)
    response = mark_file_stream(
        StreamingHttpResponse(pieces, content_type="application/zip")
    )
    response["Content-Length"] = str(found.size)
    response["Content-Disposition"] = content_disposition(
        f"{run_id}-snapshot.zip", True
    )
    return sandbox_response(response)
