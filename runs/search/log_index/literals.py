"""The fixed texts that every match of a regular expression has.

An index of trigrams finds texts, not patterns. So a pattern is searched by its fixed
parts, and the blocks with all of them are read. What is not understood here counts as
no fixed text, which finds more blocks and never fewer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runs.storage.log_index import MIN_LITERAL_BYTES

#: All literals of one alternative are in each match of it.
Alternative = tuple[str, ...]
#: A match has one of the alternatives.
Clause = tuple[Alternative, ...]

_QUANTIFIER = re.compile(r"\*|\+|\?|\{(\d+)(?:,\d*)?\}")
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_GROUP_HEAD = re.compile(r"\?(?:P?<\w+>|[imsU-]*:)|\?[imsU-]+(?=\))")
_ESCAPE = re.compile(
    r"\\(?:[pP](?:\{[^}]*\}|.)|x\{[^}]*\}|x..|[0-7]{1,3}|.)", re.DOTALL
)
MAX_DEPTH = 20


def literal_clauses(pattern: str) -> tuple[Clause, ...]:
    """What the matches of the pattern have; empty if nothing is sure.

    The pattern must be valid.
    """
    if r"\Q" in pattern:
        return ()
    try:
        clause = _Scanner(pattern).alternatives(0)
    except _TooDeepError:
        return ()
    # One alternative: each of its clauses is required.
    return clause[0] if len(clause) == 1 else _or_clause(clause)


def is_long_enough(text: str) -> bool:
    return len(text.encode()) >= MIN_LITERAL_BYTES


def _or_clause(branches: list[tuple[Clause, ...]]) -> tuple[Clause, ...]:
    """One clause for alternatives that require clauses."""
    found: list[Alternative] = []
    for clauses in branches:
        single = [clause[0] for clause in clauses if len(clause) == 1]
        if single:
            found.append(tuple(text for each in single for text in each))
        elif clauses:
            found += clauses[0]
        else:
            return ()
    return (tuple(found),)


class _TooDeepError(Exception):
    """The groups of a pattern are nested deeper than is worth reading."""


@dataclass
class _Scanner:
    pattern: str
    at: int = 0

    def alternatives(self, depth: int) -> list[tuple[Clause, ...]]:
        branches = [self._sequence(depth)]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence(depth))
        return branches

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _sequence(self, depth: int) -> tuple[Clause, ...]:
        clauses: list[Clause] = []
        run = ""

        def end_run() -> None:
            nonlocal run
            if is_long_enough(run):
                clauses.append(((run,),))
            run = ""

        while (char := self._peek()) and char not in "|)":
            inner: tuple[Clause, ...] = ()
            fixed = ""
            if char == "(":
                inner = self._group(depth + 1)
            elif char == "[":
                self._skip(_CLASS)
            elif char == "\\":
                fixed = self._escaped()
            else:
                self.at += 1
                fixed = "" if char in ".^$" else char
            least = self._least_count()
            if fixed and least is None:
                run += fixed
                continue
            if fixed and least:
                run += fixed
            end_run()
            # What is repeated at least once is in each match.
            if least is None or least:
                clauses += inner
        end_run()
        return tuple(clauses)

    def _group(self, depth: int) -> tuple[Clause, ...]:
        if depth > MAX_DEPTH:
            raise _TooDeepError
        self.at += 1
        if head := _GROUP_HEAD.match(self.pattern, self.at):
            self.at = head.end()
        branches = self.alternatives(depth)
        self.at += 1
        return branches[0] if len(branches) == 1 else _or_clause(branches)

    def _escaped(self) -> str:
        """The character that an escape stands for; empty for classes and positions."""
        start = self.at
        self._skip(_ESCAPE)
        char = self.pattern[start + 1 : self.at]
        return "" if len(char) != 1 or char.isalnum() else char

    def _skip(self, part: re.Pattern[str]) -> None:
        found = part.match(self.pattern, self.at)
        self.at = found.end() if found else len(self.pattern)

    def _least_count(self) -> int | None:
        """How often the part before is repeated at least; None if it is not."""
        least = None
        while found := _QUANTIFIER.match(self.pattern, self.at):
            self.at = found.end()
            sign = found[0][0]
            count = int(found[1]) if sign == "{" else int(sign == "+")
            # `?` after a quantifier makes it lazy, which changes no count.
            least = count if least is None else least
        return least
