"""How the files of a run's snapshot differ from those of another run's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from runs.models import Run, Snapshot
from runs.pages.snapshots.state import SnapshotState
from runs.render.compare import (
    MAX_DIFF_BYTES,
    NO_FILE,
    FileStart,
    TextDiff,
    diff_files,
)
from runs.render.files import FileKind, file_kind, is_code, is_text
from runs.render.formats import run_path
from runs.search.compare import read_file_start
from runs.search.snapshots import (
    ADDED,
    CHANGED,
    REMOVED,
    RENAMED,
    FileChange,
    SnapshotDiff,
    compare_members,
)
from runs.storage.files import ArchiveMember, list_members

#: Changed files in the list at the side.
MAX_SHOWN_FILES = 500
CHANGE_LABELS: dict[str, Promise] = {
    ADDED: _("added"),
    REMOVED: _("removed"),
    CHANGED: _("changed"),
    RENAMED: _("renamed"),
}


@dataclass(frozen=True)
class ChangedFile:
    """A file in the list."""

    change: str
    label: Promise
    path: str
    old_path: str
    href: str
    is_chosen: bool


@dataclass(frozen=True)
class ShownDiff:
    """The chosen file: its lines, or pictures as addresses with the run's name."""

    file: ChangedFile
    text: TextDiff
    pictures: Sequence[tuple[str, str]]
    #: The whole files: address and run's name.
    whole: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SnapshotComparison:
    """All that the section shows; `shown` is None if no file differs."""

    counts: Sequence[tuple[Promise, int]]
    same: int
    files: Sequence[ChangedFile]
    more: int
    shown: ShownDiff | None


@dataclass(frozen=True)
class SnapshotOfRun:
    """A side of the comparison."""

    run: Run
    snapshot: Snapshot


def compare_snapshots(
    workspace: str, state: SnapshotState, old: SnapshotOfRun, new: SnapshotOfRun
) -> SnapshotComparison:
    """Compare the archives; only the chosen file is read. Raises MissingBytes."""
    found = compare_members(
        list_members(old.snapshot.blob), list_members(new.snapshot.blob)
    )
    chosen = _chosen_change(found, state.path, new.run.script)
    files = [
        _changed_file(state, each, chosen) for each in found.changes[:MAX_SHOWN_FILES]
    ]
    counts = [(label, found.count(name)) for name, label in CHANGE_LABELS.items()]
    return SnapshotComparison(
        [(label, count) for label, count in counts if count],
        found.same,
        files,
        max(len(found.changes) - MAX_SHOWN_FILES, 0),
        _show_change(workspace, state, chosen, old, new) if chosen else None,
    )


def _chosen_change(found: SnapshotDiff, path: str, script: str) -> FileChange | None:
    """The file of the address, else the script, else the first changed source, text
    or other file.
    """
    for wanted in filter(None, (path, script)):
        for each in found.changes:
            if each.path == wanted:
                return each
    return min(found.changes, key=_rank, default=None)


def _rank(each: FileChange) -> tuple[int, bool, bool]:
    order = (CHANGED, ADDED, REMOVED, RENAMED)
    return order.index(each.change), not is_code(each.path), not is_text(each.path)


def _changed_file(
    state: SnapshotState, each: FileChange, chosen: FileChange | None
) -> ChangedFile:
    renamed = each.change == RENAMED and each.old is not None
    return ChangedFile(
        each.change,
        CHANGE_LABELS[each.change],
        each.path,
        each.old.path if renamed and each.old else "",
        state.href(path=each.path),
        each is chosen,
    )


def _show_change(
    workspace: str,
    state: SnapshotState,
    change: FileChange,
    old: SnapshotOfRun,
    new: SnapshotOfRun,
) -> ShownDiff:
    sides = ((old, change.old), (new, change.new))
    whole = [
        (_raw_href(workspace, side.run, file), side.run.name)
        for side, file in sides
        if file is not None
    ]
    file = _changed_file(state, change, change)
    if change.change == RENAMED:
        return ShownDiff(file, TextDiff(str(_("The content is the same."))), (), whole)
    if file_kind(change.path) is FileKind.IMAGE:
        return ShownDiff(file, TextDiff(), whole, whole)
    starts = [_read_start(side.snapshot, member) for side, member in sides]
    text = diff_files(starts[0], starts[1], is_side=state.is_side)
    return ShownDiff(file, text, (), whole)


def _read_start(snapshot: Snapshot, member: ArchiveMember | None) -> FileStart:
    if member is None:
        return NO_FILE
    # Only the start is unpacked: an archive can hold far more than its own size.
    data = read_file_start(snapshot.blob, member.path, MAX_DIFF_BYTES)
    return FileStart(data, member.size)


def _raw_href(workspace: str, run: Run, file: ArchiveMember) -> str:
    base = run_path(workspace, run.run_id)
    return f"{base}snapshot/raw/{quote(file.path)}?inline=1"
