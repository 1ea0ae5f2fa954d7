"""Clients that are slow on purpose, thousands of them in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field

#: What an attacker announces, and how often it sends a byte of that.
ANNOUNCED = 1_000_000
BYTE_SECONDS = 1.0


@dataclass
class Crowd:
    """Connections that are opened again whenever the server closes them."""

    host: str
    port: int
    token: str = ""
    byte_seconds: float = BYTE_SECONDS
    #: By kind: connections that were opened, and statuses that were answered.
    opened: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def head(self, method: str, path: str, *lines: str) -> bytes:
        start = [f"{method} {path} HTTP/1.1", "Host: localhost", *lines]
        return ("\r\n".join(start) + "\r\n\r\n").encode()

    def strangers(self, count: int) -> None:
        """Send the form for signing in with a CSRF cookie of their own making."""
        secret = "a" * 32
        head = self.head(
            "POST",
            "/sign-in/",
            f"Cookie: studio_csrf_{self.port}={secret}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {ANNOUNCED}",
        )
        self._start("stranger", count, head)

    def searchers(self, count: int) -> None:
        """Ask for runs in JSON, a byte at a time."""
        self._start("search", count, self._with_token("POST", SEARCH))

    def uploaders(self, count: int, path: str) -> None:
        self._start("upload", count, self._with_token("PUT", path))

    def _with_token(self, method: str, path: str) -> bytes:
        return self.head(
            method,
            path,
            f"Authorization: Bearer {self.token}",
            "Content-Type: application/json",
            f"Content-Length: {ANNOUNCED}",
        )

    def deaf(self, count: int, path: str) -> None:
        """Ask for a file and do not read it."""
        line = f"Authorization: Bearer {self.token}"
        head = self.head("GET", path, line)
        for _ in range(count):
            self._run(self._ask_and_ignore(head))

    def _start(self, kind: str, count: int, head: bytes) -> None:
        for _ in range(count):
            self._run(self._send_slowly(kind, head))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _send_slowly(self, kind: str, head: bytes) -> None:
        while True:
            try:
                await self._one_slow(kind, head)
            except OSError:
                await asyncio.sleep(0.05)

    async def _one_slow(self, kind: str, head: bytes) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        self.opened[kind] += 1
        try:
            writer.write(head)
            while True:
                writer.write(b"x")
                try:
                    async with asyncio.timeout(self.byte_seconds):
                        answer = await reader.read(65536)
                except TimeoutError:
                    continue
                if not answer:
                    return
                if answer.startswith(b"HTTP/1.1 "):
                    self.answered[f"{kind} {answer[9:12].decode()}"] += 1
        finally:
            writer.transport.abort()

    async def _ask_and_ignore(self, head: bytes) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.closing(socket.socket()) as link:
                link.setblocking(False)
                try:
                    await loop.sock_connect(link, (self.host, self.port))
                    await loop.sock_sendall(link, head)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                self.opened["deaf"] += 1
                while not is_broken(link):
                    await asyncio.sleep(0.5)


SEARCH = "/api/2.0/mlflow/runs/search"


def is_broken(link: socket.socket) -> bool:
    """Whether the other end has cut the connection; nothing is read."""
    poll = select.poll()
    poll.register(link, select.POLLIN)
    events = poll.poll(0)
    return bool(events and events[0][1] & (select.POLLERR | select.POLLHUP))


async def upload(
    host: str, port: int, token: str, path: str, size: int, rate: float
) -> int:
    """An honest upload over a thin line; the status that answered it, 0 for none."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return 0
    try:
        writer.write(
            f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}"
            f"\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode()
        )
        piece = int(rate / 4)
        for start in range(0, size, piece):
            writer.write(bytes(min(piece, size - start)))
            await writer.drain()
            await asyncio.sleep(0.25)
        line = await reader.readline()
        return int(line.split()[1]) if line else 0
    except OSError:
        return 0
    finally:
        writer.transport.abort()
