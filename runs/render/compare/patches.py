"""A unified diff, as git writes it, read into files with numbered, marked lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runs.render.compare.diff_html import (
    DiffLine,
    LinePair,
    folded_lines,
    replaced_lines,
    same_line,
    side_by_side,
)

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,\d+)? \+(\d{1,9})(?:,\d+)? @@")
_FILE = "diff --git "
#: Lines of a patch that are shown, of all its files together.
MAX_PATCH_LINES = 3_000


@dataclass(frozen=True)
class PatchFile:
    """A file of a patch. `change` is added, deleted, renamed or changed."""

    path: str
    change: str
    lines: Sequence[DiffLine]
    is_binary: bool
    added: int
    removed: int

    @property
    def pairs(self) -> list[LinePair]:
        return side_by_side(self.lines)


@dataclass(frozen=True)
class Patch:
    """`more` lines of the text are left out behind those that are shown."""

    files: Sequence[PatchFile]
    more: int = 0


def read_patch(text: str) -> Patch:
    """Read a unified diff; text before its first file is left out."""
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if line.startswith(_FILE)]
    shown = [n for n in starts if n < MAX_PATCH_LINES]
    ends = [*starts[1:], len(lines)]
    files = [
        _read_file(lines[start : min(end, MAX_PATCH_LINES)])
        for start, end in zip(shown, ends, strict=False)
    ]
    return Patch(files, max(len(lines) - MAX_PATCH_LINES, 0))


def _read_file(lines: Sequence[str]) -> PatchFile:
    head = list(_head_lines(lines))
    body = lines[len(head) :]
    shown = list(_body_lines(body))
    return PatchFile(
        _path_of(head),
        _change_of(head),
        shown,
        any(line.startswith(("Binary files ", "GIT binary patch")) for line in head),
        sum(line.startswith("+") for line in body),
        sum(line.startswith("-") for line in body),
    )


def _head_lines(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("@@ "):
            return
        yield line


def _path_of(head: Sequence[str]) -> str:
    for prefix in ("+++ b/", "rename to ", "--- a/"):
        for line in head:
            if line.startswith(prefix):
                return line.removeprefix(prefix).rstrip("\t")
    # A binary or empty file: both of its names are the same.
    names = head[0].removeprefix(_FILE)
    return names[len(names) // 2 + 1 :].removeprefix("b/")


def _change_of(head: Sequence[str]) -> str:
    for prefix, change in (
        ("new file", "added"),
        ("deleted file", "deleted"),
        ("rename to", "renamed"),
    ):
        if any(line.startswith(prefix) for line in head):
            return change
    return "changed"


def _body_lines(lines: Sequence[str]) -> Iterator[DiffLine]:
    old_number = new_number = 0
    old: list[str] = []
    new: list[str] = []

    def changes() -> Iterator[DiffLine]:
        yield from replaced_lines(
            old, new, old_number - len(old) - 1, new_number - len(new) - 1
        )
        old.clear()
        new.clear()

    for line in lines:
        if found := _HUNK.match(line):
            yield from changes()
            first = int(found[2])
            if first > new_number + 1 and new_number:
                yield folded_lines(max(first - new_number, 1))
            old_number, new_number = int(found[1]), first
        elif line.startswith("-"):
            if new:
                yield from changes()
            old.append(line[1:])
            old_number += 1
        elif line.startswith("+"):
            new.append(line[1:])
            new_number += 1
        elif line.startswith(" "):
            yield from changes()
            yield same_line(line[1:], old_number, new_number)
            old_number, new_number = old_number + 1, new_number + 1
    yield from changes()
