"""Hostile names at every endpoint that takes a path: nothing outside of the run.

Endpoints are found in the URL table: those with a path in their address, and those
that read a parameter that is named like a path. `test_path_fields` has REST and bodies.
A new one is attacked without a change here, or a test fails because it is not known
how.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from runs.actions.actor import Actor
from runs.actions.files.files import save_file
from runs.actions.files.snapshots import save_snapshot
from runs.actions.run.runs import create_run
from runs.models import File, LoggedModel, Run, Upload, now_ms
from studio.core.errors import InvalidValue
from studio.core.names import check_path
from tests.access.path_attacks import BROKEN, EVERY, LEGAL, TRAVERSALS
from tests.access.table import SAMPLES, TABLE
from tests.access.test_every_url import (
    MIRRORED,
    Scene,
    client_of,
    make_scene,
    path_of,
)

KINDS = {
    "PUT": "application/octet-stream",
    "FORM": "application/x-www-form-urlencoded",
}
SECRET, OTHER = b"canary-outside-of-the-store", b"canary-of-another-run"
#: What an address ends with if it has a path; keys of metrics and tags are no paths.
NO_PATHS = {"key", "route"}
PATH_NAME = re.compile(r"path|file|folder|^open$|^left$|^right$")
#: Statuses of refusals and of what an attack does not reach.
ANSWERS = {200, 201, 206, 302, 304, 400, 403, 404, 405, 409, 413, 422, 501}
#: What the parameters of MLflow's endpoints also need.
MLFLOW_QUERY = "run_id=first&name=nosuch&version=1"
MLFLOW_NAMES = ("path", "artifact_file_path", "artifact_directory_path")


def path_part(route: str) -> str:
    found = re.search(r"<path:(\w+)>$", route)
    return found[1] if found and found[1] not in NO_PATHS else ""


ROUTES = sorted(TABLE.keys() - MIRRORED.keys())
WITH_PATH = [route for route in ROUTES if path_part(route)]
#: The views are the same without a workspace, and each page of one has a path at most.
READING = [
    route
    for route in ROUTES
    if "GET" in TABLE[route].needs
    and not path_part(route)
    and route.startswith("w/<str:workspace>/")
    and "secret" not in route
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "outside.txt").write_bytes(SECRET)
    old, settings.FILES_DIR = settings.FILES_DIR, folder / "files"
    yield folder
    settings.FILES_DIR = old


@pytest.fixture(scope="module")
def scene(
    store: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        made = make_scene()
        run = Run.objects.get(run_id="first")
        act: dict[str, Any] = {"actor": Actor(made.team.owner), "now": now_ms()}
        other = create_run(run.experiment, run_id="other", **act)
        save_file(other, "out.txt", [OTHER], limit=100, **act)
        model = LoggedModel.objects.create(
            workspace=run.workspace,
            experiment=run.experiment,
            model_id=SAMPLES["model_id"],
            name="m",
            source_run=run,
            created=1,
            updated=1,
        )
        save_file(model, "out.txt", [b"text"], limit=100, **act)
        save_snapshot(run, [archive_of("out.txt")], **act)
        yield made
        transaction.set_rollback(True)


def archive_of(name: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(name, b"x")
    return archive.getvalue()


def names(store: Path, attacks: list[str]) -> list[str]:
    outside = str(store / "outside.txt").strip("/")
    return [name.replace("{outside}", outside) for name in attacks]


def everything_in(folder: Path) -> set[Path]:
    """The files of the folder that are not the store's."""
    return {
        path for path in folder.rglob("*") if not path.is_relative_to(folder / "files")
    }


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def send(client: Client, method: str, address: str, body: bytes = b"") -> Any:
    """One request, FORM for that of a form; what it changes is rolled back."""
    kind = KINDS.get(method, "application/json")
    method = "POST" if method == "FORM" else method
    path, _, query = address.partition("?")
    with transaction.atomic():
        # The address arrives as written: the client would decode and quote it again.
        answer = client.generic(
            method,
            "/",
            body,
            kind,
            PATH_INFO=unquote(path, "latin-1"),
            QUERY_STRING=query,
        )
        found = body_of(answer)
        check_stored_paths()
        transaction.set_rollback(True)
    return answer, found


def check_stored_paths() -> None:
    for path in [*(file.path for file in File.objects.all()), *upload_paths()]:
        check_path(path)


def upload_paths() -> list[str]:
    return list(Upload.objects.values_list("path", flat=True))


def wrong(
    scene: Scene, route: str, method: str, address: str, body: bytes = b""
) -> str:
    client = client_of("owner", scene, TABLE[route])
    answer, found = send(client, method, address, body)
    is_bad = answer.status_code not in ANSWERS or SECRET in found or OTHER in found
    is_bad = is_bad or "x" in answer.cookies
    return f"{method} {address[:90]}: {answer.status_code}" if is_bad else ""


def body_for(route: str, attack: str) -> bytes:
    if "mpu/create" in route:
        return json.dumps({"path": "x.bin", "num_parts": 1}).encode()
    return b"content"


