"""Blobs that are written in pieces, in any order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runs.storage.files.folder_store import (
    READ_CHUNK_BYTES,
    file_too_large,
    files,
    write_all_at,
)


@dataclass(frozen=True)
class BlobPiece:
    """Bytes of a blob: where they begin, how many they are, and their hash."""

    offset: int
    size: int
    sha256: str


def write_piece(
    handle: int, offset: int, chunks: Iterable[bytes], limit: int
) -> BlobPiece:
    """Write and flush the bytes at `offset` of an open blob.

    Raises TooLarge above `limit` bytes, OSError.
    """
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        if size + len(chunk) > limit:
            raise file_too_large(limit)
        write_all_at(handle, offset + size, chunk)
        digest.update(chunk)
        size += len(chunk)
    os.fsync(handle)
    return BlobPiece(offset, size, digest.hexdigest())


def copy_piece(source: str, handle: int, offset: int, size: int) -> None:
    """Copy a blob to its position in another one, which is open as `handle`."""
    for chunk in files.read_chunks(source, size):
        write_all_at(handle, offset, chunk)
        offset += len(chunk)


@dataclass(frozen=True)
class JoinedPieces:
    """The whole blob's size and hash; `damaged` are pieces with other bytes."""

    size: int
    sha256: str
    damaged: Sequence[BlobPiece]


def join_pieces(handle: int, pieces: Sequence[BlobPiece]) -> JoinedPieces:
    """Read the pieces of an open blob back, in order, and cut off what follows them."""
    whole, end = hashlib.sha256(), 0
    damaged = []
    for piece in pieces:
        digest = hashlib.sha256()
        for chunk in _read_span(handle, piece.offset, piece.size):
            digest.update(chunk)
            whole.update(chunk)
        if digest.hexdigest() != piece.sha256:
            damaged.append(piece)
        end = piece.offset + piece.size
    if not damaged:
        os.ftruncate(handle, end)
        os.fsync(handle)
    return JoinedPieces(end, whole.hexdigest(), damaged)


def _read_span(handle: int, offset: int, size: int) -> Iterator[bytes]:
    end = offset + size
    while offset < end:
        chunk = os.pread(handle, min(READ_CHUNK_BYTES, end - offset), offset)
        # Shorter than recorded: the hash then differs.
        if not chunk:
            return
        yield chunk
        offset += len(chunk)
