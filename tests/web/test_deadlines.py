"""The server disconnects clients that take too long, and serves slow ones."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.parts.server import Server
from tests.parts.slow import SEARCH, is_broken
from tests.parts.waiting import becomes
from tests.web.conftest import BIG
from tests.web.raw import ask, head, link, read_all, read_answer, status, web_process


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (SEARCH, "application/json"),
        ("/api/v1/workspaces/default/runs", "application/json"),
        ("/sign-in/", "text/html"),
    ],
)
def test_a_stalled_body_gets_a_408_in_the_format_of_the_path(
    hurried: Server, path: str, kind: str
) -> None:
    token = "" if path == "/sign-in/" else hurried.token
    with link(hurried) as made:
        made.sendall(head("POST", path, "Content-Length: 10", token=token) + b"{")
        answer = read_all(made)
    assert status(answer) == 408
    assert kind in answer.decode()
    assert b"connection: close" in answer


def test_the_error_of_a_slow_body_names_the_minimum_rate(hurried: Server) -> None:
    with link(hurried) as made:
        token = hurried.token
        made.sendall(head("POST", SEARCH, "Content-Length: 9", token=token) + b"{")
        body = json.loads(read_all(made).partition(b"\r\n\r\n")[2])
    assert body["error_code"] == "TEMPORARILY_UNAVAILABLE"
    assert "1024 bytes per second" in body["message"]


def test_stalled_headers_close_the_connection(hurried: Server) -> None:
    with link(hurried) as made:
        made.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
        assert status(read_all(made)) == 408


@pytest.mark.parametrize("start", [b"", b"\r\n\r\n"])
def test_a_connection_without_a_request_is_closed(
    hurried: Server, start: bytes
) -> None:
    with link(hurried) as made:
        made.sendall(start)
        assert not read_all(made).startswith(b"HTTP/1.1 200")


def test_an_idle_connection_stays_open_longer_than_the_header_timeout(
    hurried: Server,
) -> None:
    request = head("GET", "/healthz")
    with link(hurried) as made:
        assert answered(made, request)
        time.sleep(2)
        assert answered(made, request)


def answered(made: socket.socket, request: bytes) -> bool:
    made.sendall(request)
    return status(read_answer(made)) == 200


def test_endless_headers_are_refused(hurried: Server) -> None:
    assert status(ask(hurried, b"GET / HTTP/1.1\r\nA: " + b"a" * 100_000)) == 431


def test_chunk_extensions_do_not_fill_the_memory(hurried: Server) -> None:
    request = head("POST", SEARCH, "Transfer-Encoding: chunked", token=hurried.token)
    with link(hurried) as made:
        made.sendall(request + b"1;" + b"a" * 1_000_000)
        assert b" 200 " not in read_all(made)


@contextmanager
def big_download(server: Server, artifacts: str) -> Iterator[socket.socket]:
    with link(server) as made:
        made.sendall(head("GET", f"{artifacts}/big.bin", token=server.token))
        yield made


def test_a_client_that_stops_reading_is_disconnected_and_its_file_closed(
    hurried: Server, artifacts: str
) -> None:
    process = web_process(hurried)
    before = len(process.open_files())
    with big_download(hurried, artifacts) as made:
        assert becomes(lambda: len(process.open_files()) > before)
        assert becomes(lambda: is_broken(made))
    assert becomes(lambda: len(process.open_files()) == before)


def test_a_slow_reader_gets_the_whole_response(hurried: Server, artifacts: str) -> None:
    request = head(
        "GET", f"{artifacts}/big.bin", "Connection: close", token=hurried.token
    )
    begin, found = time.monotonic(), 0
    with link(hurried) as made:
        made.sendall(request)
        while piece := made.recv(1 << 20):
            found += len(piece)
            # Longer in all than what the server waits for one who reads nothing.
            time.sleep(0.1)
    assert found > BIG
    assert time.monotonic() - begin > 2


def test_a_client_that_disconnects_closes_its_file(
    hurried: Server, artifacts: str
) -> None:
    process = web_process(hurried)
    before = len(process.open_files())
    with big_download(hurried, artifacts) as made:
        assert made.recv(65536)
    assert becomes(lambda: len(process.open_files()) == before)
