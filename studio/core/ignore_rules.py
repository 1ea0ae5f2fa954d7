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
    return "".join(_regex_part(found[0]) for found in _PATTERN_PARTS.finditer(text))


def _regex_part(part: str) -> str:
    known = {"**/": "(?:.*/)?", "/**": "/.*", "/**/": "/(?:.*/)?", "?": "[^/]"}
    if part in known:
        return known[part]
    if set(part) == {"*"}:
        return "[^/]*"
    if part[0] == "[" and len(part) > 2:
        inside = part[1:-1].replace("\\", "\\\\")
        return f"[^{inside[1:]}]" if inside[0] == "!" else f"[{inside}]"
    return re.escape(part[1] if part[0] == "\\" and len(part) > 1 else part)
