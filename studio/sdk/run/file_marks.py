"""Whether a file has the same content as one that was uploaded before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: Larger files are hashed only if they are compared.
MAX_HASHED_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class FileMark:
    """What an uploaded file was like; `changed` in nanoseconds, `digest` can be ''."""

    size: int
    source: str
    changed: int
    digest: str


def mark_file(local: Path) -> FileMark:
    """Describe a file. Raises OSError."""
    stat = local.stat()
    digest = sha256_of(local) if stat.st_size <= MAX_HASHED_BYTES else ""
    return FileMark(stat.st_size, str(local.absolute()), stat.st_mtime_ns, digest)


def is_same_content(one: FileMark, other: FileMark) -> bool | None:
    """Whether both had the same bytes; None if that is not known."""
    if one == other:
        return True
    if one.size != other.size:
        return False
    return one.digest == other.digest if one.digest and other.digest else None


def sha256_of(local: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits. Raises OSError."""
    # Few scripts upload files, and all import this module.
    import hashlib

    digest = hashlib.sha256()
    with local.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
