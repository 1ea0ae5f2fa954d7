"""How two files differ: lines, or why none are shown. The one diff of all pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.render.compare.diff_html import (
    MAX_DIFF_LINES,
    DiffLine,
    LinePair,
    diff_lines,
    side_by_side,
    split_lines,
)
from runs.render.files import decode_text, is_binary
from runs.render.formats import filesize, grouped

#: Longer files are cut before they are compared.
MAX_DIFF_BYTES = 512 * 1024
_SNIFFED_BYTES = 8 * 1024


@dataclass(frozen=True)
class FileStart:
    """The first bytes of a file and its whole size; None for deleted content."""

    data: bytes | None
    size: int

    @property
    def text(self) -> str:
        """The text without its last line if that is cut."""
        data = self.data or b""
        # The cut line would differ from the whole one of the other file.
        if self.size > len(data) and b"\n" in data:
            data = data[: data.rindex(b"\n") + 1]
        return decode_text(data)


#: The other side of a file that was added or removed.
NO_FILE = FileStart(b"", 0)


@dataclass(frozen=True)
class TextDiff:
    """The difference of two texts; `reason` tells why none is shown."""

    reason: str = ""
    lines: Sequence[DiffLine] = ()
    pairs: Sequence[LinePair] = ()
    #: A message about what was left out, or empty.
    cut: str = ""


def diff_files(old: FileStart, new: FileStart, *, is_side: bool) -> TextDiff:
    """Compare the starts of two files; `is_side` also pairs the lines."""
    if old.data is None or new.data is None:
        return TextDiff(_("The content of this file was deleted."))
    if any(is_binary(data[:_SNIFFED_BYTES]) for data in (old.data, new.data)):
        return TextDiff(_("These are not text files."))
    found = diff_lines(old.text, new.text)
    cut = _left_out_message(old, new, found.more)
    if not found.lines:
        # The files differ, or they would not be here: by what was cut off, or by line
        # ends.
        same = _("The compared files are the same.")
        return TextDiff(same if cut else _("Only line endings differ."), cut=cut)
    pairs = side_by_side(found.lines) if is_side else ()
    return TextDiff("", found.lines, pairs, cut)


def _left_out_message(old: FileStart, new: FileStart, hidden_lines: int) -> str:
    """Return a message about what was not compared or is not shown."""
    notices = []
    if max(old.size, new.size) > MAX_DIFF_BYTES:
        notices.append(
            _("Only the first %(size)s of each file are compared.")
            % {"size": filesize(MAX_DIFF_BYTES)}
        )
    if max(len(split_lines(file.text)) for file in (old, new)) > MAX_DIFF_LINES:
        notices.append(
            _("Only the first %(n)s lines of each file are compared.")
            % {"n": grouped(MAX_DIFF_LINES)}
        )
    if hidden_lines:
        notices.append(
            ngettext(
                "%(n)s more line is not shown.",
                "%(n)s more lines are not shown.",
                hidden_lines,
            )
            % {"n": grouped(hidden_lines)}
        )
    return " ".join(notices)
