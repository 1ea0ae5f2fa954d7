"""Sources that a browser uploads: a zip, packed again by the rules of snapshots.

People zip a whole folder, with what no snapshot contains. What the folder's ignore
file names, secrets, caches and virtual environments are left out, and a single folder
around everything is removed. Links and paths outside the archive are still refused.
"""

from __future__ import annotations

import stat
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from runs.actions.files.snapshots import save_sources
from runs.models import Snapshot, Workspace
from runs.storage.files import READ_CHUNK_BYTES
from studio.core import snapshots as rules
from studio.core.errors import InvalidRequest, InvalidValue
from studio.core.ignore_rules import IGNORE_FILES, IgnoreRules

#: The limit of entries in a zip, before any is left out.
MAX_ENTRIES = 50_000
#: Longer paths can't be checked in a reasonable time.
MAX_PATH = 500
#: What is ignored is found out within this time.
CHECK_SECONDS = 10.0
_MAX_IGNORE_BYTES = 256 * 1024
#: The same sources make the same archive, whenever they are packed.
_TIME = (1980, 1, 1, 0, 0, 0)


def save_uploaded_sources(
    workspace: Workspace, upload: BinaryIO, *, now: int
) -> Snapshot:
    """Save the sources in an uploaded zip, for a run that is submitted next.

    Raises InvalidRequest, InvalidValue, InvalidName or TooLarge for what no snapshot
    can be.
    """
    with tempfile.TemporaryFile() as packed:
        try:
            with zipfile.ZipFile(upload) as archive:
                _pack_again(archive, packed)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise InvalidRequest(
                _("The file is not a zip archive: %(error)s") % {"error": error}
            ) from error
        # `zipfile` raises these for unknown compression and for encrypted files.
        except (NotImplementedError, RuntimeError) as error:
            raise InvalidRequest(
                _("The zip archive can't be unpacked: %(error)s") % {"error": error}
            ) from error
        packed.seek(0)
        return save_sources(workspace, _chunks(packed), now=now)


def _pack_again(archive: zipfile.ZipFile, target: BinaryIO) -> None:
    members = archive.infolist()
    if len(members) > MAX_ENTRIES:
        raise InvalidValue(
            _("The archive has %(count)s entries. The maximum is %(limit)s.")
            % {"count": len(members), "limit": MAX_ENTRIES},
            limit=MAX_ENTRIES,
        )
    files = {_path_of(each): each for each in members if not each.is_dir()}
    top = _common_folder(list(files))
    sources = {path.removeprefix(top): each for path, each in files.items()}
    kept = _without_excluded(archive, sources)
    if not kept:
        raise InvalidValue(_("The upload has no source files."))
    left = rules.MAX_BYTES
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(kept):
            left = _copy_member(archive, kept[path], path, packed, left)


def _path_of(member: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(member.external_attr >> 16)
    # The mode is 0 in archives from other systems than Unix.
    if not member.is_dir() and kind not in (0, stat.S_IFREG):
        raise InvalidValue(
            _(
                "%(path)r is not a regular file. A snapshot can contain only regular "
                "files."
            )
            % {"path": member.filename[:200]}
        )
    if len(member.filename) > MAX_PATH:
        raise InvalidValue(
            _("%(path)r is too long: a path has at most %(limit)s characters.")
            % {"path": member.filename[:200], "limit": MAX_PATH}
        )
    return member.filename


def _common_folder(paths: list[str]) -> str:
    """Return `name/` if every file is in that folder, else an empty text."""
    tops = {path.partition("/")[0] for path in paths}
    if len(tops) != 1 or not all("/" in path for path in paths):
        return ""
    top = tops.pop()
    is_project = top not in ("", ".", "..") and not rules.is_excluded_folder(top)
    return f"{top}/" if is_project else ""


def _without_excluded(
    archive: zipfile.ZipFile, sources: dict[str, zipfile.ZipInfo]
) -> dict[str, zipfile.ZipInfo]:
    ignored = _IgnoredPaths(_ignore_rules(archive, sources))
    environments = _environment_folders(sources)
    return {
        path: member
        for path, member in sources.items()
        if not rules.is_excluded(path)
        and environments.isdisjoint(_folders_of(path))
        and path not in ignored
    }


def _ignore_rules(
    archive: zipfile.ZipFile, sources: dict[str, zipfile.ZipInfo]
) -> IgnoreRules:
    for name in IGNORE_FILES:
        if name in sources:
            with archive.open(sources[name]) as content:
                text = content.read(_MAX_IGNORE_BYTES).decode("utf-8", "replace")
            return IgnoreRules(text.splitlines())
    return IgnoreRules()


def _environment_folders(sources: Iterable[str]) -> set[str]:
    """Return the folders that are virtual environments, whatever their names are."""
    found = set()
    for path in sources:
        folder, _slash, name = path.rpartition("/")
        if folder and name in rules.ENVIRONMENT_MARKS:
            found.add(folder)
        before, mark, _rest = path.partition("/conda-meta/")
        if mark and before:
            found.add(before)
    return found


def _folders_of(path: str) -> list[str]:
    """Return the folders above a file: `a`, `a/b` for `a/b/c.py`."""
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


class _IgnoredPaths:
    """Decides as git does: what is in an ignored folder is ignored.

    Raises InvalidValue if that takes more than CHECK_SECONDS.
    """

    def __init__(self, ignore: IgnoreRules) -> None:
        self._ignore = ignore
        self._folders: dict[str, bool] = {}
        self._end = time.monotonic() + CHECK_SECONDS

    def __contains__(self, path: str) -> bool:
        if time.monotonic() > self._end:
            raise InvalidValue(
                _("The archive has too many files to check. Leave out large folders.")
            )
        return any(map(self._is_folder_ignored, _folders_of(path))) or (
            self._ignore.excludes(path, is_folder=False)
        )

    def _is_folder_ignored(self, folder: str) -> bool:
        if folder not in self._folders:
            self._folders[folder] = self._ignore.excludes(folder, is_folder=True)
        return self._folders[folder]


def _copy_member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    path: str,
    packed: zipfile.ZipFile,
    left: int,
) -> int:
    """Copy one file; return how many bytes remain. The declared size is not trusted."""
    info = zipfile.ZipInfo(rules.check_archive_path(path), _TIME)
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(member) as source, packed.open(info, "w") as copy:
        while piece := source.read(READ_CHUNK_BYTES):
            left -= len(piece)
            if left < 0:
                raise InvalidValue(
                    _("The sources have more than %(limit)s bytes.")
                    % {"limit": rules.MAX_BYTES},
                    limit=rules.MAX_BYTES,
                )
            copy.write(piece)
    return left


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(READ_CHUNK_BYTES):
        yield piece
