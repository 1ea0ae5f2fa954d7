"""The card *Diff* of the comparison: how a file or an image differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from runs.models import Run
from runs.pages.compare.state import CompareState
from runs.render.compare import (
    MAX_DIFF_BYTES,
    DiffLine,
    FileStart,
    LinePair,
    diff_files,
)
from runs.render.files import (
    FileKind,
    file_kind,
    is_code,
    is_text,
)
from runs.render.formats import run_path
from runs.search.compare import (
    ComparedFile,
    ComparedFiles,
    ComparedRow,
    Comparison,
    read_file_start,
)

SIDE_BY_SIDE = "side"
#: Files in the menu.
MAX_FILES = 200
SOURCE, FILES = "source", "files"


@dataclass(frozen=True)
class FileChoice:
    path: str
    href: str
    chosen: bool


@dataclass(frozen=True)
class DiffImage:
    """A picture of a run, by its address."""

    run: Run
    src: str


@dataclass(frozen=True)
class DiffContent:
    """The difference of two files; `reason` tells why none is shown."""

    reason: str = ""
    lines: Sequence[DiffLine] = ()
    pairs: Sequence[LinePair] = ()
    pictures: Sequence[DiffImage] = ()
    #: A message about what was left out, or empty.
    cut: str = ""


@dataclass(frozen=True)
class FileDiff:
    """A file of the baseline and of another run; `place` names it in the address."""

    place: str
    path: str
    old: Run
    new: Run
    choices: Sequence[FileChoice]
    others: Sequence[Run]
    difference_count: int
    total: int
    is_side: bool
    toggle: str
    shown: DiffContent
    whole: Sequence[DiffImage]


def file_diff(
    workspace: str,
    state: CompareState,
    compared: Comparison,
    files: ComparedFiles,
    baseline: int,
) -> FileDiff | None:
    """Compare the file of the address, else the first that differs, else None."""
    rows = dict(_files_with_differences(files, baseline))
    place = state.diff if state.diff in rows else _default_file(rows)
    if not place:
        return None
    row = rows[place]
    baseline_file = row.values[baseline]
    # A file that the run lacks has no content to compare.
    different = [
        n for n, value in enumerate(row.values) if value not in (None, baseline_file)
    ]
    others = [n for n in different if n != baseline]
    named = [n for n in others if compared.runs[n].run_id == state.against]
    other = (named or others)[0]
    shown = _FilePair(workspace, compared, place, row, baseline, other)
    every = [*files.source_files, *files.files]
    is_side = state.view == SIDE_BY_SIDE
    return FileDiff(
        place,
        row.key,
        compared.runs[baseline],
        compared.runs[other],
        [
            FileChoice(each.key, state.href(diff=name) + "#diff", name == place)
            for name, each in list(rows.items())[:MAX_FILES]
        ],
        [compared.runs[n] for n in others],
        # Like the table, this also counts files that the baseline lacks.
        sum(each.differs for each in every),
        len(every),
        is_side,
        state.href(view="" if is_side else SIDE_BY_SIDE) + "#diff",
        shown.diff_content(is_side=is_side),
        shown.whole_images(),
    )


def _files_with_differences(
    files: ComparedFiles, baseline: int
) -> Iterator[tuple[str, ComparedRow]]:
    for place, rows in ((SOURCE, files.source_files), (FILES, files.files)):
        for row in rows:
            baseline_file = row.values[baseline]
            if baseline_file is not None and any(
                v not in (None, baseline_file) for v in row.values
            ):
                yield f"{place}:{row.key}", row


def _default_file(rows: dict[str, ComparedRow]) -> str:
    """Return the file to show first: code, then other texts, then images.

    Names without a text extension come after those with one.
    """
    return min(rows, key=_file_sort_key, default="")


def _file_sort_key(place: str) -> tuple[bool, bool, bool]:
    return file_kind(place) is FileKind.IMAGE, not is_code(place), not is_text(place)


@dataclass(frozen=True)
class _FilePair:
    workspace: str
    compared: Comparison
    place: str
    row: ComparedRow
    baseline: int
    other: int

    def diff_content(self, *, is_side: bool) -> DiffContent:
        if file_kind(self.row.key) is FileKind.IMAGE:
            return DiffContent(pictures=self.whole_images())
        # Only the start is read: a checkpoint can have gigabytes.
        found = diff_files(
            *(self._file_start(column) for column in self._compared_columns),
            is_side=is_side,
        )
        return DiffContent(found.reason, found.lines, found.pairs, (), found.cut)

    def whole_images(self) -> list[DiffImage]:
        """Return both files as images."""
        return [self._image_of_column(n) for n in self._compared_columns]

    @property
    def _compared_columns(self) -> tuple[int, int]:
        return self.baseline, self.other

    def _file_start(self, column: int) -> FileStart:
        file = self.row.values[column]
        assert isinstance(file, ComparedFile)
        data = read_file_start(file.blob, file.member, MAX_DIFF_BYTES, file.size)
        return FileStart(data, file.size)

    def _image_of_column(self, column: int) -> DiffImage:
        run = self.compared.runs[column]
        # Sources are members of the snapshot's archive, other files are stored on their
        # own.
        home = "snapshot/raw" if self.place.startswith(f"{SOURCE}:") else "files/raw"
        base = run_path(self.workspace, run.run_id)
        return DiffImage(run, f"{base}{home}/{quote(self.row.key)}?inline=1")
