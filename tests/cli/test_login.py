"""`studio login`: a token is tried against the real server before it is kept."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from studio.cli.commands import studio
from studio.cli.login import choose_workspace, parse_address
from studio.core.connection import login_file
from tests.parts.server import Server


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "none"))


def login(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(studio, ["login", *words], input=given)


def kept() -> dict[str, str]:
    found: dict[str, str] = json.loads(login_file().read_text())
    return found


def test_a_valid_token_is_stored(server: Server) -> None:
    words = ("--token", server.token, "--workspace", "default")
    done = login(f"{server.url}/", *words)
    assert done.exit_code == 0, done.output
    assert kept() == {"url": server.url, "token": server.token, "workspace": "default"}


def test_the_token_is_read_without_echo(server: Server) -> None:
    done = login(f"{server.url}/w/default/runs/", given=f"{server.token}\n")
    assert done.exit_code == 0, done.output
    assert kept()["workspace"] == "default"
    assert server.token not in done.output


def test_an_invalid_token_is_not_stored(server: Server) -> None:
    done = login(server.url, "--token", "rs_wrong")
    assert done.exit_code == 1
    assert f"Make one at {server.url}/account/" in done.output
    assert not login_file().exists()


def test_a_workspace_without_access_is_refused(server: Server) -> None:
    done = login(server.url, "--token", server.token, "--workspace", "unknown")
    assert done.exit_code == 2
    assert "reaches no workspace 'unknown'; it reaches default" in done.output


def test_an_unreachable_server_is_named() -> None:
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        done = login(url, "--token", "t")
    assert done.exit_code == 1
    assert f"{url} cannot be reached" in done.output


class Elsewhere(BaseHTTPRequestHandler):
    """Another service: sends on, or answers with something that is not ours."""

    asked: tuple[str, ...] = ()

    def do_GET(self) -> None:
        type(self).asked += (self.path,)
        sends_on = "sends-on" in self.headers["Authorization"]
        self.send_response(302 if sends_on else 200)
        self.send_header("Location", f"http://{self.headers['Host']}/stolen")
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    Elsewhere.asked = ()
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{other.server_port}"
        other.shutdown()


def test_a_redirect_target_does_not_get_the_token(elsewhere: str) -> None:
    done = login(elsewhere, "--token", "sends-on")
    assert done.exit_code == 1
    assert f"sends on to {elsewhere}/stolen" in done.output
    assert Elsewhere.asked == ("/api/v1/workspaces",)


def test_another_service_is_recognized(elsewhere: str) -> None:
    done = login(elsewhere, "--token", "t")
    assert done.exit_code == 1
    assert "is not a Run Studio server" in done.output


@pytest.mark.parametrize(
    "url", ["studio.example.org", "ftp://a.example", "https://", "http://a:b@c.example"]
)
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(click.BadParameter, match="such as https://"):
        parse_address(url)


@pytest.mark.parametrize(
    ("url", "server", "workspace"),
    [
        ("https://a.example", "https://a.example", ""),
        ("https://a.example:8443/", "https://a.example:8443", ""),
        ("https://a.example/w/team-a/runs/?q=1", "https://a.example", "team-a"),
        ("http://[::1]:8000/account/", "http://[::1]:8000", ""),
    ],
)
def test_an_address_copied_from_the_browser_is_accepted(
    url: str, server: str, workspace: str
) -> None:
    found = parse_address(url)
    assert (found.url, found.workspace) == (server, workspace)


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [("", ["a"], "a"), ("b", ["a", "b"], "b")],
)
def test_a_workspace_is_chosen(wanted: str, there: list[str], expected: str) -> None:
    assert choose_workspace(wanted, there) == expected


@pytest.mark.parametrize(
    ("wanted", "there"), [("", ["a", "b"]), ("", []), ("c", ["a"])]
)
def test_a_workspace_is_not_guessed(wanted: str, there: list[str]) -> None:
    with pytest.raises(click.BadParameter):
        choose_workspace(wanted, there)


def test_a_token_is_read_from_a_pipe(server: Server) -> None:
    done = login(f"{server.url}/w/default/", given=f"{server.token}\nmore\n")
    assert done.exit_code == 0, done.output
    assert "Token" not in done.output
    assert kept()["token"] == server.token


def test_an_invalid_address_is_refused_before_a_token_is_read() -> None:
    done = login("studio.example.org", given="")
    assert done.exit_code == 2
    assert "must be a server's address" in done.output
