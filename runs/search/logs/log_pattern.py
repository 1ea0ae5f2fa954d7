"""What is searched for in a log: a literal text or a regular expression.

RE2 runs both, in time that is linear in the log, so no expression can stop the server.
It has no back references and no lookaround.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from studio.core.errors import InvalidValue

MAX_PATTERN_CHARS = 1000
#: Marks of one line; a pattern such as `.` matches each character.
MAX_MARKS = 100
#: The states of RE2 need at most this much; it is slower, but never wrong, with less.
_MAX_MEMORY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class LogPattern:
    """A text to find; with `is_regex` an expression in RE2's syntax.

    Case is ignored unless `is_cased`. Raises InvalidValue for a wrong expression.
    """

    text: str
    is_regex: bool = False
    is_cased: bool = False

    def __post_init__(self) -> None:
        if len(self.text) > MAX_PATTERN_CHARS:
            raise InvalidValue(
                _("The search text is too long. The maximum is %(limit)s characters.")
                % {"limit": MAX_PATTERN_CHARS},
                field="q",
            )
        # A wrong expression is reported here, not in the middle of a search.
        self.find(b"")

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
        for count, found in enumerate(self._compiled.finditer(data)):
            start, stop = found.span()
            if count == MAX_MARKS:
                return
            # An expression such as `x*` matches nothing almost everywhere.
            if start == stop:
                continue
            if is_ascii:
                yield start, stop
            else:
                first = len(data[:start].decode(errors="replace"))
                yield first, first + len(data[start:stop].decode(errors="replace"))


def compile_expression(text: str, *, is_literal: bool, is_cased: bool) -> Any:
    """Compile for UTF-8 bytes; raises InvalidValue for a wrong expression."""
    # An extra of the server: the commands that read no logs start without it.
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY_BYTES
    options.case_sensitive = is_cased
    source = text.encode(errors="replace")
    # Whole chunks are searched, in which each line has its own start and end.
    source = re2.escape(source) if is_literal else b"(?m)" + source
    try:
        return re2.compile(source, options)
    except re2.error as error:
        message = error.args[0] if error.args else ""
        if isinstance(message, bytes):
            message = message.decode(errors="replace")
        raise InvalidValue(
            _("This regular expression is not valid: %(message)s")
            % {"message": message.replace("(?m)", "")},
            field="q",
        ) from error
