"""Which files of two snapshots differ, from the lists of their archives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from runs.storage.files import ArchiveMember

ADDED, REMOVED, CHANGED, RENAMED = "added", "removed", "changed", "renamed"


@dataclass(frozen=True)
class FileChange:
    """A file of one or both snapshots; None on the side that lacks it."""

    change: str
    old: ArchiveMember | None
    new: ArchiveMember | None

    @property
    def path(self) -> str:
        file = self.new or self.old
        assert file is not None
        return file.path


@dataclass(frozen=True)
class SnapshotDiff:
    """The changes by path, and how many files are the same."""

    changes: Sequence[FileChange]
    same: int

    def count(self, change: str) -> int:
        return sum(each.change == change for each in self.changes)


def compare_members(
    old: Sequence[ArchiveMember], new: Sequence[ArchiveMember]
) -> SnapshotDiff:
    """Compare by path and checksum; a moved file with the same bytes is renamed."""
    before = {file.path: file for file in old}
    after = {file.path: file for file in new}
    both = before.keys() & after.keys()
    changes = [
        FileChange(CHANGED, before[path], after[path])
        for path in both
        if before[path].version != after[path].version
    ]
    moved: dict[str, list[ArchiveMember]] = defaultdict(list)
    for path in sorted(before.keys() - both, reverse=True):
        moved[before[path].version].append(before[path])
    for path in sorted(after.keys() - both):
        # Empty files are all the same.
        sources = moved[after[path].version] if after[path].size else []
        if sources:
            changes.append(FileChange(RENAMED, sources.pop(), after[path]))
        else:
            changes.append(FileChange(ADDED, None, after[path]))
    changes += [
        FileChange(REMOVED, file, None) for files in moved.values() for file in files
    ]
    same = len(both) - sum(each.change == CHANGED for each in changes)
    return SnapshotDiff(sorted(changes, key=lambda each: each.path), same)
