"""Every other binary file: its first bytes, and what format they seem to be."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.files import is_binary
from runs.render.previews import SHOWN_BYTES, format_name, hex_lines


@dataclass(frozen=True)
class FirstBytes:
    """Lines of offset, numbers and characters; `count` is of all shown bytes."""

    lines: list[tuple[str, str, str]]
    count: int


def matches(_name: str, head: bytes) -> bool:
    return is_binary(head)


def build(reader: PreviewReader) -> Shown:
    head = reader.read(SHOWN_BYTES)
    return Shown(FirstBytes(list(hex_lines(head)), len(head)), format_name(head))


RAW_BYTES = PreviewKind(
    "bytes", gettext_lazy("Show bytes"), matches, build, icon="code"
)