@pytest.mark.django_db
@pytest.mark.sample(6)
@pytest.mark.parametrize("route", WITH_PATH)
def test_no_path_in_an_address_leads_out(scene: Scene, store: Path, route: str) -> None:
    part, row = path_part(route), TABLE[route]
    before = everything_in(store)
    found = []
    for name in names(store, EVERY):
        base = path_of(route.removesuffix(f"<path:{part}>"), row, scene.fill)
        run = "1/first/artifacts/" if part == "address" else ""
        for method in row.needs:
            content = body_for(route, name)
            found.append(wrong(scene, route, method, base + run + name, content))
    assert list(filter(None, found)) == []
    assert everything_in(store) == before


class Spy:
    """Notes which parameters of the query string a view reads."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.read: set[str] = set()
        for method in ("get", "getlist", "__getitem__", "__contains__"):
            patch.setattr(QueryDict, method, self._noting(method))
        patch.setattr(QueryDict, "lists", self._noting_all())

    def _noting(self, method: str) -> Any:
        plain = getattr(QueryDict, method)

        def call(query: QueryDict, key: str, *more: Any, **named: Any) -> Any:
            self.read.add(key)
            return plain(query, key, *more, **named)

        return call

    def _noting_all(self) -> Any:
        plain = QueryDict.lists

        def call(query: QueryDict) -> Any:
            self.read.add("*")
            return plain(query)

        return call


def path_parameters(scene: Scene, route: str) -> set[str]:
    with pytest.MonkeyPatch.context() as patch:
        spy = Spy(patch)
        client = client_of("owner", scene, TABLE[route])
        # Views that read all parameters note only those that they are given.
        given = ("path", "file", "folder", "open", *MLFLOW_NAMES)
        query = "&".join([*(f"{name}=out.txt" for name in given), "run_id=first"])
        send(client, "GET", f"{path_of(route, TABLE[route], scene.fill)}?{query}")
    named = {name for name in spy.read if PATH_NAME.search(name)}
    # MLflow's endpoints decode the whole query string.
    return named | (set(MLFLOW_NAMES) if "*" in spy.read else set())


@pytest.mark.django_db
@pytest.mark.sample(5)
@pytest.mark.parametrize("route", READING)
def test_no_path_in_a_parameter_leads_out(
    scene: Scene, store: Path, route: str
) -> None:
    parameters = path_parameters(scene, route)
    found = []
    for name in names(store, EVERY) if parameters else []:
        query = "&".join(f"{one}={name}" for one in sorted(parameters))
        base = path_of(route, TABLE[route], scene.fill)
        more = f"&{MLFLOW_QUERY}" if "/api/" in route else ""
        found.append(wrong(scene, route, "GET", f"{base}?{query}{more}"))
    assert list(filter(None, found)) == []


@pytest.mark.django_db
def test_the_search_for_parameters_finds_those_that_are_known(scene: Scene) -> None:
    run = "w/<str:workspace>/runs/<str:run_id>/"
    model = "w/<str:workspace>/api/2.0/mlflow/logged-models/<str:model_id>/artifacts/"
    known = {
        f"{run}snapshot/": "path",
        f"{run}files/tree/": "folder",
        f"{run}logs/lines/": "path",
        f"{model}files": "artifact_file_path",
        f"{model}directories": "artifact_directory_path",
    }
    for route, name in known.items():
        assert name in path_parameters(scene, route), route


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["create", "complete", "abort"])
def test_the_name_of_a_part_upload_leads_nowhere(
    scene: Scene, store: Path, step: str
) -> None:
    route = f"w/<str:workspace>/api/2.0/mlflow-artifacts/mpu/{step}/<path:address>"
    base = f"/w/lab/api/2.0/mlflow-artifacts/mpu/{step}/1/first/artifacts"
    found = []
    for name in names(store, EVERY):
        local = unquote(name, errors="surrogateescape")
        body = json.dumps({"path": local, "upload_id": local, "num_parts": 1})
        found.append(wrong(scene, route, "POST", base, body.encode()))
    assert list(filter(None, found)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted({*TRAVERSALS} - {"%00"}))
def test_a_snapshot_with_such_a_name_is_refused(scene: Scene, name: str) -> None:
    route = "api/v1/workspaces/<str:workspace>/runs/<str:run_id>/snapshot"
    client = client_of("owner", scene, TABLE[route])
    address = path_of(route, TABLE[route], scene.fill)
    answer, _found = send(client, "PUT", address, archive_of(unquote(name)))
    # `zipfile` ends a name at NUL. What is left can be a plain name: another snapshot.
    assert answer.status_code in ({400, 409} if "%00" in name else {400})


@pytest.mark.parametrize("name", TRAVERSALS)
def test_the_one_rule_refuses_it(name: str) -> None:
    with pytest.raises(InvalidValue):
        check_path(unquote(name).replace("{outside}", "etc/passwd"))


@pytest.mark.parametrize("name", BROKEN)
def test_the_one_rule_refuses_what_is_no_text(name: str) -> None:
    with pytest.raises(InvalidValue):
        check_path(unquote(name, errors="surrogateescape"))


@pytest.mark.parametrize("name", LEGAL)
def test_the_one_rule_keeps_a_legal_name(name: str) -> None:
    text = unquote(name).replace("{outside}", "etc/passwd")
    assert check_path(text) == text
