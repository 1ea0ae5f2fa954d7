"""A large file reaches the server whole, though it is killed in between."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pytest

from studio.sdk.client import Client
from studio.sdk.delivery import upload_file
from studio.sdk.responses import Unreachable
from tests.parts.server import Server, fill_home, start

MIB = 1024 * 1024
CONTENT = b"".join(hashlib.sha256(bytes([n])).digest() * (MIB // 32) for n in range(36))
PIECES = 5


class CountingClient(Client):
    """Notes the addresses of the pieces that it sends, and can damage one."""

    sent: list[str]
    is_damaging = False

    def upload(self, path: str, source: BinaryIO, size: int, **options: Any) -> Any:
        self.sent.append(path.partition("?")[0].rpartition("/")[2])
        if self.is_damaging:
            self.is_damaging = False
            source = io.BytesIO(source.read()[::-1])
        return super().upload(path, source, size, **options)


class KillingSource(io.BytesIO):
    """A file during whose reading the server is killed."""

    server: Server

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() == 24 * MIB:
            self.server.kill()
        return super().read(size)


def test_an_upload_continues_after_the_server_was_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    fill_home(home)
    server = start(home)
    client = CountingClient(server.url, server.token, "default")
    client.sent = []
    client.post("runs", {"experiment": "e", "id": "r1"})
    source = KillingSource(CONTENT)
    source.server = server
    with pytest.raises(Unreachable):
        upload_file(client, "runs/r1", "m.bin", source, len(CONTENT), attempts=1)
    first, client.sent = len(client.sent), []
    again = start(home, port=urlsplit(server.url).port or 0)
    try:
        assert client.get("runs/r1/files")["files"] == []
        whole = io.BytesIO(CONTENT)
        client.is_damaging = True
        file = upload_file(client, "runs/r1", "m.bin", whole, len(CONTENT))
        assert file["sha256"] == hashlib.sha256(CONTENT).hexdigest()
        # One is sent twice. The piece under way can have arrived, although its answer
        # was lost.
        assert len(client.sent) - 1 in (PIECES - first, PIECES - first + 1)
    finally:
        again.stop()
