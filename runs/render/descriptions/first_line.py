"""The first words of a Markdown text as plain ones, read from its source.

A list has a hundred of them: nothing is rendered, and of a long text only the beginning
is looked at. What Markdown would not show as words (marks, addresses, fences) is left
out.
"""

from __future__ import annotations

import re
from html import unescape

#: So much of a text is read for its first line, so much of a line, and shown of it.
BEGINNING, LINE, LONGEST = 2_000, 1_000, 300
#: Lines that say nothing themselves: rules, fences, underlines, definitions of links.
_SILENT = re.compile(r"(?:[-=*_|:\s]+|(?:```|~~~).*|\[[^\]]{1,250}\]:\s.*)")
#: What a line may begin with: quotes, headings, items of lists, boxes of tasks.
_MARK = re.compile(r"(?:>|#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s|\[[ xX]\]\s)\s*")
_TAG = re.compile(r"<!--.*?(?:-->|$)|</?[A-Za-z][^<>]*>")
#: A picture or link by its words; an address in angles.
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)?\)|\[[^\[\]]*\])")
_ADDRESS = re.compile(r"<([a-z]+:[^<>\s]+|[^<>\s]+@[^<>\s]+)>", re.IGNORECASE)
_STRONG = re.compile(
    r"(?<!\\)(\*\*|__|~~|(?<![\w*])\*|(?<![\w_])_)(?=\S)(.{1,250}?)(?<=\S)\1(?!\w)"
)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")


def first_line(text: str) -> str:
    """One line of at most `LONGEST` characters and an ellipsis; empty for no words."""
    for line in text[:BEGINNING].splitlines():
        words = _words(line.strip()[:LINE])
        if words:
            return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
    return ""


def _words(line: str) -> str:
    if not line or _SILENT.fullmatch(line):
        return ""
    while found := _MARK.match(line):
        line = line[found.end() :]
    line = _ADDRESS.sub(r"\1", line)
    line = _TAG.sub("", line)
    line = _LINK.sub(r"\1", line)
    # Twice, for what is strong within what is emphasised.
    line = _STRONG.sub(r"\2", _STRONG.sub(r"\2", line))
    line = _ESCAPED.sub(r"\1", line.replace("`", "").strip("#| "))
    return " ".join(unescape(line).split())
