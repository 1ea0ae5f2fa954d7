"""Colors of a terminal as classes of the page."""

from __future__ import annotations

import time

import pytest

from runs.render.logs import PLAIN, last_state, plain_text, styled_spans


@pytest.mark.parametrize(
    ("codes", "classes"),
    [
        ("31", "ansi-red"),
        ("1;32", "ansi-green ansi-bold"),
        ("94", "ansi-bright-blue"),
        ("1;22;31;39", ""),
        ("31;0", ""),
        ("31;", ""),
        ("38;5;1", "ansi-red"),
        ("38;5;12", "ansi-bright-blue"),
        ("38;5;208", "ansi-yellow"),
        ("38;5;240", "ansi-bright-black"),
        ("38;5;255", ""),
        ("38;2;200;10;10", "ansi-red"),
        ("38;2;20;180;190", "ansi-cyan"),
        ("38:2:200:10:200", "ansi-magenta"),
        ("48;5;1;32", "ansi-green"),
        ("48;2;1;2;3;1", "ansi-bold"),
        ("41;7;4", ""),
        ("38;5", ""),
        ("38;2;1", ""),
        ("38;9;1", ""),
        ("99999999999999999999;31", "ansi-red"),
        (";".join(["1"] * 10_000), "ansi-bold"),
    ],
)
def test_codes_become_classes(codes: str, classes: str) -> None:
    spans, _style = styled_spans(f"a\x1b[{codes}mb", PLAIN)
    assert "".join(span.text for span in spans) == "ab"
    assert spans[-1].classes == classes


def test_a_style_lasts_until_it_is_reset() -> None:
    _spans, style = styled_spans("\x1b[31mred", PLAIN)
    spans, style = styled_spans("still\x1b[0m plain", style)
    assert [(s.text, s.classes) for s in spans] == [
        ("still", "ansi-red"),
        (" plain", ""),
    ]
    assert style == PLAIN


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[2K\x1b[1A\x1b[?25lx\x1b[?25h", "x"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;file:///a\x1b\\name\x1b]8;;\x1b\\", "name"),
        ("\x1bPq#0;2\x1b\\x", "x"),
        ("a\x1b", "a"),
        ("a\x1b[", "a"),
        ("a\x08b\x7f\tc", "ab\tc"),
        ("\0", "\u2400"),
    ],
)
def test_other_codes_are_removed(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    "text", ["\x1b[" * 50_000, "\x1b]" * 50_000, "\x1bP" * 50_000, "\r" * 90_000]
)
def test_hostile_codes_take_no_long_time(text: str) -> None:
    start = time.process_time()
    plain_text(last_state(text)[0])
    assert time.process_time() - start < 5
