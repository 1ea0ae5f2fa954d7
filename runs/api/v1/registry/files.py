"""REST: list and read the files of a model version."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest
from runs.actions.files import FileOwner, current_files
from runs.api.file_responses import file_response
from runs.api.v1.endpoints import endpoint
from runs.api.v1.registry.models import find_version
from runs.api.v1.schemas import FileInfo, VersionFiles
from runs.models import File, ModelVersion, in_folder, path_key
from studio.core.errors import NotFound
from studio.core.names import check_path


@endpoint("GET", Permission.READ, reply=VersionFiles)
def list_version_files(request: StudioRequest, name: str, version: int) -> VersionFiles:
    """List the files of a version by path.

    `folder` is the last part of the version's path, empty for a single file or for all
    files of a run or logged model.
    """
    found = find_version(request, name, version)
    files = _files_of(found)
    parent, _slash, last = found.path.rpartition("/")
    is_file = found.path in files
    base = parent if is_file else found.path
    start = len(base) + 1 if base else 0
    listed = [
        FileInfo(path[start:], file.size, file.sha256, file.created)
        for path, file in sorted(files.items())
    ]
    return VersionFiles("" if is_file else last, listed)


@endpoint("GET", Permission.READ)
def download_version_file(
    request: StudioRequest, name: str, version: int, path: str
) -> HttpResponseBase:
    """Read a file's bytes, or a range of them. The path is one of the version's."""
    found = find_version(request, name, version)
    check_path(path)
    inside = f"{found.path}/{path}" if found.path else path
    keys = [path_key(inside)]
    if found.path.rpartition("/")[2] == path:
        # The version can be a single file.
        keys.append(path_key(found.path))
    file = current_files(_owner_of(found)).filter(path_key__in=keys).first()
    if file is None:
        raise NotFound(_("This version has no file %(path)s.") % {"path": path})
    return file_response(request, file)


def _owner_of(version: ModelVersion) -> FileOwner:
    owner = version.logged_model or version.files_run
    # A constraint of the table.
    assert owner is not None
    return owner


def _files_of(version: ModelVersion) -> dict[str, File]:
    """Return the version's files by their paths in the run or logged model."""
    rows, top = current_files(_owner_of(version)), version.path
    if top:
        rows = rows.filter(in_folder(top) | Q(path_key=path_key(top)))
    return {file.path: file for file in rows}
