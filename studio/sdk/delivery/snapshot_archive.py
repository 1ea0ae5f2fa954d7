"""A snapshot of source files as one archive, without secrets and what is ignored."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from studio.core import snapshots as rules
from studio.core.errors import TooLarge
from studio.sdk.client import Client

#: The same sources make the same archive, whenever they are packed.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Source:
    path: str
    place: Path
    size: int


def find_sources(folder: Path) -> list[Source]:
    """The files of a snapshot of `folder` (or of one file), in order of their paths.

    Raises TooLarge with what to do where they are more than a snapshot may hold.
    """
    if folder.is_file():
        return [Source(folder.name, folder, folder.stat().st_size)]
    found: list[Source] = []
    size = 0
    for source in _walk(folder):
        found.append(source)
        size += source.size
        if len(found) > rules.MAX_FILES or size > rules.MAX_BYTES:
            raise TooLarge(
                f"{folder} has more than {rules.MAX_FILES:,} files or "
                f"{rules.MAX_BYTES // 2**20} MB: name what is no source in .amlignore, "
                "or pass snapshot_directory=None."
            )
    return sorted(found, key=lambda one: one.path)


def pack(sources: list[Source], target: BinaryIO) -> None:
    """Write the archive. A file that is gone meanwhile is left out."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sources:
            try:
                content = source.place.read_bytes()
            except OSError:
                continue
            member = zipfile.ZipInfo(source.path, _TIME)
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)


def take_snapshot(
    client: Client, run_id: str, folder: str | Path, timeout: float | None = None
) -> dict[str, Any]:
    """Pack and upload the snapshot of a run; returns its id, size and file count.

    Raises TooLarge, Conflict where the run has another one, OSError.
    """
    sources = find_sources(Path(folder))
    with tempfile.TemporaryFile() as archive:
        pack(sources, archive)
        size = archive.tell()
        archive.seek(0)
        place = f"runs/{run_id}/snapshot"
        return dict(client.upload(place, archive, size, timeout=timeout))


def hold_snapshot(folder: Path, sources: Path) -> str:
    """Pack the sources into the `held/` of a writer's folder; the archive's name there.

    Raises TooLarge, and OSError, after which nothing of it stays.
    """
    found = find_sources(sources)
    name = uuid.uuid4().hex
    target = folder / "held" / name
    try:
        with target.open("xb") as archive:
            pack(found, archive)
    except OSError:
        with contextlib.suppress(OSError):
            target.unlink()
        raise
    return name


def _walk(folder: Path) -> Iterator[Source]:
    ignore = Ignore.of(folder)
    for here, folders, files in os.walk(folder):
        base = Path(here).relative_to(folder).as_posix()
        prefix = "" if base == "." else f"{base}/"
        if prefix and rules.ENVIRONMENT_MARKS.intersection([*files, *folders]):
            folders.clear()
            continue
        folders[:] = sorted(
            name
            for name in folders
            if not rules.is_excluded_folder(name)
            and not Path(here, name).is_symlink()
            and not ignore.leaves_out(prefix + name, is_folder=True)
        )
        for name in files:
            place, path = Path(here, name), prefix + name
            if rules.is_secret(name) or ignore.leaves_out(path, is_folder=False):
                continue
            try:
                found = place.lstat()
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield Source(path, place, found.st_size)


#: The first of them that is there counts.
NAMES = (".amlignore", ".gitignore")


class Ignore:
    """Patterns relative to the folder of their file; the last match decides."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._rules = [rule for line in lines if (rule := _rule(line))]

    @classmethod
    def of(cls, folder: Path) -> Ignore:
        """The ignore file of `folder`; without one nothing is left out."""
        for name in NAMES:
            path = folder / name
            if path.is_file():
                return cls(path.read_text("utf-8", "replace").splitlines())
        return cls()

    def leaves_out(self, path: str, *, is_folder: bool) -> bool:
        """Whether the file or folder `path` (`/`-separated) is left out itself."""
        out = False
        for pattern, only_folders, keeps in self._rules:
            if (is_folder or not only_folders) and pattern.fullmatch(path):
                out = not keeps
        return out


def _rule(line: str) -> tuple[re.Pattern[str], bool, bool] | None:
    text = re.sub(r"(?<!\\)\s+$", "", line)
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text[1:] if keeps else text
    text = text[1:] if text.startswith(("\\#", "\\!")) else text
    only_folders = text.endswith("/")
    text = text.rstrip("/")
    if not text:
        return None
    is_anchored = "/" in text
    body = _regex(text.lstrip("/"))
    try:
        pattern = re.compile(body if is_anchored else f"(?:.*/)?{body}")
    except re.error:
        # As git does with `[z-a]`: it matches nothing.
        return None
    return pattern, only_folders, keeps


_PARTS = re.compile(r"^\*\*/|/\*\*$|/\*\*/|\*+|\?|\[!?[^\]]+\]|\\.|.", re.DOTALL)


def _regex(text: str) -> str:
    return "".join(_part(found[0]) for found in _PARTS.finditer(text))


def _part(part: str) -> str:
    known = {"**/": "(?:.*/)?", "/**": "/.*", "/**/": "/(?:.*/)?", "?": "[^/]"}
    if part in known:
        return known[part]
    if set(part) == {"*"}:
        return "[^/]*"
    if part[0] == "[" and len(part) > 2:
        inside = part[1:-1].replace("\\", "\\\\")
        return f"[^{inside[1:]}]" if inside[0] == "!" else f"[{inside}]"
    return re.escape(part[1] if part[0] == "\\" and len(part) > 1 else part)
