"""The first words of a Markdown text as plain ones, read from its source.

A list has a hundred of them: nothing is rendered, and of a long text only the beginning
is looked at. What Markdown would not show as words (marks, addresses, fences) is left
out.
"""

from __future__ import annotations

import re
from html import unescape

#: So much of a text is read for its first line, so much of a line, and shown of it.
MAX_READ_CHARS, MAX_RAW_LINE_CHARS, MAX_LINE_CHARS = 2_000, 1_000, 300
#: Lines that say nothing themselves: rules, fences, underlines, definitions of links.
_LINE_WITHOUT_WORDS = re.compile(r"(?:[-=*_|:\s]+|(?:```|~~~).*|\[[^\]]{1,250}\]:\s.*)")
#: What a line may begin with: quotes, headings, items of lists, boxes of tasks.
_LINE_MARKER = re.compile(r"(?:>|#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s|\[[ xX]\]\s)\s*")
_TAG = re.compile(r"<!--.*?(?:-->|$)|</?[A-Za-z][^<>]*>")
#: A picture or link by its words; an address in angles.
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)?\)|\[[^\[\]]*\])")
_ADDRESS = re.compile(r"<([a-z]+:[^<>\s]+|[^<>\s]+@[^<>\s]+)>", re.IGNORECASE)
_STRONG = re.compile(
    r"(?<!\\)(\*\*|__|~~|(?<![\w*])\*|(?<![\w_])_)(?=\S)(.{1,250}?)(?<=\S)\1(?!\w)"
)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")


def first_line(text: str) -> str:
    """Return one line of at most `MAX_LINE_CHARS` characters, without markup."""
    # The patterns below can be slow on long lines, so all that they read is limited.
    for line in text[:MAX_READ_CHARS].splitlines():
        words = _plain_text(line.strip()[:MAX_RAW_LINE_CHARS])
        if words:
            return (
                words if len(words) <= MAX_LINE_CHARS else f"{words[:MAX_LINE_CHARS]}…"
            )
    return ""


def _plain_text(line: str) -> str:
    if not line or _LINE_WITHOUT_WORDS.fullmatch(line):
        return ""
    while found := _LINE_MARKER.match(line):
        line = line[found.end() :]
    # Before tags, because an address in angles looks like one.
    line = _ADDRESS.sub(r"\1", line)
    line = _TAG.sub("", line)
    line = _LINK.sub(r"\1", line)
    # Twice, for what is strong within what is emphasised.
    line = _STRONG.sub(r"\2", _STRONG.sub(r"\2", line))
    # Last, or an escaped mark would be read as a mark.
    line = _ESCAPED.sub(r"\1", line.replace("`", "").strip("#| "))
    return " ".join(unescape(line).split())
