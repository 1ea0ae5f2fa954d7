"""Files: uploads, lists, downloads, removal, below /mlflow-artifacts/artifacts/.

A path is `<experiment>/<run>/artifacts/…` or `<experiment>/models/<model>/artifacts/…`.
It is mapped to its run or model in the caller's workspace before anything else happens;
the server has decoded it once, and it is never decoded again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import wraps
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpResponseBase

from runs.access.rules import Permission, StudioRequest, access
from runs.actions.clock import now_ms
from runs.actions.files.files import Home, delete_file, live, save_file
from runs.api.bodies import pieces
from runs.api.mlflow.entities import artifact_uri
from runs.api.mlflow.errors import invalid, missing, render_error
from runs.api.mlflow.find import OfRun, model_by_id, run_by_id, run_of
from runs.api.mlflow.http import Handler, View, as_json, endpoint
from runs.api.mlflow.listing import Entry, entries
from runs.api.sending import send_file
from runs.models import path_key
from studio.core.errors import InvalidName, NotFound, NotSupported
from studio.core.names import check_path, check_text

_MODEL = re.compile(
    r"\d+/models/(?P<id>m-[\w-]+)/artifacts(?:/(?P<path>.*))?", re.DOTALL
)
_RUN = re.compile(
    r"\d+/(?P<id>[\w-]+)/artifacts(?:/(?P<path>.*))?", re.DOTALL | re.ASCII
)


class List(msgspec.Struct):
    path: str = ""


class ListOfRun(OfRun):
    path: str = ""


@dataclass(frozen=True)
class Place:
    """A path inside a run or a model; the empty path is its whole folder."""

    home: Home
    path: str


def place_of(request: StudioRequest, address: str) -> Place:
    """Where the address leads; NotFound unless to a run or model of the workspace.

    The experiment's number is not compared: a run that moved keeps its address.
    """
    model = _MODEL.fullmatch(address)
    run = None if model else _RUN.fullmatch(address)
    found = model or run
    if found is None:
        check_text(address, "path", limit=6000)
        raise NotFound(
            f"No run and no logged model has files at {address!r}; an address is "
            "<experiment>/<run>/artifacts/… or <experiment>/models/<model>/artifacts/…"
        )
    path = found["path"] or ""
    if path:
        check_artifact_path(path)
    home: Home = (
        model_by_id(request, found["id"], allow_deleted=True)
        if model
        else run_by_id(request, found["id"])
    )
    return Place(home, path)


def check_artifact_path(path: str) -> str:
    try:
        return check_path(path)
    except InvalidName as error:
        raise InvalidName(f"Invalid path: {error.message}", field="path") from error


def streaming(need: Permission) -> Any:
    """A view that reads its body, or writes its reply, in pieces."""

    def wrap(handler: Handler) -> View:
        declare = access(need, errors=render_error, streams_body=True)
        return declare(wraps(handler)(handler))

    return wrap


@streaming(Permission.LOG)
def upload(request: StudioRequest, address: str) -> HttpResponseBase:
    place = place_of(request, address)
    if not place.path:
        raise missing("path")
    limit = settings.MAX_UPLOAD
    save_file(
        place.home,
        place.path,
        pieces(request, limit=limit),
        actor=request.actor,
        now=now_ms(),
        limit=limit,
    )
    return as_json({})


@streaming(Permission.READ)
def download(request: StudioRequest, address: str) -> HttpResponseBase:
    place = place_of(request, address)
    file = live(place.home).filter(path_key=path_key(place.path)).first()
    if file is not None:
        return send_file(request, file)
    if not place.path or entries(place.home, place.path):
        raise invalid("path", place.path, "It is a folder.")
    raise NotFound(f"No such artifact: {place.path!r}")


@endpoint(Permission.LOG)
def remove(request: StudioRequest, address: str) -> dict[str, Any]:
    place = place_of(request, address)
    top = [entry.name for entry in entries(place.home, "")]
    for path in [place.path] if place.path else top:
        delete_file(place.home, path, actor=request.actor, now=now_ms())
    return {}


def entry_json(entry: Entry, path: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"path": path, "is_dir": entry.is_folder}
    if entry.size:
        shown["file_size"] = entry.size
    return shown


@endpoint(Permission.READ, List)
def list_files(request: StudioRequest, body: List) -> dict[str, Any]:
    """What lies in a folder, by names relative to it; nothing for a file."""
    address = body.path.rstrip("/")
    if not address:
        raise missing("path")
    place = place_of(request, address)
    found = [entry_json(one, one.name) for one in entries(place.home, place.path)]
    return {"files": found} if found else {}


@endpoint(Permission.READ, ListOfRun)
def list_of_run(request: StudioRequest, body: ListOfRun) -> dict[str, Any]:
    """artifacts/list: the same by paths relative to the run's own folder."""
    run = run_of(request, body)
    path = body.path.rstrip("/")
    if path:
        check_artifact_path(path)
    below = f"{path}/" if path else ""
    found = [entry_json(one, below + one.name) for one in entries(run, path)]
    return {"root_uri": artifact_uri(run), **({"files": found} if found else {})}


@endpoint(Permission.READ)
def refuse_parts(request: StudioRequest, address: str) -> None:
    """Uploads in parts; clients do without them on reading this very text."""
    del request, address
    raise NotSupported(
        "Multipart upload is not supported for the current artifact repository"
    )


@endpoint(Permission.READ)
def refuse_presigned(request: StudioRequest, address: str) -> None:
    """Downloads in parts; the same."""
    del request, address
    raise NotSupported(
        "Multipart download is not supported for the current artifact repository"
    )
