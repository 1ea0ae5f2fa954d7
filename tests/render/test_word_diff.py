"""Word diffs: what changed, and what it costs where everything did."""

from __future__ import annotations

import pytest

from runs.render.compare.word_diffs import (
    ADDED,
    REMOVED,
    SAME,
    shorten_unchanged_parts,
    word_diff,
)


def changed_words(before: str, after: str) -> list[tuple[str, str]]:
    return [(part.kind, part.text) for part in word_diff(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("", "", []),
        ("a", "a", [(SAME, "a")]),
        ("", "a b", [(ADDED, "a b")]),
        ("a b", "", [(REMOVED, "a b")]),
        ("a b c", "a x c", [(SAME, "a "), (REMOVED, "b"), (ADDED, "x"), (SAME, " c")]),
        ("a\nb\nc\n", "a\nc\n", [(SAME, "a\n"), (REMOVED, "b\n"), (SAME, "c\n")]),
        ("a\r\nb", "a\nb", [(SAME, "a\nb")]),
        ("one two", "red hat", [(REMOVED, "one two"), (ADDED, "red hat")]),
        ("中文字", "中文", [(REMOVED, "中文字"), (ADDED, "中文")]),
    ],
)
def test_changes_are_marked(
    before: str, after: str, parts: list[tuple[str, str]]
) -> None:
    assert changed_words(before, after) == parts


def test_an_excerpt_keeps_words_near_each_change() -> None:
    before = "start " + "x " * 500 + "old " + "y " * 500 + "end"
    parts = shorten_unchanged_parts(
        word_diff(before, before.replace("old", "new") + " now")
    )
    assert [part.kind for part in parts] == [SAME, REMOVED, ADDED, SAME, ADDED]
    assert parts[0].text == "…" + ("start " + "x " * 500)[-60:]
    assert len(parts[3].text) == 121
    assert "…" in parts[3].text


@pytest.mark.parametrize("piece", ["a\n", "a ", "x", "ab \n"])
def test_both_texts_can_be_rebuilt_from_the_diff(piece: str) -> None:
    before = piece * 9_000
    after = "z" + before.replace("a", "b") + piece
    found = changed_words(before, after)
    assert "".join(text for kind, text in found if kind != ADDED) == before
    assert "".join(text for kind, text in found if kind != REMOVED) == after
