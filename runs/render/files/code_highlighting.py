"""Source text with its words, texts, values and comments marked, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Token, _TokenType, is_token_subtype
from pygments.util import ClassNotFound

#: A longer text is shown plain: marking takes a second for each megabyte or two.
MAX_HIGHLIGHTED_CHARS = 100_000

#: The first that a token belongs to counts.
_TOKEN_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Token.Comment, "note"),
    (Token.Literal.String, "text"),
    (Token.Literal.Number, "value"),
    (Token.Keyword, "word"),
    (Token.Operator.Word, "word"),
    (Token.Name.Tag, "word"),
    (Token.Name.Function, "called"),
    (Token.Name.Class, "called"),
    (Token.Name.Decorator, "called"),
)


@lru_cache(maxsize=32)
def highlighted_lines(name: str, text: str) -> tuple[SafeString, ...] | None:
    """The lines of a source file as HTML; None where its language is not known.

    They are as many as `text` has, its last line end left out.
    """
    lexer = _find_lexer(name)
    if lexer is None or len(text) > MAX_HIGHLIGHTED_CHARS:
        return None
    return tuple(_highlighted_lines(lexer.get_tokens(text.removesuffix("\n"))))


def highlight(lexer: Lexer, text: str) -> str:
    """`text` as HTML, its words, texts, values and comments in spans."""
    return "\n".join(_highlighted_lines(lexer.get_tokens(text)))


def _find_lexer(name: str) -> Lexer | None:
    try:
        # Without these, Pygments drops and adds line ends, and line numbers would
        # shift.
        return get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _highlighted_lines(
    tokens: Iterable[tuple[_TokenType, str]],
) -> Iterator[SafeString]:
    line: list[str] = []
    for mark, same_tokens in groupby(tokens, key=lambda token: _token_class(token[0])):
        # A token such as a docstring spans lines, but each line is an element of its
        # own.
        first, *more = "".join(text for _, text in same_tokens).split("\n")
        line.append(_token_html(mark, first))
        for part in more:
            yield _join_html(line)
            line = [_token_html(mark, part)]
    yield _join_html(line)


def _join_html(parts: list[str]) -> SafeString:
    # Each part was escaped by `_token_html`.
    return mark_safe("".join(parts))  # noqa: S308


def _token_class(kind: _TokenType) -> str:
    return next(
        (mark for family, mark in _TOKEN_CLASSES if is_token_subtype(kind, family)), ""
    )


def _token_html(mark: str, text: str) -> str:
    html = str(escape(text))
    # Spans around blanks would only make the page larger.
    return f'<span class="{mark}">{html}</span>' if mark and text.strip() else html
