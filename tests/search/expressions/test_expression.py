"""Expressions match in one line of a text, whatever they say, and stay small."""

from __future__ import annotations

import pytest

from runs.search.expressions import compile_expression
from studio.core.errors import InvalidValue

TEXT = b"one two\nthree\n\nOne\n"


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ("one", [b"one", b"One"]),
        ("^one$", [b"One"]),
        (r"\Aone\z", [b"One"]),
        (r"(?-m)^one$", [b"One"]),
        (r"(?-m:^one$)", [b"One"]),
        (r"(?s)two.*", [b"two"]),
        (r"(?s-m:two.*)", [b"two"]),
        (r"[^x]*e$", [b"three", b"One"]),
        (r"two\s+three", []),
        (r"two\n", []),
        (r"(?-i)One", [b"One"]),
        (r"\Q\A\E", []),
        (r"[\A-z]ne", InvalidValue),
        (r"\Ctwo", InvalidValue),
        (r"\\Ctwo", []),
        ("(", InvalidValue),
        (r"\pL{500}", InvalidValue),
        ("(a{1000}){1000}", InvalidValue),
        ("x" * 1001, InvalidValue),
    ],
)
def test_a_match_is_a_part_of_one_line(expression: str, matches: object) -> None:
    try:
        compiled = compile_expression(expression, is_literal=False, is_cased=False)
    except InvalidValue:
        assert matches is InvalidValue
        return
    found = [TEXT[slice(*each.span())] for each in compiled.finditer(TEXT)]
    assert [each for each in found if each] == matches


def test_a_literal_is_no_expression() -> None:
    compiled = compile_expression("(?-m)\\C[", is_literal=True, is_cased=False)
    assert compiled.search(b"x (?-M)\\c[") is not None
