"""Clients that break the rules of HTTP, or follow them to the server's harm."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
import uvloop
from uvicorn.server import ServerState

from runs.management.web.front import Front
from runs.management.web.protocol import Connection
from runs.management.web.serving import configuration
from tests.parts.server import Server
from tests.web.raw import ask, head, link, read_all, status

CLOSE = "Connection: close"
CHUNKED = "Transfer-Encoding: chunked"


def test_requests_that_are_sent_ahead_by_the_thousand_are_not_kept(
    hurried: Server,
) -> None:
    with link(hurried) as made:
        made.sendall(head("GET", "/healthz") * 1000)
        answers = read_all(made).count(b"HTTP/1.1 200")
    assert answers < 100


def test_what_follows_a_chunked_body_is_no_header(
    hurried: Server, artifacts: str
) -> None:
    request = head("PUT", f"{artifacts}/late", CHUNKED, CLOSE, token=hurried.token)
    body = b"2\r\nok\r\n0\r\nHost: evil.example\r\nExpect: 100-continue\r\n\r\n"
    assert status(ask(hurried, request + body)) == 200


def test_nothing_is_written_into_an_answer_when_its_client_sends_garbage(
    hurried: Server, artifacts: str
) -> None:
    with link(hurried) as made:
        made.sendall(head("GET", f"{artifacts}/big.bin", token=hurried.token))
        answer = made.recv(65536)
        made.sendall(b"\x00no request\r\n\r\n")
        answer += read_all(made)
    assert answer.count(b"HTTP/1.1") == 1


def test_a_client_that_aborts_its_body_causes_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        front = Front(no_application)
        config, state = configuration(front), ServerState()

        def connection() -> Connection:
            return Connection(config, state, app_state={})

        server = await loop.create_server(connection, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("POST", "/sign-in/", "Content-Length: 9"))
        while not state.tasks:
            await asyncio.sleep(0)
        [task] = state.tasks
        # As a program does that is killed.
        writer.transport.abort()
        await asyncio.wait_for(task, 10)
        server.close()

    with caplog.at_level(logging.ERROR):
        uvloop.run(work())
    assert not caplog.records


def no_application(_environ: Any, _start: Any) -> Any:
    raise AssertionError("A request without its whole body is nobody's work")
