"""Find Python tracebacks in the lines of a log, chained ones as one.

A rank's prefix, such as `[rank0]: `, is on each of its lines, so tracebacks of several
ranks can be mixed. Lines of another process between those of a traceback are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What every traceback has, for a first look at many lines.
TRACEBACK_MARK = "Traceback (most recent call last)"
MAX_MESSAGE_CHARS = 500
#: Lines of others inside a traceback; more of them end it.
MAX_FOREIGN_LINES = 50
#: Tracebacks that are open at once, one per prefix.
MAX_OPEN = 64
#: A longer text before the first line is no rank's prefix.
MAX_PREFIX_CHARS = 200
_EXCEPTION = re.compile(
    r"^(?P<name>(?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*|[a-z_]\w*(?:error|timeout)))"
    r"(?::(?: (?P<message>.*))?)?$"
)
_CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


def _split_head(before: str) -> tuple[str, bool]:
    """Return the prefix of a traceback's first line, and whether it is a group's."""
    group = before.removesuffix("Exception Group ")
    if group != before:
        return group.rstrip(" +|"), True
    # The frame that rich draws.
    frame = before.rstrip("─ ")
    return (frame[:-1] if frame.endswith("╭") else before), False


@dataclass(frozen=True)
class Traceback:
    """`first` and `last` are line numbers; `name` is empty if it was cut off.

    `chained` counts the exceptions before the last one.
    """

    first: int
    last: int
    name: str = ""
    message: str = ""
    chained: int = 0


@dataclass
class _OpenTraceback:
    """A traceback whose last line has not been read."""

    prefix: str
    first: int
    last: int
    is_group: bool
    #: Waits for the exception, or (after it) for a sentence that chains another one.
    has_exception: bool = False
    name: str = ""
    message: str = ""
    chained: int = 0
    foreign: int = 0
    is_chaining: bool = False

    def close(self) -> Traceback:
        return Traceback(self.first, self.last, self.name, self.message, self.chained)


class TracebackFinder:
    """Reads lines in order; `found` has the tracebacks that are complete."""

    def __init__(self) -> None:
        self.found: list[Traceback] = []
        self._open: dict[str, _OpenTraceback] = {}

    @property
    def is_inside(self) -> bool:
        return bool(self._open)

    @property
    def first_open_line(self) -> int | None:
        return min((each.first for each in self._open.values()), default=None)

    def read(self, number: int, text: str) -> bool:
        """Read a line without color codes; return whether a traceback has it."""
        if TRACEBACK_MARK in text:
            return self._start(number, text)
        if not self._open:
            return False
        # The longest prefix first: an empty one fits every line.
        for prefix in sorted(self._open, key=len, reverse=True):
            if text.startswith(prefix) or text == prefix.rstrip():
                return self._continue(self._open[prefix], number, text[len(prefix) :])
        for each in [*self._open.values()]:
            self._skip_foreign(each)
        return False

    def finish(self) -> None:
        """Close all: the log ends here."""
        for each in self._open.values():
            self.found.append(each.close())
        self._open.clear()
        self.found.sort(key=lambda each: each.first)

    def _start(self, number: int, text: str) -> bool:
        prefix, is_group = _split_head(text.partition(TRACEBACK_MARK)[0])
        if len(prefix) > MAX_PREFIX_CHARS:
            return False
        earlier = self._open.get(prefix)
        if earlier is not None and (earlier.is_chaining or not earlier.has_exception):
            # A new one in the middle of another is its next part, or a nested group.
            earlier.chained += earlier.is_chaining
            earlier.is_chaining = earlier.has_exception = False
            earlier.last, earlier.foreign = number, 0
            return True
        if earlier is not None:
            self._close(earlier)
        if len(self._open) >= MAX_OPEN:
            return False
        self._open[prefix] = _OpenTraceback(prefix, number, number, is_group)
        return True

    def _continue(self, one: _OpenTraceback, number: int, text: str) -> bool:
        if one.has_exception:
            return self._continue_after_exception(one, number, text)
        if not text or text.startswith((" ", "\t", "|", "+", "│", "╰")):
            one.last, one.foreign = number, 0
            if one.is_group and not one.name:
                self._name(one, text.lstrip(" |"))
            return True
        if one.is_group and one.name:
            self._close(one)
            return False
        if not self._name(one, text):
            self._skip_foreign(one)
            return False
        one.last, one.has_exception, one.foreign = number, True, 0
        return True

    @staticmethod
    def _name(one: _OpenTraceback, text: str) -> bool:
        """Read the line with the exception; return whether it is one."""
        found = _EXCEPTION.match(text.rstrip())
        if found is None:
            return False
        one.name = found["name"]
        one.message = (found["message"] or "")[:MAX_MESSAGE_CHARS]
        return True

    def _continue_after_exception(
        self, one: _OpenTraceback, number: int, text: str
    ) -> bool:
        if text.strip() in _CHAINED:
            one.is_chaining, one.last = True, number
            return True
        if not text.strip():
            one.foreign += 1
            if one.foreign <= 2:
                return one.is_chaining
        self._close(one)
        return False

    def _skip_foreign(self, one: _OpenTraceback) -> None:
        one.foreign += 1
        if one.has_exception or one.foreign > MAX_FOREIGN_LINES:
            self._close(one)

    def _close(self, one: _OpenTraceback) -> None:
        self._open.pop(one.prefix, None)
        self.found.append(one.close())
