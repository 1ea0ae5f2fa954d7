"""What is searched for in a log: a literal text or a regular expression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runs.search.expressions import compile_expression

#: Marks of one line; a pattern such as `.` matches each character.
MAX_MARKS = 100


@dataclass(frozen=True)
class LogPattern:
    """A text to find; with `is_regex` an expression in RE2's syntax.

    Case is ignored unless `is_cased`. Raises InvalidValue for a wrong expression.
    """

    text: str
    is_regex: bool = False
    is_cased: bool = False

    def __post_init__(self) -> None:
        # A wrong expression is reported here, not in the middle of a search.
        _ = self._compiled

    @cached_property
    def _compiled(self) -> Any:
        return compile_expression(
            self.text, is_literal=not self.is_regex, is_cased=self.is_cased
        )

    def find(self, data: bytes, start: int = 0) -> tuple[int, int] | None:
        """Return the first match in UTF-8 text from an offset, as offsets."""
        found = self._compiled.search(data, start)
        return found.span() if found else None

    def find_all(self, text: str) -> tuple[tuple[int, int], ...]:
        """Return the first matches in a line, as offsets of characters."""
        return tuple(self._spans(text))

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        data = text.encode(errors="replace")
        is_ascii = len(data) == len(text)
        count = 0
        for found in self._compiled.finditer(data):
            start, stop = found.span()
            # An expression such as `x*` matches nothing almost everywhere.
            if start == stop:
                continue
            if is_ascii:
                yield start, stop
            else:
                first = len(data[:start].decode(errors="replace"))
                yield first, first + len(data[start:stop].decode(errors="replace"))
            count += 1
            if count == MAX_MARKS:
                return
