"""What an ignore file leaves out of a snapshot: the syntax of `.gitignore`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

#: Only the first of these that exists is read.
IGNORE_FILES = (".amlignore", ".gitignore")


class IgnoreRules:
    """Patterns relative to the folder of their file; the last match decides."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._rules = [rule for line in lines if (rule := _parse_rule(line))]

    @classmethod
    def for_folder(cls, folder: Path) -> IgnoreRules:
        """The rules of the ignore file in `folder`; without one nothing is excluded."""
        for name in IGNORE_FILES:
            path = folder / name
            if path.is_file():
                return cls(path.read_text("utf-8", "replace").splitlines())
        return cls()

    def excludes(self, path: str, *, is_folder: bool) -> bool:
        """Whether the file or folder `path` (`/`-separated) itself is excluded."""
        is_excluded = False
        for pattern, folders_only, is_kept in self._rules:
            if (is_folder or not folders_only) and pattern.fullmatch(path):
                is_excluded = not is_kept
        return is_excluded


def _parse_rule(line: str) -> tuple[re.Pattern[str], bool, bool] | None:
    # As in git, a blank at the end of a line counts only behind a backslash.
    text = re.sub(r"(?<!\\)\s+$", "", line)
    if not text or text.startswith("#"):
        return None
    is_kept = text.startswith("!")
    text = text[1:] if is_kept else text
    text = text[1:] if text.startswith(("\\#", "\\!")) else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    if not text:
        return None
    # As in git, a pattern without a slash matches in every folder.
    is_anchored = "/" in text
    body = _ignore_pattern_regex(text.lstrip("/"))
    try:
        pattern = re.compile(body if is_anchored else f"(?:.*/)?{body}")
    except re.error:
        # As git does with `[z-a]`: it matches nothing.
        return None
    return pattern, folders_only, is_kept


_PATTERN_PARTS = re.compile(
    r"^\*\*/|/\*\*$|/\*\*/|\*+|\?|\[!?[^\]]+\]|\\.|.", re.DOTALL
)


def _ignore_pattern_regex(text: str) -> str:
    parts = [_regex_part(found[0]) for found in _PATTERN_PARTS.finditer(text)]
    stars = [at for at, part in enumerate(parts) if part == _STAR]
    # All but the last star match as little as they can, once and for all: what follows
    # can match the rest. Otherwise a name could be tried in exponentially many ways.
    for number, (at, following) in enumerate(zip(stars, stars[1:])):
        literal = parts[at + 1 : following]
        if all(part not in _OPEN_PARTS for part in literal):
            group = f"star{number}"
            least = f"[^/]*?{''.join(literal)}"
            parts[at] = f"(?=(?P<{group}>{least}))(?P={group})"
            parts[at + 1 : following] = [""] * len(literal)
    return "".join(parts)


_STAR = "[^/]*"
_KNOWN_PARTS = {"**/": "(?:.*/)?", "/**": "/.*", "/**/": "/(?:.*/)?", "?": "[^/]"}
#: Parts that can match more or less, as a star can.
_OPEN_PARTS = frozenset({"(?:.*/)?", "/.*", "/(?:.*/)?"})


def _regex_part(part: str) -> str:
    if part in _KNOWN_PARTS:
        return _KNOWN_PARTS[part]
    if set(part) == {"*"}:
        return _STAR
    if part[0] == "[" and len(part) > 2:
        inside = part[1:-1].replace("\\", "\\\\")
        chosen = f"^{inside[1:]}" if inside[0] == "!" else inside
        # As in git, only a slash matches a slash.
        return f"(?!/)[{chosen}]"
    return re.escape(part[1] if part[0] == "\\" and len(part) > 1 else part)
