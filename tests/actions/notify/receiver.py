"""A real HTTP server that gets webhooks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from runs.notify import HookMessage


class Receiver(ThreadingHTTPServer):
    """A real HTTP server that keeps what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.on_message: Callable[[], None] = lambda: None
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.drips = False
        self.hangs = False
        self.ends = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?token=t"

    def message(self) -> HookMessage:
        return HookMessage(self.url, "a secret", "n1.7", b'{"a": 1}')


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.got.append((self.path, dict(self.headers.items()), body))
        server.on_message()
        # One byte after the other: no single read takes long.
        while server.drips and not server.ends.wait(0.05):
            self.wfile.write(b".")
            self.wfile.flush()
        if server.hangs:
            server.ends.wait()
            return
        self.send_response(server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def hook_receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield server
        finally:
            server.ends.set()
            server.shutdown()
            thread.join()
