"""MLflow: upload, list, download and delete files (artifacts).

A path is `<experiment>/<run>/artifacts/…` or `<experiment>/models/<model>/artifacts/…`.
It is first mapped to its run or model in the caller's workspace. The server has decoded
it once, and it is never decoded again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpResponseBase

from runs.access import Permission, StudioRequest, access
from runs.actions.files import FileOwner, current_files, delete_files, save_file
from runs.api.file_responses import file_response
from runs.api.mlflow.decoding import decode_query
from runs.api.mlflow.endpoints import Handler, View, endpoint, json_response
from runs.api.mlflow.errors import invalid_parameter, missing_parameter, render_error
from runs.api.mlflow.lookups import (
    RunRequest,
    find_model,
    find_run,
    find_run_by_id,
    require_value,
)
from runs.api.mlflow.models import model_uri
from runs.api.mlflow.replies import artifact_uri
from runs.api.request_bodies import read_chunks
from runs.models import File, now_ms, path_key
from studio.core.errors import InvalidName, NotFound
from studio.core.names import check_path, check_text

#: DOTALL, because the name of a file can contain a line break.
_MODEL_ADDRESS = re.compile(
    r"\d+/models/(?P<id>m-[\w-]+)/artifacts(?:/(?P<path>.*))?", re.DOTALL
)
_RUN_ADDRESS = re.compile(
    r"\d+/(?P<id>[\w-]+)/artifacts(?:/(?P<path>.*))?", re.DOTALL | re.ASCII
)


class ListArtifacts(msgspec.Struct):
    path: str = ""


class ListRunArtifacts(RunRequest):
    path: str = ""


class RunFile(RunRequest):
    path: str = ""


class ModelFile(msgspec.Struct):
    artifact_file_path: str = ""


class ListModelArtifacts(msgspec.Struct):
    artifact_directory_path: str = ""


@dataclass(frozen=True)
class ArtifactPath:
    """A path in a run or a model; the empty path is its top folder."""

    owner: FileOwner
    path: str


def find_artifact_path(request: StudioRequest, address: str) -> ArtifactPath:
    """Return the run or model and the path of an address, or raise NotFound.

    The experiment's number is not compared: a moved run keeps its address.
    """
    model = _MODEL_ADDRESS.fullmatch(address)
    run = None if model else _RUN_ADDRESS.fullmatch(address)
    found = model or run
    if found is None:
        check_text(address, "path", limit=6000)
        raise NotFound(
            f"No run and no logged model has files at {address!r}; an address is "
            "<experiment>/<run>/artifacts/… or <experiment>/models/<model>/artifacts/…"
        )
    path = read_artifact_path(found["path"] or "")
    owner: FileOwner = (
        # Like a run in the trash, a deleted model keeps its files reachable until it is
        # purged.
        find_model(request, found["id"], allow_deleted=True)
        if model
        else find_run_by_id(request, found["id"])
    )
    return ArtifactPath(owner, path)


def read_artifact_path(path: str) -> str:
    """Return a path in its only form; the top folder is empty, `.` or `./`.

    As in MLflow, `.` is the folder itself anywhere in a path; `..` is refused.
    """
    plain = "/".join(part for part in path.split("/") if part != ".")
    if not plain:
        return ""
    try:
        return check_path(plain)
    except InvalidName as error:
        raise InvalidName(f"Invalid path: {error.message}", field="path") from error


def streaming_endpoint(
    need: Permission, *, scoped_tokens: bool = False
) -> Callable[[Handler], View]:
    """Declare a view that reads its body or writes its response in chunks."""

    def wrap(handler: Handler) -> View:
        declare = access(
            need,
            errors=render_error,
            streams_body=True,
            scoped_tokens=scoped_tokens,
        )
        return declare(wraps(handler)(handler))

    return wrap


@streaming_endpoint(Permission.LOG, scoped_tokens=True)
def upload(request: StudioRequest, address: str) -> HttpResponseBase:
    return save_body(request, find_artifact_path(request, address))


@streaming_endpoint(Permission.LOG, scoped_tokens=True)
def upload_artifact(request: StudioRequest) -> HttpResponseBase:
    """upload-artifact: store the body as a file of a run."""
    query = decode_query(request, RunFile)
    run = find_run(request, query)
    return save_body(request, ArtifactPath(run, read_artifact_path(query.path)))


def save_body(request: StudioRequest, place: ArtifactPath) -> HttpResponseBase:
    if not place.path:
        raise missing_parameter("path")
    limit = settings.MAX_UPLOAD
    save_file(
        place.owner,
        place.path,
        read_chunks(request, limit=limit),
        actor=request.actor,
        now=now_ms(),
        limit=limit,
    )
    return json_response({})


@streaming_endpoint(Permission.READ)
def download(request: StudioRequest, address: str) -> HttpResponseBase:
    return send_file(request, find_artifact_path(request, address))


@streaming_endpoint(Permission.READ)
def get_artifact(request: StudioRequest) -> HttpResponseBase:
    """get-artifact: download a file of a run."""
    query = decode_query(request, RunFile)
    path = read_artifact_path(require_value(query.path, "path"))
    return send_file(request, ArtifactPath(find_run(request, query), path))


@streaming_endpoint(Permission.READ)
def get_model_artifact(request: StudioRequest, model_id: str) -> HttpResponseBase:
    """logged-models/…/artifacts/files: download a file of a logged model."""
    query = decode_query(request, ModelFile)
    given = require_value(query.artifact_file_path, "artifact_file_path")
    model = find_model(request, model_id)
    return send_file(request, ArtifactPath(model, read_artifact_path(given)))


def send_file(request: StudioRequest, place: ArtifactPath) -> HttpResponseBase:
    return file_response(request, find_artifact(place))


def find_artifact(place: ArtifactPath) -> File:
    """Return the file at the path, or raise why there is none."""
    file = current_files(place.owner).filter(path_key=path_key(place.path)).first()
    if file is not None:
        return file
    if not place.path or list_folder(place.owner, place.path):
        raise invalid_parameter("path", place.path, "It is a folder.")
    raise NotFound(f"No such artifact: {place.path!r}")


@endpoint(Permission.LOG, scoped_tokens=True)
def remove(request: StudioRequest, address: str) -> dict[str, Any]:
    place = find_artifact_path(request, address)
    # Without a path, the client's `delete_artifacts()` means all files. The top folder
    # itself has no name that `delete_files` accepts.
    top = [entry.name for entry in list_folder(place.owner, "")]
    paths = [place.path] if place.path else top
    delete_files(place.owner, paths, actor=request.actor, now=now_ms())
    return {}


def entry_json(entry: FolderEntry, path: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"path": path, "is_dir": entry.is_folder}
    # MLflow's own server omits the size of folders and of empty files.
    if entry.size:
        shown["file_size"] = entry.size
    return shown


@endpoint(Permission.READ, ListArtifacts)
def list_files(request: StudioRequest, body: ListArtifacts) -> dict[str, Any]:
    """List a folder, with names relative to it; nothing for a file."""
    address = body.path.rstrip("/")
    if not address:
        raise missing_parameter("path")
    place = find_artifact_path(request, address)
    # Clients take a path with an empty list for a file and then download it, so a file
    # must not list itself.
    found = [entry_json(one, one.name) for one in list_folder(place.owner, place.path)]
    return {"files": found} if found else {}


@endpoint(Permission.READ, ListRunArtifacts)
def list_run_files(request: StudioRequest, body: ListRunArtifacts) -> dict[str, Any]:
    """artifacts/list: list a folder, with paths relative to the run's top folder."""
    return list_folder_of_run(request, body)


