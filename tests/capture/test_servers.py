"""Which tracking URIs lead to Run Studio, and the token that is used there."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from studio.capture.servers import find_server
from tests.capture.captured import Script
from tests.parts.server import Server

VARIABLES = ("TOKEN", "USERNAME", "PASSWORD")


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    for name in ("HOME", "STUDIO_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("STUDIO_URL", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def other_server() -> Iterator[str]:
    """A server that answers 404 to everything."""
    httpd = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


@pytest.mark.parametrize("way", ["token", "password", "address", "netrc"])
def test_the_token_comes_from_where_mlflow_takes_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    parts, token = urlsplit(server.url), server.token
    uri = f"{server.url}/w/default"
    if way == "token":
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
    elif way == "password":
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", token)
    elif way == "address":
        uri = f"http://me:{token}@{parts.netloc}/w/default"
    else:
        (tmp_path / ".netrc").write_text(
            f"machine {parts.hostname} login me password {token}\n"
        )
        (tmp_path / ".netrc").chmod(0o600)
    # Each address is asked once, so each case has its own.
    client = find_server(f"{uri}?{way}", "r1")
    assert client is not None
    assert (client.url, client.token, client.workspace) == (
        server.url,
        token,
        "default",
    )


def test_without_a_workspace_the_one_with_the_run_is_found(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", script.server.token)
    client = find_server(script.server.url, script.new_run())
    assert client is not None
    assert client.workspace == "default"
    assert find_server(f"{script.server.url}/", "no-such-run") is None


@pytest.mark.parametrize(
    "uri",
    ["file:mlruns", "sqlite:///x.db", "databricks", "", "http:///w/default"],
)
def test_other_stores_are_not_asked(uri: str) -> None:
    assert find_server(uri, "r1") is None


@pytest.mark.parametrize("path", ["", "/w/default", "/mlflow"])
def test_other_servers_get_no_log(
    other_server: str, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t")
    assert find_server(f"{other_server}{path}", "r1") is None


def test_a_wrong_token_and_a_strange_workspace_get_no_log(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_server(f"{server.url}/w/default?none", "r1") is None
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "wrong")
    assert find_server(f"{server.url}/w/default?wrong", "r1") is None
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    assert find_server(f"{server.url}/w/other", "r1") is None
