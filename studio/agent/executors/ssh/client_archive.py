"""The client as installed here, as one archive for a machine that has only Python."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import studio
from studio.sdk.runner_process import PACKAGE_ROOT

#: Of the server alone.
_LEFT_OUT = ("settings", "urls.py", "wsgi.py")


@dataclass(frozen=True)
class ClientArchive:
    """`digest` names the version; the same files always have the same one."""

    digest: str
    content: bytes


@cache
def pack_client() -> ClientArchive:
    """Pack the package `studio`. Raises OSError."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for path in sorted(_list_files(PACKAGE_ROOT / "studio")):
            member = tarfile.TarInfo(str(path.relative_to(PACKAGE_ROOT)))
            member.size, member.mode = path.stat().st_size, 0o644
            with path.open("rb") as file:
                archive.addfile(member, file)
    digest = hashlib.sha256(plain.getvalue()).hexdigest()[:16]
    packed = gzip.compress(plain.getvalue(), 6, mtime=0)
    return ClientArchive(f"{studio.__version__}-{digest}", packed)


def _list_files(package: Path) -> list[Path]:
    return [
        path
        for path in package.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.relative_to(package).parts[0] not in _LEFT_OUT
    ]
