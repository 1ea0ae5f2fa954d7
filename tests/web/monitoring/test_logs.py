"""Lines of the log are JSON by a setting, and name the request that they are about."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.http.log_lines import JsonLines, TextLines
from tests.parts.manage import run_script
from tests.parts.server import copy_prepared_home

ID = "proxy-1234.abc"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the server logs about requests, as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("studio.requests")
    log.addHandler(handler)
    yield stream
    log.removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/none/", "/sign-in/", "/account/"])
def test_each_response_has_an_id(client: Client, path: str) -> None:
    first, second = (client.get(path).headers["X-Request-ID"] for _ in range(2))
    assert first != second
    assert len(first) == 16
    answer = client.get(path, headers={"X-Request-ID": ID})
    assert answer.headers["X-Request-ID"] == ID


@pytest.mark.parametrize("sent", ["a b", "x" * 65, '"', "\u00e9", "a\tb"])
def test_a_hostile_id_is_replaced(client: Client, sent: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": sent})
    assert answer.headers["X-Request-ID"] != sent


@pytest.mark.django_db
def test_a_line_names_the_route_and_no_secret(
    client: Client, settings: Any, lines: io.StringIO
) -> None:
    client.get("/sign-in/link/hushhush/")
    assert lines.getvalue() == ""
    settings.LOG_REQUESTS = True
    answer = client.get("/sign-in/link/hushhush/?next=hush")
    line = json.loads(lines.getvalue())
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["method"], line["status"]) == ("GET", 404)
    assert line["route"] == "sign-in/link/<str:secret>/"
    assert "hush" not in lines.getvalue()


def record(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("studio", logging.INFO, "f.py", 1, message, values, None)


def test_a_json_line_has_no_line_break() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        found = record("failed: %s", "a\nb")
        found.exc_info = (ValueError, error, error.__traceback__)
    text = JsonLines().format(found)
    assert "\n" not in text
    line = json.loads(text)
    assert line["message"] == "failed: a\nb"
    assert "ValueError: two\nlines" in line["exception"]


def test_a_text_line_ends_with_the_request(client: Client) -> None:
    answer = client.get("/healthz")
    found = TextLines().format(record("hello"))
    assert found.endswith(f"INFO studio: hello [request {answer['X-Request-ID']}]")


ASK = """
import django; django.setup()
from django.test import Client
Client().get("/sign-in/", headers={"X-Request-ID": "SENT"}, HTTP_HOST="localhost")
"""


def test_settings_choose_the_lines(tmp_path: Path) -> None:
    copy_prepared_home(tmp_path / "home")

    def log(**env: str) -> str:
        done = run_script(tmp_path / "home", ASK.replace("SENT", ID), env=env)
        assert done.returncode == 0
        return done.stderr.strip()

    assert log() == ""
    assert log(STUDIO_LOG_REQUESTS="1").endswith(f"[request {ID}]")
    line = json.loads(log(STUDIO_LOG_REQUESTS="1", STUDIO_LOG_FORMAT="json"))
    assert (line["route"], line["status"]) == ("sign-in/", 200)
    assert line["request_id"] == ID
