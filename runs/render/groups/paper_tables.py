"""Tables as papers take them: Markdown and LaTeX, with everything that people wrote
escaped, so that a name is a name and no command.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format

from runs.render import formats

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # By its number, which every encoding of fonts has.
    '"': r"\symbol{34}",
}
# What means something within a cell; a list or heading begins a line, which none does.
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~$&])")


@dataclass(frozen=True)
class PaperCell:
    """A text of people's, or a number with its deviation; `best` is set in bold."""

    text: str = ""
    deviation: str = ""
    is_number: bool = False
    best: bool = False


@dataclass(frozen=True)
class PaperTable:
    """`right` says of each column whether it is aligned to the right."""

    heads: Sequence[str]
    right: Sequence[bool]
    rows: Sequence[Sequence[PaperCell]]


def escape_latex(text: str) -> str:
    """A text of people's, on one line."""
    line = "".join(_LATEX.get(char, char) for char in one_line(text))
    # Two hyphens would be one dash, as those of `--lr`.
    line = re.sub("-(?=-)", "-{}", line)
    # Behind the end of a row these would belong to it, as a space or a star.
    return f"{{{line[0]}}}{line[1:]}" if line.startswith(("[", "*")) else line


def escape_markdown(text: str) -> str:
    """A text of people's, for a cell of a table."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))


def one_line(text: str) -> str:
    # A line break would end the row of the table.
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def latex_table(table: PaperTable) -> str:
    """With the rules of the package booktabs."""
    columns = "".join("r" if right else "l" for right in table.right)
    lines = [
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        " & ".join(map(escape_latex, table.heads)) + " \\\\",
        "\\midrule",
        *(" & ".join(map(_latex_cell, row)) + " \\\\" for row in table.rows),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def markdown_table(table: PaperTable) -> str:
    def table_line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    lines = [
        table_line([escape_markdown(head) for head in table.heads]),
        table_line(["--:" if right else ":--" for right in table.right]),
        *(table_line([_markdown_cell(cell) for cell in row]) for row in table.rows),
    ]
    return "\n".join(lines) + "\n"


def _latex_cell(cell: PaperCell) -> str:
    if not cell.is_number or not cell.text:
        return escape_latex(cell.text)
    text = _latex_number(cell.text)
    if cell.deviation:
        text += f" \\pm {_latex_number(cell.deviation)}"
    return f"$\\mathbf{{{text}}}$" if cell.best else f"${text}$"


def _latex_number(text: str) -> str:
    """In mathematics a comma would get a space, and a word would be variables."""
    if re.fullmatch(r"-?[\d.]+e[+-]\d+", text):
        mantissa, exponent = text.split("e")
        return f"{mantissa} \\times 10^{{{int(exponent)}}}"
    # `NaN` and `Infinity` are words.
    if not text[-1:].isdigit():
        return f"\\text{{{escape_latex(text)}}}"
    return text.replace(",", "{,}").replace("\u00a0", "\\,")


def _markdown_cell(cell: PaperCell) -> str:
    if not cell.is_number:
        return escape_markdown(cell.text)
    text = f"{cell.text} ± {cell.deviation}" if cell.deviation else cell.text
    return f"**{text}**" if cell.best and text else text


def format_mean_and_deviation(mean: float, std: float) -> tuple[str, str]:
    """Both with the decimals that the deviation's two first digits need.

    The deviation is empty where there is none, as of one number.
    """
    if not math.isfinite(std):
        return formats.number(mean), ""
    if not _can_round_by_deviation(mean, std):
        return formats.number(mean), formats.number(std)
    # Papers give an uncertainty with two digits, and the mean to the same place.
    decimals = max(0, 1 - math.floor(math.log10(std)))
    return _round_value(mean, decimals), _round_value(std, decimals)


def _can_round_by_deviation(mean: float, std: float) -> bool:
    if not math.isfinite(mean) or std == 0:
        return False
    return abs(mean) < formats.LARGEST and 1e-6 <= std < formats.LARGEST


def _round_value(value: float, decimals: int) -> str:
    return number_format(f"{value:.{decimals}f}", force_grouping=True)
