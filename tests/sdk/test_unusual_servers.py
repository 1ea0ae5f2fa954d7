"""The client with a server of another version, and with one that is silent."""

from __future__ import annotations

import io
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from studio import __version__
from studio.core.errors import InvalidValue
from studio.sdk.client import Client
from studio.sdk.responses import VERSION_HEADER, Unreachable
from tests.parts.fake_http import FixedResponse, serving

NEWER_VERSION = {VERSION_HEADER: "99.0.0"}


class Newer(FixedResponse):
    """A server of a later version, which refuses whatever is posted."""

    def on_get(self) -> None:
        self.respond(200, {"runs": []}, **NEWER_VERSION)

    def on_post(self) -> None:
        error = {"code": "InvalidValue", "message": "No."}
        self.respond(400, {"error": error}, **NEWER_VERSION)


@pytest.fixture
def newer() -> Iterator[Client]:
    with serving(Newer) as address, closing(Client(address, "rs_x", "default")) as made:
        yield made


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
