"""A client of bare bytes, which does what no library would."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psutil

from tests.parts.server import Server

#: Far beyond every deadline of the tests' server: a test that waits as long has failed.
PATIENCE = 30


def port_of(server: Server) -> int:
    return urlsplit(server.url).port or 0


@contextmanager
def link(server: Server) -> Iterator[socket.socket]:
    made = socket.create_connection(("127.0.0.1", port_of(server)), timeout=PATIENCE)
    with contextlib.closing(made):
        yield made


def head(method: str, path: str, *lines: str, token: str = "") -> bytes:
    own = [f"Authorization: Bearer {token}"] if token else []
    words = [f"{method} {path} HTTP/1.1", "Host: localhost", *own, *lines]
    return ("\r\n".join(words) + "\r\n\r\n").encode()


def read_all(made: socket.socket) -> bytes:
    """What is sent until the server closes; a reset is an end, too."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := made.recv(1 << 20):
            found += piece
    return found


def read_answer(made: socket.socket) -> bytes:
    """One answer of known length: its head and its body may come apart."""
    found = b""
    while len(found) < _length(found):
        piece = made.recv(65536)
        assert piece, found
        found += piece
    return found


def _length(found: bytes) -> int:
    above, end, _body = found.partition(b"\r\n\r\n")
    if not end:
        return len(found) + 1
    [length] = re.findall(rb"(?i)\r\ncontent-length: (\d+)", above)
    return len(above + end) + int(length)


def ask(server: Server, request: bytes) -> bytes:
    """The whole answer to a request that asks to close the connection."""
    with link(server) as made:
        made.sendall(request)
        return read_all(made)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def web_process(server: Server) -> psutil.Process:
    """The one process that serves."""
    below = psutil.Process(server.process.pid).children(recursive=True)
    pids = {one.pid for one in below if "runs.management.web" in one.cmdline()}
    [found] = [one for one in below if one.pid in pids and one.ppid() in pids]
    return found
