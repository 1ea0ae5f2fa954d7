"""Reading MLflow's filter text piece by piece. A quote cannot be escaped inside."""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.core.errors import InvalidFilter
from studio.core.filters.tokens import MAX_DEPTH

MAX_LENGTH = 16 * 1024
MAX_PIECES = 2000

_PIECE = re.compile(
    r"""\s*(?:
      (?P<name>[^\s'"`()=!<>,;]*\.(?:"[^"]*"|`[^`]*`|'[^']*'))
    | (?P<string>"[^"]*"|'[^']*'|`[^`]*`)
    | (?P<op>!=|>=|<=|=|>|<)
    | (?P<sign>[(),])
    | (?P<bare>[^\s'"`()=!<>,;]+)
    | (?P<other>\S)
    )""",
    re.VERBOSE,
)
_OPERATORS = frozenset({"=", "!=", ">", ">=", "<", "<="})


def mlflow_filter_error(
    message: str, position: int = 0, length: int = 0
) -> InvalidFilter:
    return InvalidFilter(
        message, field="filter", position=position, length=length, suggestions=[]
    )


@dataclass(frozen=True)
class Identifier:
    """`tags.mlflow.user` is the entity `tags` and the key `mlflow.user`."""

    entity: str
    key: str


@dataclass(frozen=True)
class _TokenPiece:
    kind: str
    text: str
    start: int


class MlflowFilterReader:
    """The pieces of a text, read from left to right."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH or "\x00" in text:
            raise mlflow_filter_error("Invalid filter string: too long, or not text")
        found = _PIECE.finditer(text)
        self.pieces = [
            _TokenPiece(
                m.lastgroup or "", m[m.lastgroup or 0], m.start(m.lastgroup or 0)
            )
            for m in found
        ]
        if len(self.pieces) > MAX_PIECES:
            raise mlflow_filter_error("Invalid filter string: too many clauses")
        self.at = self.depth = 0

    def at_end(self) -> bool:
        return self.at >= len(self.pieces)

    def take(self) -> _TokenPiece:
        if self.at_end():
            raise mlflow_filter_error(
                "Invalid clause(s) in filter string: it ends too early"
            )
        self.at += 1
        return self.pieces[self.at - 1]

    def read_identifier(self) -> Identifier:
        piece = self.take()
        if piece.kind == "string":
            return Identifier("", piece.text[1:-1])
        if piece.kind not in ("bare", "name"):
            raise self.invalid_piece_error(piece)
        entity, point, key = piece.text.partition(".")
        if not point:
            return Identifier("", entity)
        return Identifier(entity.lower(), _unquoted(key))

    def read_comparator(self) -> str:
        """The operator in upper case: `=`, `NOT IN`, `IS NOT NULL`, …"""
        piece = self.take()
        if piece.text in _OPERATORS:
            return piece.text
        word = piece.text.upper()
        if word == "NOT":
            return f"NOT {self.take().text.upper()}"
        if word == "IS":
            following = self.take().text.upper()
            if following == "NOT":
                following = f"NOT {self.take().text.upper()}"
            return f"IS {following}"
        if word in ("IN", "LIKE", "ILIKE"):
            return word
        raise self.invalid_piece_error(piece)

    def read_bare_value(self) -> str:
        """A value as written, quotes included."""
        return self.take().text

    def read_string(self, entity: str) -> str:
        piece = self.take()
        # In MLflow, backticks quote names and never values.
        if piece.kind != "string" or piece.text[0] == "`":
            raise mlflow_filter_error(
                f"Expected a quoted string value for {entity} (e.g. 'my-value'). "
                f"Got value {piece.text}",
                piece.start,
                len(piece.text),
            )
        return piece.text[1:-1]

    def read_strings(self) -> list[str]:
        """`('a', 'b')`"""
        piece = self.take()
        if piece.text != "(":
            raise self.invalid_piece_error(piece)
        values = [self.read_string("attribute in a list")]
        while True:
            piece = self.take()
            if piece.text == ")":
                return values
            if piece.text != ",":
                raise self.invalid_piece_error(piece)
            values.append(self.read_string("attribute in a list"))

    def skip_word(self, word: str) -> bool:
        """Skip the word `AND` or `OR` if it comes next."""
        if self.at_end():
            return False
        piece = self.pieces[self.at]
        if piece.kind != "bare" or piece.text.upper() != word:
            return False
        self.at += 1
        return True

    def open_parenthesis(self) -> bool:
        """Skip a `(` if it comes next."""
        if self.at_end() or self.pieces[self.at].text != "(":
            return False
        if self.depth == MAX_DEPTH:
            raise mlflow_filter_error(
                f"Invalid filter string: more than {MAX_DEPTH} nested parentheses"
            )
        self.at += 1
        self.depth += 1
        return True

    def close_parenthesis(self) -> None:
        piece = self.take()
        if piece.text != ")":
            raise self.invalid_piece_error(piece)
        self.depth -= 1

    def read_end(self) -> None:
        if not self.at_end():
            raise self.invalid_piece_error(self.pieces[self.at])

    def read_rest(self) -> str:
        words = [piece.text for piece in self.pieces[self.at :]]
        self.at = len(self.pieces)
        return " ".join(words)

    def invalid_piece_error(self, piece: _TokenPiece) -> InvalidFilter:
        return mlflow_filter_error(
            f"Invalid clause(s) in filter string: '{piece.text}'",
            piece.start,
            len(piece.text),
        )


def _unquoted(key: str) -> str:
    quoted = len(key) > 1 and key[0] in "\"'`" and key[-1] == key[0]
    return key[1:-1] if quoted else key
