"""Search texts, the words that are looked for in them, and the grams of both.

A run's search text is its fields in lower case, joined by a character that no field
keeps, so that no word is found across two. An index of trigrams cannot answer words of
one or two characters; grams do: what words begin with, and each pair with a Chinese,
Japanese or Korean character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from runs.models.functions import is_cjk, lowered

#: Tags that clients keep for themselves; people never see them in the list.
HIDDEN = "mlflow."

SEPARATOR = "\x1f"
_MARK = "\x1e"
#: Where a word begins in ASCII, with the next character.
_BEGINNINGS = re.compile(r"(?<![0-9A-Za-z])(?=(..?))", re.DOTALL)
_SPACES = str.maketrans({SEPARATOR: " ", _MARK: " "})


def folded(text: str) -> str:
    """As texts and words are compared: lower case, without our own two characters."""
    return (lowered(text) or "").translate(_SPACES)


def text_of(fields: Iterable[str | None]) -> str:
    """The search text of a run that has these fields."""
    return SEPARATOR.join(folded(field) for field in fields if field)


def is_short(word: str) -> bool:
    """Whether the folded word is too short to be looked for inside of others."""
    return len(word) < (2 if any(is_cjk(char) for char in word) else 3)


def grams_of(text: str) -> str:
    """The grams of a search text, each once, between marks."""
    kept = _plain(text) if text.isascii() else _mixed(text)
    return _MARK + "".join(gram + _MARK for gram in kept if SEPARATOR not in gram)


def _plain(text: str) -> Iterable[str]:
    """The same as `_mixed` for most texts, ten times faster."""
    found = _BEGINNINGS.findall(text)
    return dict.fromkeys(gram for pair in found for gram in (pair[0], pair))


def _mixed(text: str) -> Iterable[str]:
    found: dict[str, None] = {}
    before = ""
    for at, char in enumerate(text):
        pair = text[at : at + 2]
        has_cjk = is_cjk(char) or is_cjk(pair[-1])
        if not before.isalnum() or is_cjk(before) != is_cjk(char):
            found[char] = None
            if not has_cjk:
                found[pair] = None
        if has_cjk and len(pair) == 2:
            found[pair] = None
        before = char
    return found


def gram_of(word: str) -> str | None:
    """The gram that says whether a text holds the folded word; None for a long one."""
    return word if is_short(word) or len(word) == 2 else None


def pairs_of(word: str) -> list[str]:
    """The pairs of a long folded word that its texts' grams hold."""
    pairs = [word[at : at + 2] for at in range(len(word) - 1)]
    return [pair for pair in pairs if is_cjk(pair[0]) or is_cjk(pair[1])]


def marked(gram: str) -> str:
    """As `grams` holds it."""
    return f"{_MARK}{gram}{_MARK}"


def match_of(word: str) -> str:
    """The folded word as a query of SQLite's index; any text is only text in it."""
    gram = gram_of(word)
    quoted = (word if gram is None else marked(gram)).replace('"', '""')
    return f'"{quoted}"'
