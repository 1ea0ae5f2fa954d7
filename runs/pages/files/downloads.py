"""Downloads of stored files: one, or many as a zip that is built while it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import cast

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import File
from runs.pages.previews import FileContent, part_response, run_paths
from runs.pages.requests import PageRequest, SentFile, send_file, sent_file
from runs.pages.run_shell import find_run_head
from runs.render.files import ZipEntry, stream_zip, zip_size
from runs.search.files import find_file, find_files_of_runs, iterate_files
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
    other = partial(_read_other, file) if file.run_id else None
    return FileContent(file.name, file.size, opened, blob=file.blob, read_other=other)


def _read_other(file: File, address: str, limit: int) -> bytes | None:
    """Read a file of the same run; None if there is none, or it is larger."""
    paths, run = run_paths(address, file.folder), cast("int", file.run_id)
    found = find_files_of_runs({run: paths})[run]
    other = next((found[path] for path in paths if path in found), None)
    if other is None or other.size > limit:
        return None
    try:
        with file_store.open(other.blob, other.size) as handle:
            return handle.read(other.size)
    except MissingBytes:
        return None


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
    return send_archive(request, f"{name}.zip", found)


def send_archive(
    request: PageRequest, name: str, named_files: Sequence[tuple[str, File]]
) -> HttpResponseBase:
    """Send files, each with its path in the archive, as a zip or a part of it."""
    entries, version = _archive_entries(named_files)
    return send_file(
        request,
        SentFile(
            name,
            zip_size(entries),
            version,
            partial(stream_zip, entries),
            content_type="application/zip",
        ),
    )


def _archive_entries(
    named_files: Sequence[tuple[str, File]],
) -> tuple[Sequence[ZipEntry], str]:
    """Return the entries, and a text that changes with the archive.

    A last entry names missing files: one of them must not cost the download of all
    others.
    """
    digest = hashlib.sha256()
    entries, missing = [], []
    for path, file in named_files:
        # The name of the blob stands for its bytes, except of a log that grows.
        known = f"{path}\0{file.blob}\0{file.size}\0{file.created}\0"
        if file_store.is_whole(file.blob, file.size):
            opened = partial(file_store.read_chunks, file.blob, file.size)
            entries.append(ZipEntry(path, file.size, opened, file.created))
            known += "whole"
        else:
            missing.append(path)
        digest.update(f"{known}\n".encode())
    if missing:
        entries.append(_list_of_missing(missing, {path for path, _file in named_files}))
    return entries, digest.hexdigest()[:32]


def _list_of_missing(missing: Sequence[str], paths: set[str]) -> ZipEntry:
    name = MISSING_LIST
    # The run can have a file of this name.
    while name in paths:
        name = f"_{name}"
    text = _("The content of these files is missing on the server:")
    content = "\n".join([text, *missing, ""]).encode()
    return ZipEntry(name, len(content), lambda: [content])
