"""The lines of requirements files: what they name in the working copy of a run.

An environment outlives the run that creates it, so no line links to the working copy.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: A comment; `#` within a word belongs to an address.
_COMMENT = re.compile(r"(^|\s+)#.*$")
_OPTION = re.compile(
    r"(-[rce]|--requirement|--constraint|--editable)(?:\s*=\s*|\s+|(?<=^-[rce]))(\S.*)"
)
#: A package of a folder or file: its path, then its extras, or what only pip reads.
_PATH = re.compile(r"([^\[;]+?)\s*(\[[^\]]*\])?\s*(;.*)?")


@dataclass(frozen=True)
class RequirementLine:
    """One line; `path` is what it names in the working copy, empty for other lines."""

    text: str
    option: str = ""
    path: str = ""
    rest: str = ""

    def placed_in(self, code: Path) -> str:
        """The line for a file outside the working copy."""
        if not self.is_in_code:
            return self.text
        path = os.path.normpath(code / self.path)
        # A link to the working copy would break with its end.
        option = f"{self.option} " if self.option == "-c" else ""
        return f"{option}{path}{self.rest}"

    @property
    def is_in_code(self) -> bool:
        """Whether it names a part of the working copy."""
        return bool(self.path) and not os.path.isabs(self.path)  # noqa: PTH117

    def content(self, code: Path) -> str:
        """A hash of the files that it names."""
        if not self.path:
            return ""
        path = code / self.path
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        return "\n".join(
            f"{hashlib.sha256(file.read_bytes()).hexdigest()} {file.relative_to(path)}"
            for file in files
            if file.is_file()
        )


def read_lines(lines: Iterable[str], code: Path) -> Iterator[RequirementLine]:
    """The lines, with those of the files that `-r` names in their place.

    Raises OSError for a file that cannot be read.
    """
    yield from _read_lines(lines, code, "", frozenset())


def _read_lines(
    lines: Iterable[str], code: Path, folder: str, above: frozenset[str]
) -> Iterator[RequirementLine]:
    """`folder` is that of their file in the working copy, `above` has its parents."""
    for raw in lines:
        text = _COMMENT.sub("", raw).strip()
        found = _OPTION.fullmatch(text)
        option = f"-{found[1].lstrip('-')[0]}" if found else ""
        name = found[2].strip("'\"") if found else text
        if not text:
            continue
        if "://" in name or not (option or name.startswith((".", "/"))):
            yield RequirementLine(text)
        elif option == "-r":
            path = os.path.normpath(os.path.join(folder, name))  # noqa: PTH118
            if path not in above:
                content = (code / path).read_text(encoding="utf-8-sig")
                nested = content.replace("\\\n", "").splitlines()
                inner = os.path.dirname(path)  # noqa: PTH120 ("" stays as it is)
                yield from _read_lines(nested, code, inner, above | {path})
        elif option == "-c":
            path = os.path.normpath(os.path.join(folder, name))  # noqa: PTH118
            yield RequirementLine(f"-c {path}", option, path)
        else:
            parts = _PATH.fullmatch(name)
            if parts is None:
                yield RequirementLine(text)
            else:
                rest = (parts[2] or "") + (f" {parts[3]}" if parts[3] else "")
                yield RequirementLine(text, option, parts[1], rest)
