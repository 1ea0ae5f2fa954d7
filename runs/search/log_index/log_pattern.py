"""What a term on the field `log` looks for. A term matches a log if a line of it fits.

`contains` and `matches` ignore the case, `=` and `like` do not, as in other fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import re2
from django.utils.translation import gettext as _

from runs.search.expressions import compile_expression, compile_whole_line
from runs.search.log_index.literals import Clause, is_long_enough, literal_clauses
from runs.search.log_index.log_text import folded
from runs.search.sql import refuse_long_pattern, term_error, term_texts
from studio.core.errors import InvalidValue
from studio.core.filters import tree
from studio.core.filters.tree import Comparison, Node

MATCHES = "matches"
LOG = tree.attribute("log")


@dataclass(frozen=True)
class LogPattern:
    """An operator with its texts."""

    op: str
    texts: tuple[str, ...]

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """What each matching block has, in lower case: one alternative of each."""
        found = _required(self)
        lowered = (
            tuple(tuple(map(folded, each)) for each in clause) for clause in found
        )
        kept = (tuple(_long_texts(each) for each in clause) for clause in lowered)
        return tuple(clause for clause in kept if all(clause))

    def has_match(self, text: str) -> bool:
        """Whether a line of the text fits."""
        return next(self.iterate_spans(text), None) is not None

    def iterate_spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the text matches; no match spans a line end."""
        if self.op == "contains":
            yield from _literal_spans(text, self.texts[0])
            return
        for found in _compiled(self).finditer(text):
            yield found.span()


def _literal_spans(text: str, part: str) -> Iterator[tuple[int, int]]:
    lowered, wanted = folded(text), folded(part)
    at = lowered.find(wanted)
    if at < 0:
        return
    # Some capital letters are longer in lower case, which moves what follows.
    moved = None if len(lowered) == len(text) else _places_of_folded(text)
    while at >= 0:
        end = at + len(wanted)
        yield (at, end) if moved is None else (moved[at], moved[end - 1] + 1)
        at = lowered.find(wanted, end)


def _places_of_folded(text: str) -> list[int]:
    """By character of the folded text, the one of the text that it comes from."""
    return [at for at, char in enumerate(text) for _ in folded(char)]


def _long_texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for text in texts if is_long_enough(text))


def _required(pattern: LogPattern) -> tuple[Clause, ...]:
    if pattern.op == MATCHES:
        return literal_clauses(pattern.texts[0])
    if pattern.op in ("like", "ilike"):
        parts = pattern.texts[0].replace("_", "%").split("%")
        return tuple(((part,),) for part in parts if is_long_enough(part))
    return (tuple((text,) for text in pattern.texts),)


def _compiled(pattern: LogPattern) -> Any:
    if pattern.op == MATCHES:
        return compile_expression(pattern.texts[0], is_literal=False, is_cased=False)
    if pattern.op in ("like", "ilike"):
        body = "".join(_LIKE.get(char) or re2.escape(char) for char in pattern.texts[0])
    else:
        body = "|".join(re2.escape(text) for text in pattern.texts)
    return compile_whole_line(body, is_cased=pattern.op != "ilike")


_LIKE: dict[str, str] = {"%": ".*", "_": "."}


def read_pattern(term: Comparison) -> LogPattern:
    """The pattern of a positive term on logs.

    Raises InvalidFilter for an invalid regular expression, and for a text without three
    fixed characters in a row, which no index finds.
    """
    texts = tuple(term_texts(term))
    for text in texts:
        refuse_long_pattern(text)
    pattern = LogPattern(term.op, texts)
    if term.op != "contains":
        _check_expression(pattern, term)
    if not pattern.clauses:
        raise term_error(
            _(
                "A search in logs needs at least three fixed characters in a row, such "
                "as log:OutOfMemory."
            ),
            term,
        )
    return pattern


def _check_expression(pattern: LogPattern, term: Comparison) -> None:
    try:
        _compiled(pattern)
    except InvalidValue as error:
        raise term_error(str(error), term) from error


def log_terms(node: Node | None) -> Iterator[Comparison]:
    """The terms on logs, at any depth, as positive ones."""
    yield from _iterate_terms(node, lambda _term: True)


def log_patterns(node: Node | None) -> list[LogPattern]:
    """What the terms on logs look for that a matching run can have, each once."""
    found = _iterate_terms(node, lambda term: term.op not in tree.NEGATED)
    texts = (term for term in found if term.op not in tree.NO_VALUE)
    return list(dict.fromkeys(read_pattern(term) for term in texts))


def _iterate_terms(
    node: Node | None, is_wanted: Callable[[Comparison], bool]
) -> Iterator[Comparison]:
    if isinstance(node, Comparison):
        if node.field == LOG and is_wanted(node):
            yield node
    elif isinstance(node, tree.Not):
        yield from _iterate_terms(node.node, is_wanted)
    elif isinstance(node, (tree.And, tree.Or)):
        for child in node.nodes:
            yield from _iterate_terms(child, is_wanted)
