"""The OpenAPI document: valid, complete, and true of the answers."""

from __future__ import annotations

import importlib
import json
import pkgutil
from html import unescape
from typing import Any

import pytest
from django.urls import URLPattern, get_resolver
from openapi_spec_validator import validate

import runs.api.v1
from runs.api.v1 import urls
from runs.api.v1.documentation import short_path
from runs.api.v1.openapi import list_operations, openapi_document, readable_path
from runs.models import StudioIdentity
from tests.access.people import browser_of
from tests.api.rest import Rest


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return openapi_document("https://studio.example/api/v1")


def test_the_document_is_valid(openapi: dict[str, Any]) -> None:
    validate(json.loads(json.dumps(openapi)))
    assert openapi["openapi"] == "3.1.0"


def test_every_address_is_in_the_document(openapi: dict[str, Any]) -> None:
    routes = {f"/{readable_path(str(p.pattern))}" for p in urls.urlpatterns}
    about_itself = {"/", "/openapi.json"}
    assert set(openapi["paths"]) == routes - about_itself


def test_every_operation_has_a_unique_name_and_a_description() -> None:
    names = [operation.name for _, _, operation in list_operations()]
    assert len(names) == len(set(names))
    assert all(operation.text for _, _, operation in list_operations())


def test_every_schema_reference_resolves(openapi: dict[str, Any]) -> None:
    text = json.dumps(openapi)
    schemas = openapi["components"]["schemas"]
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.split('"')[0] in schemas


def test_the_server_serves_the_openapi_document(rest: Rest) -> None:
    answer = rest.client.get("/api/v1/openapi.json")
    found = json.loads(answer.content)
    assert found["servers"] == [{"url": "http://testserver/api/v1"}]
    assert "/workspaces/{workspace}/runs/{run_id}/metrics" in found["paths"]


def test_browsers_get_a_page_with_every_operation(rest: Rest) -> None:
    answer = browser_of(rest.user).get("/api/v1/", headers={"Accept": "text/html"})
    page = unescape(answer.content.decode())
    for _, path, operation in list_operations():
        assert f"{operation.method} {short_path(path)}" in page
        assert operation.text.split("\n")[0].split(".")[0][:20] in page


def test_programs_get_the_address_of_the_document(rest: Rest) -> None:
    answer = rest.client.get("/api/v1/", headers={"Accept": "application/json"})
    assert answer.json() == {"openapi": "http://testserver/api/v1/openapi.json"}


def test_the_fields_of_the_filter_language_are_listed(rest: Rest) -> None:
    fields = rest.client.get("/api/v1/fields").json()["fields"]
    by_name = {field["name"]: field for field in fields}
    assert {"id", "status", "created", "metrics.<key>", "tags.<key>"} <= set(by_name)
    assert "in" in by_name["status"]["operators"]


def test_the_workspaces_of_the_caller_are_listed(rest: Rest) -> None:
    StudioIdentity.objects.create(identity="ab" * 16, created=1)
    found = rest.client.get("/api/v1/workspaces").json()
    assert found == {
        "user": rest.user.username,
        "server": "ab" * 16,
        "workspaces": [{"name": "lab", "role": "contributor"}],
    }


def test_no_other_address_starts_with_the_api_prefix() -> None:
    outside = [
        pattern
        for pattern in get_resolver().url_patterns
        if isinstance(pattern, URLPattern) and str(pattern.pattern).startswith("api/v1")
    ]
    assert outside == []


def test_every_endpoint_has_a_route() -> None:
    modules = pkgutil.iter_modules(runs.api.v1.__path__, "runs.api.v1.")
    endpoints = {
        operation.name
        for module in modules
        for value in vars(importlib.import_module(module.name)).values()
        if (operation := getattr(value, "operation", None)) is not None
    }
    assert endpoints == {operation.name for _, _, operation in list_operations()} | {
        "openapi"
    }
