"""Which files an ignore file leaves out: the syntax of `.gitignore`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

#: The first of them that is there counts.
NAMES = (".amlignore", ".gitignore")


class Ignore:
    """Patterns relative to the folder of their file; the last match decides."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._rules = [rule for line in lines if (rule := _rule(line))]

    @classmethod
    def of(cls, folder: Path) -> Ignore:
        """The ignore file of `folder`; without one nothing is left out."""
        for name in NAMES:
            path = folder / name
            if path.is_file():
                return cls(path.read_text("utf-8", "replace").splitlines())
        return cls()

    def leaves_out(self, path: str, *, is_folder: bool) -> bool:
        """Whether the file or folder `path` (`/`-separated) is left out itself."""
        out = False
        for pattern, only_folders, keeps in self._rules:
            if (is_folder or not only_folders) and pattern.fullmatch(path):
                out = not keeps
        return out


def _rule(line: str) -> tuple[re.Pattern[str], bool, bool] | None:
    text = re.sub(r"(?<!\\)\s+$", "", line)
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text[1:] if keeps else text
    text = text[1:] if text.startswith(("\\#", "\\!")) else text
    only_folders = text.endswith("/")
    text = text.rstrip("/")
    if not text:
        return None
    is_anchored = "/" in text
    body = _regex(text.lstrip("/"))
    try:
        pattern = re.compile(body if is_anchored else f"(?:.*/)?{body}")
    except re.error:
        # As git does with `[z-a]`: it matches nothing.
        return None
    return pattern, only_folders, keeps


_PARTS = re.compile(r"^\*\*/|/\*\*$|/\*\*/|\*+|\?|\[!?[^\]]+\]|\\.|.", re.DOTALL)


def _regex(text: str) -> str:
    return "".join(_part(found[0]) for found in _PARTS.finditer(text))


def _part(part: str) -> str:
    known = {"**/": "(?:.*/)?", "/**": "/.*", "/**/": "/(?:.*/)?", "?": "[^/]"}
    if part in known:
        return known[part]
    if set(part) == {"*"}:
        return "[^/]*"
    if part[0] == "[" and len(part) > 2:
        inside = part[1:-1].replace("\\", "\\\\")
        return f"[^{inside[1:]}]" if inside[0] == "!" else f"[{inside}]"
    return re.escape(part[1] if part[0] == "\\" and len(part) > 1 else part)
