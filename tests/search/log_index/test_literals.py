"""The fixed texts of regular expressions: in every match, whatever the pattern."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from runs.search.log_index.literals import literal_clauses
from runs.search.log_index.log_text import folded


@pytest.mark.parametrize(
    ("pattern", "clauses"),
    [
        ("out of memory", ((("out of memory",),),)),
        (r"CUDA.*memory", ((("CUDA",),), (("memory",),))),
        (r"(CUDA|HIP error) out", ((("CUDA",), ("HIP error",)), ((" out",),))),
        (r"loss=\d+\.nan", ((("loss=",),), ((".nan",),))),
        ("colou?r", ((("colo",),),)),
        ("abcd*", ((("abc",),),)),
        ("abc+d", ((("abc",),),)),
        ("(abc)?def", ((("def",),),)),
        ("(abc)+", ((("abc",),),)),
        ("abc|def", ((("abc",), ("def",)),)),
        ("abc|.*", ()),
        ("[abc]def", ((("def",),),)),
        (r"[]\]abc]def", ((("def",),),)),
        (r"\Qabc\E", ()),
        (r"\pLabcd", ((("abcd",),),)),
        (r"\PNabc\p{Greek}def", ((("abc",),), (("def",),))),
        (r"\x41bcd", ((("bcd",),),)),
        ("(?i)abc", ((("abc",),),)),
        ("abc{0,3}", ()),
        ("a" * 3 + "(" * 50 + ")" * 50, ()),
        ("ab", ()),
        ("错误", ((("错误",),),)),
    ],
)
def test_the_fixed_texts_of_a_pattern(pattern: str, clauses: object) -> None:
    assert literal_clauses(pattern) == clauses


CHARACTERS = [chr(code) for code in range(0x20, 0x2200)]


def test_characters_of_the_same_case_are_the_same_to_the_index() -> None:
    options = re2.Options()
    options.case_sensitive = False
    for char in [*CHARACTERS, *map(chr, range(0xA640, 0xA6A0))]:
        others = {char.upper(), char.lower(), char.casefold()} - {char}
        compiled = re2.compile(re2.escape(char), options)
        for other in others:
            if compiled.fullmatch(other):
                assert folded(char) == folded(other), (char, other)


PIECES = st.sampled_from(
    [
        *("abc", "de", "x", ".", "\\d", "[ab]", "(abc|xyz)", "(de|x)?", "|", "*", "+"),
        *("?", "{0,2}", "{2}", "(", ")", "^", "$", "\\.", "(?:abcd)", "[^a]", "(?i)"),
        *("\\pL", "\\PN", "\\x61", "\\w", "[\\pL]"),
    ]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.text("abcdexyz. 1", max_size=20))
def test_every_match_has_the_fixed_texts(pattern: str, text: str) -> None:
    try:
        found = re2.search(pattern, text)
    except re2.error:
        return
    for clause in literal_clauses(pattern) if found else ():
        assert any(all(part in text for part in each) for each in clause), pattern
