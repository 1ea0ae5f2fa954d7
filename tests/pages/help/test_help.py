"""Help: logging from another machine, and the list of fields."""

from __future__ import annotations

from typing import Any

from django.test import Client

from studio import __version__
from tests.parts.elements import hrefs, texts

WHEEL = f"/dist/run_studio-{__version__}-py3-none-any.whl"


def test_help_names_the_client_and_the_server_address(
    visitor: Client, settings: Any
) -> None:
    settings.STUDIO_ORIGIN = "https://studio.example.org"
    page = visitor.get("/help/").text
    assert f"pip install https://studio.example.org{WHEEL}" in page
    assert "studio login https://studio.example.org<" in page
    api = visitor.get("/api/v1/", headers={"accept": "text/html"}).text
    assert "https://studio.example.org/api/v1/workspaces<" in api
    assert "Only the server’s own machine" not in page


def test_a_loopback_address_is_marked_as_such(visitor: Client) -> None:
    page = visitor.get("/help/", headers={"host": "127.0.0.1:8000"}).text
    assert "studio login http://127.0.0.1:8000<" in page
    assert "Only the server’s own machine" in page


def test_the_rest_api_is_linked_and_both_kinds_of_scripts_are_named(
    visitor: Client,
) -> None:
    page = visitor.get("/help/").text
    assert "/api/v1/" in hrefs(page)
    assert "azureml.core" in page
    assert "MLflow" in page


def test_fields_are_listed(visitor: Client) -> None:
    fields = texts(visitor.get("/help/"), "td code")
    assert {"description", "log"} <= set(fields)
