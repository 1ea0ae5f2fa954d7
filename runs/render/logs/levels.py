"""The level of a log line, as the usual loggers write it."""

from __future__ import annotations

import re

#: From the worst; `error` includes critical and fatal lines.
LEVELS = ("error", "warn", "info", "debug")
_WORDS = {
    "CRITICAL": "error",
    "FATAL": "error",
    "ERROR": "error",
    "EXCEPTION": "error",
    "ERR": "error",
    "WARNING": "warn",
    "WARN": "warn",
    "INFO": "info",
    "NOTICE": "info",
    "SUCCESS": "info",
    "DEBUG": "debug",
    "TRACE": "debug",
}
#: Also after a rank, and in PyTorch's brackets: `[rank1]:[W1124 12:27:40.1 …`.
_ABSL = re.compile(r"(?:\[\w{1,20}\]:? ?)?\[?([FEWIDV])\d{4}(?:\d{4})? \d\d:\d\d:\d\d")
_ABSL_LEVELS = {
    **dict.fromkeys("FE", "error"),
    **dict.fromkeys("DV", "debug"),
    "W": "warn",
    "I": "info",
}
_TOKENS = re.compile(r"\[[^\[\]]{0,60}\]:?|[^\s|]+|\|")
_STAMP = re.compile(r"[\[(]?\d[\d:.,/TZ+\-]*[\])]?:?|[A-Z][a-z]{2}|[+-]\d{4}")
#: `ts=…` of logfmt, `train.py:12:` of a warning: no words of a sentence.
_NO_WORD = re.compile(r"[\w.]+=.*|[^\s:]+:\d+:")
_ASSIGNED = re.compile(r"(?:level|lvl|levelname|severity)=\W?(\w+)", re.IGNORECASE)
#: Where a level is looked for: later words are the message.
_HEAD_CHARS = 200
_MAX_TOKENS = 12
#: Names before the level, such as a host and a program, after a time stamp.
_MAX_NAMES = 3
_SEPARATORS = frozenset("-|:·—")

#: What a line with the level has, for a first look at many lines (RE2 syntax).
LEVEL_PATTERNS = {
    "error": r"(?i:critical|fatal|error|exception|\berr\b)|\b[FE]\d{4}(?:\d{4})? ",
    "warn": r"(?i:warn)|\bW\d{4}(?:\d{4})? ",
    "info": r"(?i:info|notice|success)|\bI\d{4}(?:\d{4})? ",
    "debug": r"(?i:debug|trace)|\b[DV]\d{4}(?:\d{4})? ",
}


def level_of_word(word: str) -> str:
    """Return the level of a logger's own word, in any case; empty for another word."""
    return _WORDS.get(word.strip().upper(), "")


def find_level(text: str) -> str:
    """Return the level of a line without color codes; empty if it names none."""
    head = text[:_HEAD_CHARS]
    absl = _ABSL.match(head)
    if absl:
        return _ABSL_LEVELS[absl[1]]
    has_stamp, names = False, 0
    tokens = _TOKENS.findall(head)[:_MAX_TOKENS]
    for position, token in enumerate(tokens):
        level = _level_of_token(token, is_first=position == 0)
        if level:
            return level
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        if _STAMP.fullmatch(token) or token in _SEPARATORS:
            has_stamp = has_stamp or token[-1:].isdigit() or token[:1] in "[("
        elif token.startswith(("[", "(")):
            has_stamp = True
        elif following not in _SEPARATORS and not _NO_WORD.fullmatch(token):
            names += 1
            if names > (_MAX_NAMES if has_stamp else 0):
                return ""
    return ""


def _level_of_token(token: str, *, is_first: bool) -> str:
    bare = token.strip("[](){}<>:,-*")
    if bare in _WORDS:
        return _WORDS[bare]
    # `[info]` and `info:` are written by hand; a lone `info` is a word of a sentence.
    is_marked = token.startswith(("[", "(", "<")) or (is_first and token.endswith(":"))
    if is_marked and bare.upper() in _WORDS:
        return _WORDS[bare.upper()]
    assigned = _ASSIGNED.match(token)
    if assigned:
        return level_of_word(assigned[1])
    start, separator, rest = bare.partition(":")
    if separator and start in _WORDS and rest:
        return _WORDS[start]
    # Python's own warnings: `train.py:12: UserWarning: …`.
    return "warn" if token.endswith("Warning:") else ""
