"""A local HTTP server with fixed responses, for clients that expect something else."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class FixedResponse(http.server.BaseHTTPRequestHandler):
    """Subclasses call `respond` in `on_get` and `on_post`."""

    def do_GET(self) -> None:
        self.on_get()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.on_post()

    def on_get(self) -> None:
        self.respond(404, {})

    def on_post(self) -> None:
        self.respond(404, {})

    def respond(self, status: int, body: object, **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_words: object) -> None:
        pass


@contextmanager
def serving(handler: type[FixedResponse]) -> Iterator[str]:
    """Serve on a free port of this machine; yield the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
