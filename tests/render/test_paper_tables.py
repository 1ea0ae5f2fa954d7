"""Tables for papers: what people wrote is text there, never a command."""

from __future__ import annotations

import html
import re

import markdown as markdown_library
import pytest

from runs.render.groups.paper_tables import (
    PaperCell,
    PaperTable,
    escape_latex,
    escape_markdown,
    format_mean_and_deviation,
    latex_table,
    markdown_table,
)

NASTY = r"\input{x} $y$ a_b 5% #1 & ~^ <b> | *c* `d`"


def table(*cells: PaperCell) -> PaperTable:
    return PaperTable(["A_b", "n"], [False, True], [cells])


def test_latex_is_escaped() -> None:
    assert escape_latex(NASTY) == (
        r"\textbackslash{}input\{x\} \$y\$ a\_b 5\% \#1 \& \textasciitilde{}"
        r"\textasciicircum{} \textless{}b\textgreater{} \textbar{} *c* `d`"
    )
    assert escape_latex("one\ntwo\x00three") == "one two three"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[64, 32]", "{[}64, 32]"),
        ("*", "{*}"),
        ("--lr ---", "-{}-lr -{}-{}-"),
        ('"a-b"', r"\symbol{34}a-b\symbol{34}"),
        ("", ""),
    ],
)
def test_special_characters_of_latex_are_escaped(text: str, shown: str) -> None:
    """A list behind the end of a row would be the row's distance from the next."""
    assert escape_latex(text) == shown


def test_markdown_is_escaped() -> None:
    assert escape_markdown("a|b *c* <d> [e](f) `g` \\ _h_") == (
        r"a\|b \*c\* \<d\> \[e\](f) \`g\` \\ \_h\_"
    )
    assert escape_markdown("digits-01 (#3) +1!") == "digits-01 (#3) +1!"


@pytest.mark.parametrize(
    "text",
    ["digits-01", "- a", "# b", "+1", "![x](y)", "{c}", "a\\|b", "--", "1. d"],
)
def test_an_escaped_cell_renders_as_the_original_text(text: str) -> None:
    written = markdown_table(table(PaperCell(text), PaperCell("1", is_number=True)))
    shown = markdown_library.markdown(written, extensions=["tables"])
    [first, _] = re.findall(r"<td[^>]*>(.*?)</td>", shown)
    assert html.unescape(first) == text


def test_a_latex_table_has_deviations_and_bold_best_values() -> None:
    best = PaperCell("0.8042", "0.0061", is_number=True, best=True)
    lines = latex_table(table(PaperCell("x & y"), best)).splitlines()
    assert lines[0] == r"\begin{tabular}{lr}"
    assert lines[2] == r"A\_b & n \\"
    assert lines[4] == r"x \& y & $\mathbf{0.8042 \pm 0.0061}$ \\"
    small = latex_table(
        table(PaperCell("x"), PaperCell("1.2e-7", "NaN", is_number=True))
    )
    assert r"$1.2 \times 10^{-7} \pm \text{NaN}$" in small
    assert "$1{,}107$" in latex_table(
        table(PaperCell("x"), PaperCell("1,107", is_number=True))
    )


def test_a_markdown_table_has_deviations_and_bold_best_values() -> None:
    best = PaperCell("0.8042", "0.0061", is_number=True, best=True)
    lines = markdown_table(table(PaperCell("a|b"), best)).splitlines()
    assert lines == [
        r"| A\_b | n |",
        "| :-- | --: |",
        r"| a\|b | **0.8042 ± 0.0061** |",
    ]


@pytest.mark.parametrize(
    ("mean", "std", "shown"),
    [
        (0.80417, 0.00612, ("0.8042", "0.0061")),
        (0.7381, 0.0209, ("0.738", "0.021")),
        (12345.6, 789.1, ("12,346", "789")),
        (0.5, float("nan"), ("0.5", "")),
        (0.5, 0.0, ("0.5", "0")),
        (1e-9, 1e-10, ("1e-9", "1e-10")),
        (1e300, float("inf"), ("1e+300", "")),
    ],
)
def test_a_mean_has_the_decimals_of_its_deviation(
    mean: float, std: float, shown: tuple[str, str]
) -> None:
    assert format_mean_and_deviation(mean, std) == shown
