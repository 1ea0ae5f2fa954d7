"""Upload a file to a run: a large one in pieces, so that a broken connection costs one.

The server keeps the pieces of an upload that was cut off, also by the end of this
process. The next attempt finds it by the file's path, size and ends, and sends only
what is missing.
"""

from __future__ import annotations

import io
import uuid
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from studio.core.errors import Conflict, InvalidValue, NotFound

if TYPE_CHECKING:
    from studio.sdk.client import Client

#: Smaller files are sent in one request.
MIN_PIECES_BYTES = 8 * 1024 * 1024
#: The server reads the whole file back before it answers the last request.
MIN_VERIFIED_BYTES_PER_SECOND = 20_000_000
MIN_VERIFY_SECONDS = 60.0
#: How often an upload is started again: it expired, or the file changed in between.
MAX_STARTS = 3
_END_BYTES = 64 * 1024
_READ_BYTES = 1024 * 1024


def upload_file(
    client: Client,
    run_path: str,
    path: str,
    source: BinaryIO,
    size: int,
    *,
    overwrite: bool = True,
    timeout: float | None = None,
    attempts: int | None = None,
) -> Any:
    """Upload the first `size` bytes of `source` as the file `path` of a run.

    `run_path` is `runs/RUN`. Raises InvalidValue if the file has fewer bytes,
    AlreadyExists without `overwrite`, and the errors of `Client.upload`.
    """
    if size < MIN_PIECES_BYTES:
        address = f"{run_path}/files/{quote(path, safe='/')}"
        address += "" if overwrite else "?overwrite=0"
        return client.upload(address, source, size, timeout=timeout, attempts=attempts)
    upload = _PieceUpload(client, run_path, source, size, timeout, attempts)
    return upload.run(path, overwrite)


class _PieceUpload:
    """One upload in pieces."""

    def __init__(
        self,
        client: Client,
        run_path: str,
        source: BinaryIO,
        size: int,
        timeout: float | None,
        attempts: int | None,
    ) -> None:
        self._client, self._source, self._size = client, source, size
        self._path = f"{run_path}/uploads"
        self._options: dict[str, Any] = {"timeout": timeout, "attempts": attempts}

    def run(self, path: str, overwrite: bool) -> Any:
        key = _key_of(path, self._source, self._size)
        for start in range(MAX_STARTS):
            body = {"path": path, "size": self._size, "key": key}
            body["overwrite"] = overwrite
            state = self._client.json("POST", self._path, body, **self._options)
            try:
                if not state["is_complete"]:
                    self._send_missing(state)
                file = self._complete(state["id"])
            except NotFound:
                # It expired, or the server was restored from a backup.
                if start + 1 == MAX_STARTS:
                    raise
                continue
            except Conflict as error:
                # Without `missing` another start would be refused as well.
                if "missing" not in error.details or start + 1 == MAX_STARTS:
                    raise
                continue
            except InvalidValue as error:
                # A piece changed on its way. Its next copy can arrive whole.
                if error.details.get("field") != "sha256" or start + 1 == MAX_STARTS:
                    raise
                continue
            if not state["is_complete"] or file["sha256"] == self._hash():
                return file
            # An earlier file of the same size with the same ends.
            key = uuid.uuid4().hex
        raise Conflict(f"The file {path} changes while it is uploaded.")

    def _send_missing(self, state: Any) -> None:
        import hashlib

        address = f"{self._path}/{state['id']}"
        stored = {piece["offset"]: piece for piece in state["pieces"]}
        for offset in range(0, self._size, state["piece_size"]):
            content = self._read(offset, state["piece_size"])
            sha256 = hashlib.sha256(content).hexdigest()
            piece = stored.get(offset)
            if piece is None:
                self._client.upload(
                    f"{address}/pieces/{offset}?sha256={sha256}",
                    io.BytesIO(content),
                    len(content),
                    **self._options,
                )
            elif (piece["size"], piece["sha256"]) != (len(content), sha256):
                self._client.json("DELETE", address, **self._options)
                raise Conflict("The file changed since its upload began.", missing=0)

    def _complete(self, upload: str) -> Any:
        # This process hashed the pieces, and the server checks them.
        seconds = MIN_VERIFY_SECONDS + self._size / MIN_VERIFIED_BYTES_PER_SECOND
        return self._client.json(
            "POST",
            f"{self._path}/{upload}/complete",
            {},
            timeout=seconds,
            attempts=self._options["attempts"],
        )

    def _read(self, offset: int, length: int) -> bytes:
        self._source.seek(offset)
        wanted = min(length, self._size - offset)
        content = self._source.read(wanted)
        if len(content) < wanted:
            raise _shorter_error()
        return content

    def _hash(self) -> str:
        import hashlib

        digest = hashlib.sha256()
        for offset in range(0, self._size, _READ_BYTES):
            digest.update(self._read(offset, _READ_BYTES))
        return digest.hexdigest()


def _shorter_error() -> InvalidValue:
    return InvalidValue(
        "The file became shorter while it was read: upload it when it is whole."
    )


def _key_of(path: str, source: BinaryIO, size: int) -> str:
    """Name an upload by what is quick to read. Its pieces are compared as well."""
    import hashlib

    digest = hashlib.sha256(f"{size} {path}".encode())
    for offset in (0, max(0, size - _END_BYTES)):
        source.seek(offset)
        digest.update(source.read(_END_BYTES))
    return digest.hexdigest()
