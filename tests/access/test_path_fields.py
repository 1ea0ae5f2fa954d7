"""Hostile names in fields of requests: REST, MLflow's protocol and the forms of pages.

The fields are found in the schemas of the URL table's endpoints, and in what a page's
view reads of a form. A new field is attacked without a change here.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote

import pytest
from django.db import transaction

from runs.actions.files.uploaded_sources import save_uploaded_sources
from runs.api.mlflow import decoding
from runs.api.mlflow import endpoints as mlflow_endpoints
from runs.api.v1.routes import ROUTES as REST_ROUTES
from runs.models import Workspace, now_ms
from runs.storage.files import list_members
from studio.core.errors import StudioError
from studio.core.names import check_path
from tests.access.path_attacks import EVERY
from tests.access.path_fields import PATH_NAME, bodies_with_paths
from tests.access.table import SAMPLES, TABLE
from tests.access.test_every_url import Scene, client_of, path_of
from tests.access.test_path_attacks import (
    ROUTES,
    Spy,
    archive_of,
    names,
    scene,
    send,
    store,
    wrong,
)

__all__ = ["scene", "store"]

REST = [
    (cast("Any", view).operation, f"api/v1/{route}")
    for routes in REST_ROUTES.values()
    for route, views in routes.items()
    for view in views
]
#: The views are the same without a workspace.
MLFLOW = [
    (route, method)
    for route in ROUTES
    if route.startswith("w/<str:workspace>/api/2.0/")
    for method in TABLE[route].needs
    if method not in ("GET", "HEAD")
]
FORMS = [
    route
    for route in ROUTES
    if route.startswith("w/<str:workspace>/")
    and "/api/" not in route
    and "POST" in TABLE[route].needs
    and "secret" not in route
]


def texts(store: Path) -> list[str]:
    return [unquote(name, errors="surrogateescape") for name in names(store, EVERY)]


@pytest.mark.django_db
def test_no_field_of_rest_leads_out(scene: Scene, store: Path) -> None:
    found, fields = [], set()
    for operation, route in REST:
        address = path_of(route, TABLE[route], scene.fill)
        for text in texts(store):
            for field, body in fields_of(operation.body, text):
                fields.add((route.rpartition("/")[2], field))
                sent = json.dumps(body).encode()
                found.append(wrong(scene, route, operation.method, address, sent))
            for field, query in fields_of(operation.query, text):
                fields.add((route.rpartition("/")[2], field))
                words = {key: _quoted(value) for key, value in query.items()}
                asked = "&".join(f"{key}={value}" for key, value in words.items())
                found.append(
                    wrong(scene, route, operation.method, f"{address}?{asked}")
                )
    assert list(filter(None, found)) == []
    assert {("files", "folder"), ("uploads", "path"), ("logs", "path")} <= fields


def fields_of(schema: Any, text: str) -> Iterator[tuple[str, Any]]:
    return iter(()) if schema is None else bodies_with_paths(schema, text)


def _quoted(value: object) -> str:
    return quote(str(value), errors="surrogateescape")


@pytest.mark.django_db
def test_no_field_of_the_mlflow_protocol_leads_out(scene: Scene, store: Path) -> None:
    found, fields = [], set()
    for route, method in MLFLOW:
        address = path_of(route, TABLE[route], scene.fill)
        for schema in schemas_of(scene, route, method):
            for text in texts(store):
                for field, body in bodies_with_paths(schema, text):
                    fields.add((schema.__name__, field))
                    sent = json.dumps(body).encode()
                    found.append(wrong(scene, route, method, address, sent))
    assert list(filter(None, found)) == []
    assert {("CreateUpload", "path"), ("CreateVersion", "source")} <= fields


@pytest.mark.django_db
def test_no_field_of_a_form_leads_out(scene: Scene, store: Path) -> None:
    found, fields = [], set()
    for route in FORMS:
        address = path_of(route, TABLE[route], scene.fill)
        for field in form_fields(scene, route):
            fields.add((route.rpartition(">/")[2], field))
            for text in texts(store):
                sent = f"{field}={_quoted(text)}".encode()
                found.append(wrong(scene, route, "FORM", address, sent))
    assert list(filter(None, found)) == []
    assert ("new-run/", "source") in fields


@pytest.mark.django_db
def test_no_name_in_uploaded_sources_leads_out(scene: Scene, store: Path) -> None:
    workspace = Workspace.objects.get(name=SAMPLES["workspace"])
    kept = []
    # `zipfile` writes no empty name, and ends a name at NUL.
    for name in names(store, sorted({*EVERY} - {"%00"})):
        archive = io.BytesIO(archive_of(unquote(name)))
        with contextlib.suppress(StudioError), transaction.atomic():
            found = save_uploaded_sources(workspace, archive, now=now_ms())
            kept += [member.path for member in list_members(found.blob)]
    assert [check_path(path) for path in kept] == kept
    assert "..." in kept


def schemas_of(scene: Scene, route: str, method: str) -> list[Any]:
    found: list[Any] = []
    decode = decoding.decode

    def noting(request: Any, body: Any) -> Any:
        found.append(body)
        return decode(request, body)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlflow_endpoints, "decode", noting)
        client = client_of("owner", scene, TABLE[route])
        send(client, method, path_of(route, TABLE[route], scene.fill), b"{}")
    return found


def form_fields(scene: Scene, route: str) -> set[str]:
    with pytest.MonkeyPatch.context() as patch:
        spy = Spy(patch)
        client = client_of("owner", scene, TABLE[route])
        client.post(path_of(route, TABLE[route], scene.fill), {})
    return {name for name in spy.read if PATH_NAME.search(name)}
