"""Downloads of stored files: one, or many as a zip that is built while it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access, sandbox_response
from runs.http import mark_file_stream
from runs.models import File
from runs.pages.previews import FileContent, part_response
from runs.pages.requests import PageRequest, content_disposition, send_file, sent_file
from runs.pages.run_shell import find_run_head
from runs.render.files import ZipEntry, stream_zip
from runs.search.files import find_file, iterate_files
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes

#: The entry of a run's archive that names files without content.
MISSING_LIST = "MISSING_FILES.txt"


@access(Permission.READ)
@require_safe
def raw_file(request: PageRequest, run_id: str, path: str) -> HttpResponseBase:
    head = find_run_head(request, run_id)
    return send_stored_file(request, find_file(head.run, path))


@access(Permission.READ)
@require_safe
def raw_model_file(
    request: PageRequest, run_id: str, model_id: str, path: str
) -> HttpResponseBase:
    head = find_run_head(request, run_id)
    return send_stored_file(request, find_file(head.run, path, model_id))


def stored_content(file: File) -> FileContent:
    opened = partial(file_store.open, file.blob, file.size)
    return FileContent(file.name, file.size, opened, blob=file.blob)


def send_stored_file(request: PageRequest, file: File) -> HttpResponseBase:
    """Send the file; with `?as=<kind>`, what the preview of that kind loads of it."""
    if part := request.GET.get("as"):
        return part_response(request, stored_content(file), part)
    return send_file(request, sent_file(file))


@access(Permission.READ)
@require_safe
def download_files(request: PageRequest, run_id: str) -> HttpResponseBase:
    """Send the files of the run, of one folder or of one model as a zip."""
    run = find_run_head(request, run_id).run
    folder, model_id = request.GET.get("folder", ""), request.GET.get("model", "")
    found = iterate_files(run, folder=folder, model_id=model_id)
    last = folder.rpartition("/")[2]
    name = "-".join(filter(None, (run.run_id, model_id, last)))
    return send_archive(f"{name}.zip", found)


def send_archive(
    name: str, named_files: Sequence[tuple[str, File]]
) -> HttpResponseBase:
    """Send files, each with its path in the archive, as a zip."""
    pieces = stream_zip(_archive_entries(named_files))
    response = mark_file_stream(
        StreamingHttpResponse(pieces, content_type="application/zip")
    )
    response["Content-Disposition"] = content_disposition(name, True)
    return sandbox_response(response)


def _archive_entries(named_files: Sequence[tuple[str, File]]) -> Iterator[ZipEntry]:
    """Yield each file, opened when it is sent; a last entry names missing files."""
    missing: list[str] = []
    for path, file in named_files:
        try:
            pieces = file_store.read_chunks(file.blob, file.size)
        except MissingBytes:
            # One missing file must not cost the download of all others.
            missing.append(path)
            continue
        yield ZipEntry(path, pieces, file.created)
    if missing:
        name, paths = MISSING_LIST, {path for path, _file in named_files}
        # The run can have a file of this name.
        while name in paths:
            name = f"_{name}"
        text = _("The content of these files is missing on the server:")
        yield ZipEntry(name, ["\n".join([text, *missing, ""]).encode()])
