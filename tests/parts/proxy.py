"""A network that can fail: a TCP proxy before the server, which drops and cuts."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """Listens on a port of its own and hands bytes on, until it is told to fail.

    `cut()` breaks every connection there is, in the middle of whatever; while it is
    `deaf` new ones are accepted and nothing is handed on; `close()` refuses them.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.deaf = False
        self._pairs: set[socket.socket] = set()
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self._accept_in_background()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        return listener

    def _accept_in_background(self) -> None:
        work = (self._listener,)
        threading.Thread(target=self._accept, args=work, daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self._pairs.add(near)
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self.target, timeout=5)
            far.settimeout(None)
        except OSError:
            _shut(near)
            return
        self._pairs.add(far)
        for one, other in ((near, far), (far, near)):
            work = (one, other)
            threading.Thread(target=self._pump, args=work, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.deaf:
                    target.sendall(data)
        for one in (source, target):
            _shut(one)
            self._pairs.discard(one)

    def cut(self) -> None:
        for one in list(self._pairs):
            _shut(one)

    def close(self) -> None:
        """The port refuses connections, as if nothing ran there."""
        _shut(self._listener)
        self.cut()

    def reopen(self) -> None:
        self._listener = self._listen(self.port)
        self._accept_in_background()


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
