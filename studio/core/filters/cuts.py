"""Cut terms out of a filter's text; what is left keeps its comments and quoting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from studio.core.filters.tokens import END, OPERATOR, SIGN, Token

Range = tuple[int, int]


@dataclass(frozen=True)
class Cut:
    """The text that is left, and the tokens of the old text that are left in it."""

    text: str
    tokens: Sequence[Token]


def cut(text: str, tokens: Sequence[Token], ranges: Sequence[Range]) -> Cut:
    """The text without these terms, what joined them, and parentheses left empty."""
    gone: set[int] = set()
    for term in ranges:
        inside = [n for n, token in enumerate(tokens) if is_within(token, term)]
        gone.update(_with_joints(tokens, inside[0], inside[-1], gone))
    places = [(tokens[n].start, tokens[n].end) for n in sorted(gone)]
    left = [token for n, token in enumerate(tokens) if n not in gone]
    return Cut(_joined(text, _merged(text, places)), left)


def stand_apart(tokens: Sequence[Token], terms: Sequence[Range]) -> bool:
    """Whether no term can be read together with what follows it.

    `and` parts two terms. Blanks do behind a closing parenthesis and behind `field:…`
    and `field = …`, which go on with `|` only; no term begins with that.
    """
    tokens = [token for token in tokens if token.kind != END]
    is_closed, has_joint = True, True
    at = 0
    for term in terms:
        if at < len(tokens) and tokens[at].is_word("and") and not has_joint:
            has_joint, at = True, at + 1
        inside = [token for token in tokens[at:] if is_within(token, term)]
        if not (inside and inside[0] is tokens[at] and (has_joint or is_closed)):
            return False
        at += len(inside)
        is_closed = inside[-1].text == ")" or _has_value(inside)
        has_joint = False
    return at == len(tokens)


def _has_value(term: Sequence[Token]) -> bool:
    if len(term) < 3:
        return False
    return term[1].kind == OPERATOR or (term[1].kind, term[1].text) == (SIGN, ":")


def is_within(token: Token, term: Range) -> bool:
    start, end = term
    return token.kind != END and start <= token.start < end


def _with_joints(
    tokens: Sequence[Token], first: int, last: int, gone: set[int]
) -> Iterator[int]:
    before, after = _near(first, -1, gone), _near(last, 1, gone)
    yield from range(first, last + 1)
    while before >= 0 and _is_empty(tokens[before], tokens[after]):
        yield from (before, after)
        before, after = _near(before, -1, gone), _near(after, 1, gone)
    if before >= 0 and tokens[before].is_word("and"):
        yield before
    elif tokens[after].is_word("and"):
        yield after


def _near(place: int, step: int, gone: set[int]) -> int:
    place += step
    while place in gone:
        place += step
    return place


def _is_empty(before: Token, after: Token) -> bool:
    return before.kind == after.kind == "sign" and before.text + after.text == "()"


def _merged(text: str, ranges: Sequence[Range]) -> list[Range]:
    """Ranges with nothing but blanks between them as one."""
    merged: list[Range] = []
    for start, end in ranges:
        if merged and not text[merged[-1][1] : start].strip():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _joined(text: str, ranges: Sequence[Range]) -> str:
    parts, at = [], 0
    for start, end in ranges:
        parts.append(text[at:start])
        at = end
    parts.append(text[at:])
    whole = parts[0]
    for part in parts[1:]:
        whole = _seam(whole, part)
    return whole.strip()


def _seam(left: str, right: str) -> str:
    """One side's blanks are enough, and none are needed within parentheses."""
    if not left.strip() or left.rstrip().endswith("("):
        return left.rstrip() + right.lstrip()
    if right.lstrip().startswith(")"):
        return left.rstrip() + right.lstrip()
    return left.rstrip() + " " + right.lstrip()
