"""A server of another version: what it answers, and what is said of it."""

from __future__ import annotations

import http.server
import io
import json
import socket
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest

from studio import __version__
from studio.core.errors import InvalidValue
from studio.sdk.client import Client
from studio.sdk.responses import VERSION_HEADER, Unreachable


class Newer(http.server.BaseHTTPRequestHandler):
    """A server of a later version, which refuses whatever is posted."""

    def do_GET(self) -> None:
        self.answer(200, {"runs": []})

    def do_POST(self) -> None:
        self.answer(400, {"error": {"code": "InvalidValue", "message": "No."}})

    def answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header(VERSION_HEADER, "99.0.0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def newer() -> Iterator[Client]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Newer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Client(f"http://127.0.0.1:{server.server_address[1]}", "rs_x", "default")
    yield client
    client.close()
    server.shutdown()
    server.server_close()


def test_a_server_of_another_version_is_reported_once(newer: Client) -> None:
    words = f"This client is version {__version__} and .* is version 99.0.0: install"
    with pytest.warns(UserWarning, match=words):
        newer.get("runs")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        newer.get("runs")


def test_a_refusal_can_depend_on_the_server_version(newer: Client) -> None:
    with pytest.raises(InvalidValue, match=r"No\. This client is version .*/dist/"):
        newer.post("runs", {})


def ask(client: Client) -> None:
    client.json("POST", "runs", {}, timeout=0.1)


def send_file(client: Client) -> None:
    client.upload("runs/r1/snapshot", io.BytesIO(b"zip"), 3, timeout=0.1)


@pytest.mark.parametrize("call", [ask, send_file])
def test_a_silent_server_is_requested_once_within_the_timeout(
    call: Callable[[Client], None],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unreachable, match="timed out"):
            call(Client(address, "rs_x", "default"))
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()
