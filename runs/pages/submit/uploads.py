"""Sources that the form's script uploads as soon as a folder is chosen."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, render_json_error
from runs.actions.files import save_uploaded_sources
from runs.models import Snapshot, now_ms
from runs.pages.requests import PageRequest
from runs.render.formats import filesize, grouped
from runs.storage.files import list_members
from studio.core.errors import InvalidValue

#: Scripts that the form offers.
MAX_SCRIPTS = 200


@access(Permission.SUBMIT, errors=render_json_error, streams_body=True)
@require_POST
def upload_sources(request: PageRequest) -> HttpResponse:
    snapshot = save_upload(request)
    return JsonResponse(
        {
            "digest": snapshot.digest,
            "summary": source_summary(snapshot),
            "scripts": list_scripts(snapshot),
        }
    )


def save_upload(request: PageRequest) -> Snapshot:
    """Save the archive that the form sent; raise InvalidValue if it sent none."""
    upload = request.FILES.get("archive")
    if upload is None or not upload.size:
        raise InvalidValue(_("Choose a folder or a zip file."), field="archive")
    content: Any = upload.file
    return save_uploaded_sources(request.workspace, content, now=now_ms())


def source_summary(snapshot: Snapshot) -> str:
    """Return `48 files, 1.2 MB`."""
    return _("%(count)s files, %(size)s") % {
        "count": grouped(snapshot.files),
        "size": filesize(snapshot.size),
    }


def list_scripts(snapshot: Snapshot) -> list[str]:
    """Return the Python files of the snapshot, those of the top folder first."""
    paths = [
        member.path
        for member in list_members(snapshot.blob)
        if member.path.endswith(".py")
    ]
    return sorted(paths, key=lambda path: (path.count("/"), path))[:MAX_SCRIPTS]
