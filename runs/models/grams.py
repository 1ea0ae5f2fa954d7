"""Search texts of runs, searched words, and the grams of both.

A run's search text is its fields in lower case, joined by a character that no field
contains, so no word matches across two fields. A trigram index cannot find words of one
or two characters. Grams can: the first characters of each word, and each pair with a
Chinese, Japanese or Korean character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Tags with this prefix are the MLflow clients' own; the run list never shows them.
SYSTEM_TAG_PREFIX = "mlflow."
#: Released migrations import it by this name.
HIDDEN = SYSTEM_TAG_PREFIX

SEPARATOR = "\x1f"
#: Around each gram, so that no search matches across two grams.
_MARK = "\x1e"
#: Where a word begins in ASCII, with the next character.
_BEGINNINGS = re.compile(r"(?<![0-9A-Za-z])(?=(..?))", re.DOTALL)
_MARKS_TO_SPACES = str.maketrans({SEPARATOR: " ", _MARK: " "})


def lower_case(text: str | None) -> str | None:
    """Lower the case, and unify both lower forms of the Greek sigma."""
    return None if text is None else text.lower().replace("ς", "σ")


def is_cjk(char: str) -> bool:
    """Whether the character is Chinese, Japanese or Korean: scripts without spaces."""
    return (
        "\u3040" <= char <= "\u30ff"
        or "\u3400" <= char <= "\u4dbf"
        or "\u4e00" <= char <= "\u9fff"
        or "\uac00" <= char <= "\ud7af"
    )


def fold_case(text: str) -> str:
    """Lower the case and drop our two separators: texts and words compare like this."""
    lowered = lower_case(text) or ""
    # Hardly any text has one, and to look for them is faster.
    if SEPARATOR in lowered or _MARK in lowered:
        return lowered.translate(_MARKS_TO_SPACES)
    return lowered


def text_of(fields: Iterable[str | None]) -> str:
    """Build the search text of a run from its fields."""
    return SEPARATOR.join(fold_case(field) for field in fields if field)


def is_short_word(word: str) -> bool:
    """Whether the folded word is too short to be searched inside other words."""
    return len(word) < (2 if any(is_cjk(char) for char in word) else 3)


def grams_of(text: str) -> str:
    """List the grams of a search text once each, between delimiters."""
    kept = _ascii_grams(text) if text.isascii() else _unicode_grams(text)
    return _MARK + "".join(gram + _MARK for gram in kept if SEPARATOR not in gram)


def _ascii_grams(text: str) -> Iterable[str]:
    """The same as `_unicode_grams` for most texts, ten times faster."""
    found = _BEGINNINGS.findall(text)
    return dict.fromkeys(gram for pair in found for gram in (pair[0], pair))


def _unicode_grams(text: str) -> Iterable[str]:
    found: dict[str, None] = {}
    # One more than characters: what follows the last one.
    cjk = [*map(is_cjk, text), False]
    is_after_word = is_after_cjk = False
    for at, char in enumerate(text):
        pair = text[at : at + 2]
        has_cjk = cjk[at] or cjk[at + 1]
        if not is_after_word or is_after_cjk != cjk[at]:
            found[char] = None
            if not has_cjk:
                found[pair] = None
        if has_cjk and len(pair) == 2:
            found[pair] = None
        is_after_word, is_after_cjk = char.isalnum(), cjk[at]
    return found


def word_gram(word: str) -> str | None:
    """The gram that a text with this folded word contains; None for a long word."""
    return word if is_short_word(word) or len(word) == 2 else None


def word_pairs(word: str) -> list[str]:
    """List the CJK pairs of a long folded word, which are grams of its texts."""
    pairs = [word[at : at + 2] for at in range(len(word) - 1)]
    return [pair for pair in pairs if is_cjk(pair[0]) or is_cjk(pair[1])]


def delimit_gram(gram: str) -> str:
    """Delimit a gram as the column `grams` does."""
    return f"{_MARK}{gram}{_MARK}"


def match_query(word: str) -> str:
    """Quote the folded word as a query of SQLite's index."""
    gram = word_gram(word)
    quoted = (word if gram is None else delimit_gram(gram)).replace('"', '""')
    return f'"{quoted}"'