def list_folder_of_run(
    request: StudioRequest, body: ListRunArtifacts
) -> dict[str, Any]:
    run = find_run(request, body)
    return folder_json(run, artifact_uri(run), body.path)


@endpoint(Permission.READ, ListModelArtifacts)
def list_model_files(
    request: StudioRequest, body: ListModelArtifacts, model_id: str
) -> dict[str, Any]:
    """logged-models/…/artifacts/directories: the same for a logged model."""
    model = find_model(request, model_id)
    return folder_json(model, model_uri(model), body.artifact_directory_path)


def folder_json(owner: FileOwner, root_uri: str, folder: str) -> dict[str, Any]:
    """Return the entries of a folder, with paths relative to the owner's top folder."""
    path = read_artifact_path(folder.rstrip("/"))
    below = f"{path}/" if path else ""
    found = [entry_json(one, below + one.name) for one in list_folder(owner, path)]
    return {"root_uri": root_uri, **({"files": found} if found else {})}


@dataclass(frozen=True)
class FolderEntry:
    name: str
    is_folder: bool
    size: int = 0


def list_folder(owner: FileOwner, folder: str) -> list[FolderEntry]:
    """Return the files and folders directly in `folder` (empty: the top), by name."""
    rows = current_files(owner)
    files = rows.filter(folder=folder).values_list("name", "size")
    found = {name: FolderEntry(name, False, size) for name, size in files}
    start = f"{folder}/" if folder else ""
    below = rows.exclude(folder="").filter(folder__startswith=start)
    for path in below.values_list("folder", flat=True).distinct():
        # SQLite's LIKE ignores case.
        if path.startswith(start):
            name = path[len(start) :].split("/", 1)[0]
            found[name] = FolderEntry(name, True)
    return [found[name] for name in sorted(found)]
