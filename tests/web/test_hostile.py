"""Clients that break the rules of HTTP, or follow them to the server's harm."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop
from django.http import HttpResponse, StreamingHttpResponse
from uvicorn.server import ServerState

from runs.http.environ_keys import AUTHORIZE_ONLY
from runs.management.web.asgi_application import AsgiApplication
from runs.management.web.connection import Connection
from runs.management.web.server import uvicorn_configuration
from tests.parts.server import Server
from tests.parts.waiting import run_apart
from tests.web.raw import ask, head, link, read_all, status

CLOSE = "Connection: close"
CHUNKED = "Transfer-Encoding: chunked"


def test_thousands_of_pipelined_requests_are_refused(hurried: Server) -> None:
    with link(hurried) as made:
        made.sendall(head("GET", "/healthz") * 1000)
        answers = read_all(made).count(b"HTTP/1.1 200")
    assert answers < 100


def test_trailers_of_a_chunked_body_are_not_headers(
    hurried: Server, artifacts: str
) -> None:
    request = head("PUT", f"{artifacts}/late", CHUNKED, CLOSE, token=hurried.token)
    body = b"2\r\nok\r\n0\r\nHost: evil.example\r\nExpect: 100-continue\r\n\r\n"
    assert status(ask(hurried, request + body)) == 200


def test_garbage_from_a_client_does_not_corrupt_its_response(
    hurried: Server, artifacts: str
) -> None:
    with link(hurried) as made:
        made.sendall(head("GET", f"{artifacts}/big.bin", token=hurried.token))
        answer = made.recv(65536)
        made.sendall(b"\x00no request\r\n\r\n")
        answer += read_all(made)
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    ("sent", "count"),
    [
        (head("POST", "/sign-in/", "Content-Length: 9"), 0),
        (head("GET", "/readyz") * 3, 2),
        (head("PUT", "/file", "Content-Length: 999999"), 2),
    ],
    ids=["in its body", "before its answers", "before it is told of a full disk"],
)
def test_a_client_that_aborts_causes_no_error(
    sent: bytes, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[Connection] = []
    calls: list[Any] = []
    lost = threading.Event()

    def application(environ: Any, start: Any) -> HttpResponse:
        calls.append(environ)
        if AUTHORIZE_ONLY in environ:
            raise OSError(errno.ENOSPC, "full")
        # Reading goes on after the first answer, so that the end is noticed.
        assert len(calls) == 1 or lost.wait(30)
        start("200 OK", [])
        return HttpResponse("late")

    async def work() -> None:
        loop = asyncio.get_running_loop()

        def connection() -> Connection:
            made.append(Connection(config, state, app_state={}))
            return made[-1]

        config, state = (
            uvicorn_configuration(AsgiApplication(application)),
            ServerState(),
        )
        server = await loop.create_server(connection, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        await until(lambda: bool(state.tasks))
        await until(lambda: len(calls) == count)
        # As a program does that is killed.
        writer.transport.abort()
        await until(lambda: made[0].is_lost)
        lost.set()
        await until(lambda: not state.tasks)
        server.close()

    with caplog.at_level(logging.ERROR):
        run_apart(work(), uvloop.run)
    assert not caplog.records


def test_a_full_disk_during_a_response_logs_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"begun"
        raise OSError(errno.ENOSPC, "The disk is full")

    def application(_environ: Any, start: Any) -> StreamingHttpResponse:
        start("200 OK", [])
        return StreamingHttpResponse(pieces())

    async def work() -> None:
        loop, state = asyncio.get_running_loop(), ServerState()
        config = uvicorn_configuration(AsgiApplication(application))
        server = await loop.create_server(
            lambda: Connection(config, state, app_state={}), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("GET", "/export.csv"))
        with contextlib.suppress(ConnectionError):
            assert not (await reader.read()).endswith(b"0\r\n\r\n")
        await until(lambda: not state.tasks)
        server.close()

    run_apart(work(), uvloop.run)
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "The disk is full" in record.getMessage()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)
