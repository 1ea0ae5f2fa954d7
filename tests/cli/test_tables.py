"""Tables fit any width, whatever the cells hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from studio.cli.tables import format_fields, format_table, one_line, text_width

CELLS = st.text(max_size=30)


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5), st.integers(5, 80)
)
def test_no_line_is_wider_than_the_terminal(rows: list[list[str]], width: int) -> None:
    lines = format_table(("a", "b", "c"), rows, width).split("\n")
    assert len(lines) == len(rows) + 2
    assert max(map(text_width, lines)) <= width


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5), st.integers(12, 80))
def test_no_field_is_wider_than_the_terminal(
    fields: list[tuple[str, str]], width: int
) -> None:
    lines = format_fields(fields, width).split("\n")
    assert max(map(text_width, lines)) <= width


def test_titles_cannot_control_the_terminal() -> None:
    assert "\x1b" not in format_table(["a\x1b[31m", "b"], [["1", "2"]], 0)


def test_the_id_stays_whole_where_two_columns_fit_next_to_it() -> None:
    row = ["x" * 36, "Completed", "a long name", "digits"]
    (line,) = format_table((), [row], 59).split("\n")
    assert line.split() == ["x" * 36, "Completed", "a", "long", "na…"]
    (line,) = format_table((), [row], 40).split("\n")
    assert line.split()[:2] == ["xxxxxxxx…", "Completed"]


def test_wide_characters_are_aligned() -> None:
    table = format_table((), [["名前", "x"], ["a", "y"]], 0)
    assert table == "名前  x\na     y"


def test_characters_that_a_terminal_obeys_are_escaped() -> None:
    assert one_line("a\x1b[31m\x9b\n\u202e") == "a\\u001b[31m\\u009b\\n\\u202e"


def test_long_values_continue_on_the_next_line() -> None:
    assert format_fields([("k", "abcdef")], 6) == "k  abc\n   def"
