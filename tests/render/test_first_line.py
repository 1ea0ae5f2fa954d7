"""First lines of Markdown texts, from their source."""

from __future__ import annotations

import pytest

from runs.render.descriptions.first_lines import (
    MAX_LINE_CHARS,
    MAX_READ_CHARS,
    first_line,
)

LINES = [
    ("# Cosine wins\nmore", "Cosine wins"),
    ("\n\n  \n> * **Cosine** wins by _far_", "Cosine wins by far"),
    ("- [x] done `lr = 0.1`", "done lr = 0.1"),
    ("see [the run](run:abc) and ![loss](file:a.png)", "see the run and loss"),
    ("run:abc is better than run:def", "run:abc is better than run:def"),
    ("```python\nx = 1\n```", "x = 1"),
    ("---\n***\n\ntext", "text"),
    ("[1]: https://example.org\nwords", "words"),
    ("<b>bold</b> &amp; <!-- hidden --> shown", "bold & shown"),
    ("2 * 3 * 4 and a_b_c stay", "2 * 3 * 4 and a_b_c stay"),
    (r"\*not emphasised\*", "*not emphasised*"),
    ("| a | b |\n|---|---|", "a | b"),
    ("<https://example.org/x>", "https://example.org/x"),
    ("蒸馏 **更好**", "蒸馏 更好"),
    ("", ""),
    (" \n---\n", ""),
]


@pytest.mark.parametrize(("text", "line"), LINES)
def test_the_first_line_is_plain_text(text: str, line: str) -> None:
    assert first_line(text) == line


def test_long_lines_are_cut() -> None:
    assert first_line("word " * 20_000) == ("word " * 60)[:MAX_LINE_CHARS] + "…"


@pytest.mark.parametrize(
    "part", ["[", "*", "<", "![](", "__a", "> ", "<!--", "`", "a*"]
)
def test_hostile_texts_are_read_up_to_the_same_limit(part: str) -> None:
    text = part * 60_000
    assert first_line(text) == first_line(text[:MAX_READ_CHARS])
