"""The card *Diff* of the comparison: how a file or an image differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.models import Run
from runs.pages.compare.state import CompareState
from runs.render import formats
from runs.render.compare import (
    MAX_DIFF_LINES,
    DiffLine,
    LinePair,
    diff_lines,
    side_by_side,
    split_lines,
)
from runs.render.files import (
    FileKind,
    decode_text,
    file_kind,
    is_binary,
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

#: Longer files are cut before they are compared.
MAX_DIFF_BYTES = 512 * 1024
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
        old, new = self._file_bytes(self.baseline), self._file_bytes(self.other)
        if old is None or new is None:
            return DiffContent(_("The content of this file was deleted."))
        if any(is_binary(data[: 8 * 1024]) for data in (old, new)):
            return DiffContent(_("These are not text files."))
        texts = (
            self._decoded_text(self.baseline, old),
            self._decoded_text(self.other, new),
        )
        found = diff_lines(*texts)
        cut = _left_out_message(
            max(self._file_size(n) for n in self._compared_columns), texts, found.more
        )
        if not found.lines:
            # The files differ, or they would not be here: by what was cut off, or by
            # line ends.
            same = _("The compared files are the same.")
            return DiffContent(same if cut else _("Only line endings differ."), cut=cut)
        pairs = side_by_side(found.lines) if is_side else ()
        return DiffContent("", found.lines, pairs, (), cut)

    def whole_images(self) -> list[DiffImage]:
        """Return both files as images."""
        return [self._image_of_column(n) for n in self._compared_columns]

    @property
    def _compared_columns(self) -> tuple[int, int]:
        return self.baseline, self.other

    def _file_size(self, column: int) -> int:
        file = self.row.values[column]
        assert isinstance(file, ComparedFile)
        return file.size

    def _decoded_text(self, column: int, data: bytes) -> str:
        """Decode the start of a file, without its last, incomplete line."""
        # The cut line would differ from the whole one of the other file.
        if self._file_size(column) > len(data) and b"\n" in data:
            data = data[: data.rindex(b"\n") + 1]
        return decode_text(data)

    def _file_bytes(self, column: int) -> bytes | None:
        file = self.row.values[column]
        assert isinstance(file, ComparedFile)
        return read_file_start(file.blob, file.member, MAX_DIFF_BYTES, file.size)

    def _image_of_column(self, column: int) -> DiffImage:
        run = self.compared.runs[column]
        # Sources are members of the snapshot's archive, other files are stored on their
        # own.
        home = "snapshot/raw" if self.place.startswith(f"{SOURCE}:") else "files/raw"
        base = run_path(self.workspace, run.run_id)
        return DiffImage(run, f"{base}{home}/{quote(self.row.key)}?inline=1")


def _left_out_message(size: int, texts: Sequence[str], hidden_lines: int) -> str:
    """Return a message about what was not compared or is not shown."""
    notices = []
    if size > MAX_DIFF_BYTES:
        notices.append(
            _("Only the first %(size)s of each file are compared.")
            % {"size": formats.filesize(MAX_DIFF_BYTES)}
        )
    if max(len(split_lines(text)) for text in texts) > MAX_DIFF_LINES:
        notices.append(
            _("Only the first %(n)s lines of each file are compared.")
            % {"n": formats.grouped(MAX_DIFF_LINES)}
        )
    if hidden_lines:
        notices.append(
            ngettext(
                "%(n)s more line is not shown.",
                "%(n)s more lines are not shown.",
                hidden_lines,
            )
            % {"n": formats.grouped(hidden_lines)}
        )
    return " ".join(notices)
