"""MLflow: upload a large file in parts, and download one by ranges.

The client sends each part to an address of its own, without its token. The address is
signed, expires, and names one part of one upload.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from runs.access import (
    PUBLIC,
    Permission,
    StudioRequest,
    access,
    check_signed_address,
    sign_address,
    signed_values,
    view_by_method,
)
from runs.actions.uploads import (
    abort_upload,
    complete_upload,
    find_upload,
    open_multipart_upload,
    save_part,
    stored_pieces,
)
from runs.api.file_responses import file_response
from runs.api.mlflow.artifacts import (
    ArtifactPath,
    find_artifact,
    find_artifact_path,
    read_artifact_path,
)
from runs.api.mlflow.endpoints import endpoint
from runs.api.mlflow.errors import invalid_parameter, missing_parameter, render_error
from runs.api.request_bodies import announced_length, read_chunks
from runs.models import File, Upload, now_ms
from studio.core.errors import Conflict, NotFound

#: How long the address of a part, or of a download, works.
PART_SECONDS = 24 * 3600
DOWNLOAD_SECONDS = 3600


class CreateUpload(msgspec.Struct):
    path: str = ""
    num_parts: int = 1


class StoredPart(msgspec.Struct):
    part_number: int = 0
    etag: str | None = None


class CompleteUpload(msgspec.Struct):
    path: str = ""
    upload_id: str = ""
    parts: list[StoredPart] = []


class AbortUpload(msgspec.Struct):
    path: str = ""
    upload_id: str = ""


@endpoint(Permission.LOG, CreateUpload, scoped_tokens=True)
def create(request: StudioRequest, body: CreateUpload, address: str) -> dict[str, Any]:
    """mpu/create: open an upload, with an address for each part."""
    place = _place_of(request, address, body.path)
    upload = open_multipart_upload(
        place.owner, place.path, body.num_parts, actor=request.actor, now=now_ms()
    )
    base = f"{_artifacts_base(request)}/mpu-parts"
    parts = range(1, body.num_parts + 1)
    return {
        "upload_id": upload.blob,
        "credentials": [
            {
                "url": f"{base}/{sign_address(request, 'part', [upload.blob, number])}",
                "part_number": number,
                "headers": {},
            }
            for number in parts
        ],
    }


@access(
    PUBLIC,
    errors=render_error,
    streams_body=True,
    check_address=check_signed_address("part", Permission.LOG, PART_SECONDS),
)
def upload_part(request: StudioRequest, signed: str) -> HttpResponseBase:
    """Store the body as one part; the client reports its ETag at the end."""
    del signed
    blob, number = signed_values(request)
    upload = Upload.objects.filter(blob=blob, parts__isnull=False).first()
    if upload is None:
        raise NotFound(f"No such upload: {blob}")
    limit = settings.MAX_UPLOAD
    piece = save_part(
        upload,
        number,
        read_chunks(request, limit=limit),
        size=announced_length(request),
        now=now_ms(),
        limit=limit,
    )
    return HttpResponse(
        headers={"ETag": f'"{piece.sha256}"'}, content_type="text/plain"
    )


# No browser sends it, and its address can't be guessed.
part_view = csrf_exempt(view_by_method(PUT=upload_part))


@endpoint(Permission.LOG, CompleteUpload, scoped_tokens=True)
def complete(
    request: StudioRequest, body: CompleteUpload, address: str
) -> dict[str, Any]:
    """mpu/complete: verify the parts and make them a file."""
    place = _place_of(request, address, body.path)
    upload = _find(place, body.upload_id)
    if upload.completed is None:
        _check_parts(upload, body.parts)
    complete_upload(place.owner, upload, sha256="", actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.LOG, AbortUpload, scoped_tokens=True)
def abort(request: StudioRequest, body: AbortUpload, address: str) -> dict[str, Any]:
    """mpu/abort: delete an upload with its parts."""
    place = _place_of(request, address, body.path)
    abort_upload(_find(place, body.upload_id), actor=request.actor)
    return {}


@endpoint(Permission.READ)
def presign_download(request: StudioRequest, address: str) -> dict[str, Any]:
    """presigned: an address from which a client reads a file in ranges."""
    file = find_artifact(find_artifact_path(request, address))
    signed = sign_address(request, "download", [file.pk])
    return {
        "url": f"{_artifacts_base(request)}/presigned-files/{signed}",
        "headers": {},
        "file_size": file.size,
    }


@access(
    PUBLIC,
    errors=render_error,
    check_address=check_signed_address("download", Permission.READ, DOWNLOAD_SECONDS),
)
def download_signed(request: StudioRequest, signed: str) -> HttpResponseBase:
    """Read a file, or a range of it: the one that was there when it was presigned."""
    del signed
    [key] = signed_values(request)
    file = File.objects.filter(pk=key).first()
    if file is None:
        raise NotFound("No such artifact: it was deleted.")
    return file_response(request, file)


def _place_of(request: StudioRequest, address: str, local: str) -> ArtifactPath:
    """Return where the client's file goes: its name in the folder of the address."""
    folder = find_artifact_path(request, address)
    # Clients send the path on their machine, which can be a Windows path.
    name = re.split(r"[/\\]", local)[-1]
    if not name:
        raise missing_parameter("path")
    path = f"{folder.path}/{name}" if folder.path else name
    if name in (".", ".."):
        raise invalid_parameter("path", local, "It has no file name.")
    return ArtifactPath(folder.owner, read_artifact_path(path))


def _find(place: ArtifactPath, upload_id: str) -> Upload:
    if not upload_id:
        raise missing_parameter("upload_id")
    upload = find_upload(place.owner, upload_id, in_parts=True)
    if upload.path != place.path:
        raise NotFound(f"No such upload of {place.path!r}: {upload_id!r}")
    return upload


def _check_parts(upload: Upload, parts: list[StoredPart]) -> None:
    """Raise Conflict if the client knows other bytes than the server has."""
    stored = {row.number: row.sha256 for row in stored_pieces(upload)}
    for part in parts:
        etag = (part.etag or "").strip('"')
        if stored.get(part.part_number) != etag:
            raise Conflict(
                f"Part {part.part_number} of the upload is missing, or has another "
                f"ETag than {etag!r}."
            )


def _artifacts_base(request: StudioRequest) -> str:
    """Return the address of this API as the client reaches it."""
    origin = request.build_absolute_uri("/").rstrip("/")
    # A proxy in front can speak HTTPS, and only the setting says so.
    if urlsplit(settings.STUDIO_ORIGIN).netloc == request.get_host():
        origin = settings.STUDIO_ORIGIN
    return f"{origin}{request.path.partition('/mlflow-artifacts/')[0]}/mlflow-artifacts"
