"""A snapshot of source files as one archive, without secrets and ignored files."""

from __future__ import annotations

import os
import re
import stat
import tempfile
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
class SourceFile:
    """A file of the snapshot: its path there, the local file, its size in bytes."""

    path: str
    local: Path
    size: int


def list_sources(folder: Path) -> list[SourceFile]:
    """The files of a snapshot of `folder` (or of one file), in order of their paths.

    Raises TooLarge if they exceed the limits of a snapshot.
    """
    if folder.is_file():
        return [SourceFile(folder.name, folder, folder.stat().st_size)]
    found: list[SourceFile] = []
    size = 0
    for source in _walk_sources(folder):
        found.append(source)
        size += source.size
        if len(found) > rules.MAX_FILES or size > rules.MAX_BYTES:
            raise TooLarge(
                f"{folder} has more than {rules.MAX_FILES:,} files or "
                f"{rules.MAX_BYTES // 2**20} MB: name what is no source in .amlignore, "
                "or pass snapshot_directory=None."
            )
    return sorted(found, key=lambda one: one.path)


def write_archive(sources: list[SourceFile], target: BinaryIO) -> None:
    """Write the archive. A file that was deleted since is left out."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sources:
            try:
                content = source.local.read_bytes()
            except OSError:
                continue
            member = zipfile.ZipInfo(source.path, _TIME)
            # One mode for all, so that the archive depends on the content alone.
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)


def upload_snapshot(
    client: Client, run_id: str, folder: str | Path, timeout: float | None = None
) -> dict[str, Any]:
    """Pack and upload the snapshot of a run; returns its id, size and file count.

    Raises TooLarge, Conflict if the run has another one, OSError.
    """
    sources = list_sources(Path(folder))
    with tempfile.TemporaryFile() as archive:
        write_archive(sources, archive)
        size = archive.tell()
        archive.seek(0)
        path = f"runs/{run_id}/snapshot"
        return dict(client.upload(path, archive, size, timeout=timeout))


def _walk_sources(folder: Path) -> Iterator[SourceFile]:
    ignore = IgnoreRules.for_folder(folder)
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
            and not ignore.excludes(prefix + name, is_folder=True)
        )
        for name in files:
            local, path = Path(here, name), prefix + name
            if rules.is_secret(name) or ignore.excludes(path, is_folder=False):
                continue
            try:
                found = local.lstat()
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield SourceFile(path, local, found.st_size)


#: Only the first of these that exists is read.
IGNORE_FILES = (".amlignore", ".gitignore")


class IgnoreRules:
    """Patterns relative to the folder of their file; the last match decides."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._rules = [rule for line in lines if (rule := _parse_rule(line))]

    @classmethod
    def for_folder(cls, folder: Path) -> IgnoreRules:
        """The rules of the ignore file in `folder`; without one nothing is excluded."""
        for name in IGNORE_FILES:
            path = folder / name
            if path.is_file():
                return cls(path.read_text("utf-8", "replace").splitlines())
        return cls()

    def excludes(self, path: str, *, is_folder: bool) -> bool:
        """Whether the file or folder `path` (`/`-separated) itself is excluded."""
        is_excluded = False
        for pattern, folders_only, is_kept in self._rules:
            if (is_folder or not folders_only) and pattern.fullmatch(path):
                is_excluded = not is_kept
        return is_excluded


def _parse_rule(line: str) -> tuple[re.Pattern[str], bool, bool] | None:
    # As in git, a blank at the end of a line counts only behind a backslash.
    text = re.sub(r"(?<!\\)\s+$", "", line)
    if not text or text.startswith("#"):
        return None
    is_kept = text.startswith("!")
    text = text[1:] if is_kept else text
    text = text[1:] if text.startswith(("\\#", "\\!")) else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    if not text:
        return None
    # As in git, a pattern without a slash matches in every folder.
    is_anchored = "/" in text
    body = _ignore_pattern_regex(text.lstrip("/"))
    try:
        pattern = re.compile(body if is_anchored else f"(?:.*/)?{body}")
    except re.error:
        # As git does with `[z-a]`: it matches nothing.
        return None
    return pattern, folders_only, is_kept


_PATTERN_PARTS = re.compile(
    r"^\*\*/|/\*\*$|/\*\*/|\*+|\?|\[!?[^\]]+\]|\\.|.", re.DOTALL
)


def _ignore_pattern_regex(text: str) -> str:
    return "".join(_regex_part(found[0]) for found in _PATTERN_PARTS.finditer(text))


def _regex_part(part: str) -> str:
    known = {"**/": "(?:.*/)?", "/**": "/.*", "/**/": "/(?:.*/)?", "?": "[^/]"}
    if part in known:
        return known[part]
    if set(part) == {"*"}:
        return "[^/]*"
    if part[0] == "[" and len(part) > 2:
        inside = part[1:-1].replace("\\", "\\\\")
        return f"[^{inside[1:]}]" if inside[0] == "!" else f"[{inside}]"
    return re.escape(part[1] if part[0] == "\\" and len(part) > 1 else part)
