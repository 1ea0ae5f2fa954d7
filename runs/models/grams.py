"""Search texts of runs, searched words, and the grams of both.

A run's search text is its fields in lower case, joined by a character that no field
contains, so no word matches across two fields. A trigram index cannot find words of one
or two characters. Grams can: the first characters of each word, and each pair with a
Chinese, Japanese or Korean character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

#: Tags with this prefix are the MLflow clients' own; the run list never shows them.
SYSTEM_TAG_PREFIX = "mlflow."
#: Released migrations import it by this name.
HIDDEN = SYSTEM_TAG_PREFIX

SEPARATOR = "\x1f"
#: Characters of a field whose grams are kept for the next text.
MAX_KEPT = 24
#: Around each gram, so that no search matches across two grams.
_MARK = "\x1e"
#: Where a word begins in ASCII, with the next character, if the field has one. The rest
#: of a word and what ends it are passed over at once: a word begins after them.
_BEGINNINGS = re.compile(
    rf"(?=([^{SEPARATOR}][^{SEPARATOR}]?))(?:[0-9A-Za-z]+.?|.)", re.DOTALL
)
_CJK = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"
#: The same in any script, and where the script changes.
_ALL_BEGINNINGS = re.compile(
    rf"(?:(?<![^\W_])|(?<={_CJK})(?!{_CJK})|(?<!{_CJK})(?={_CJK}))(?=(..?))", re.DOTALL
)
_CJK_PAIRS = re.compile(f"(?=({_CJK}.|.{_CJK}))", re.DOTALL)
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
    kept = [field for field in fields if field]
    joined = SEPARATOR.join(kept)
    # Lowering the case once is faster, and hardly any field has a separator.
    if _MARK not in joined and joined.count(SEPARATOR) < max(1, len(kept)):
        return lower_case(joined) or ""
    return SEPARATOR.join(map(fold_case, kept))


def is_short_word(word: str) -> bool:
    """Whether the folded word is too short to be searched inside other words."""
    return len(word) < (2 if any(is_cjk(char) for char in word) else 3)


def grams_of(text: str) -> str:
    """List the grams of a search text once each, between delimiters."""
    if text.isascii():
        found = _ascii_grams(text)
    else:
        found = {}
        for field in text.split(SEPARATOR):
            is_short = len(field) <= MAX_KEPT
            found.update(_kept_grams(field) if is_short else _field_grams(field))
    return f"{_MARK}{_MARK.join(found)}{_MARK}" if found else _MARK


def _field_grams(field: str) -> dict[str, None]:
    return _ascii_grams(field) if field.isascii() else _unicode_grams(field)


#: Keys and values of tags are the same for many runs.
_kept_grams = lru_cache(maxsize=4096)(_field_grams)


def _ascii_grams(text: str) -> dict[str, None]:
    """The same as `_unicode_grams` for most fields, ten times faster.

    Also of a whole text, whose fields need not be split for it.
    """
    found = dict.fromkeys(_BEGINNINGS.findall(text))
    found.update(dict.fromkeys([pair[0] for pair in found]))
    return found


def _unicode_grams(text: str) -> dict[str, None]:
    found = dict.fromkeys(_CJK_PAIRS.findall(text))
    for pair in _ALL_BEGINNINGS.findall(text):
        # A pair with a CJK character is a gram wherever it is, and in `found` already.
        found[pair[0]] = found[pair] = None
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
