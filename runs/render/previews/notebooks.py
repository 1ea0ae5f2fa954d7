"""Jupyter notebooks: cells and outputs as texts and pictures. No HTML is kept."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.util import ClassNotFound

from runs.render.descriptions import render_markdown
from runs.render.files import highlight, numbered_lines
from runs.render.previews.content import InvalidContent, load_json

MAX_VALUES = 300_000
MAX_CELLS, MAX_OUTPUTS = 300, 20
MAX_SOURCE_CHARS, MAX_OUTPUT_CHARS = 20_000, 20_000
#: Of all pictures together, in characters of base64.
MAX_PICTURE_CHARS = 6_000_000
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_SIGNATURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")
_TAG = re.compile(r"<[^>]{0,2000}>")


@dataclass(frozen=True)
class NotebookOutput:
    """`picture` is a data address, or empty; `is_error` of a traceback."""

    text: str = ""
    picture: str = ""
    is_error: bool = False


@dataclass(frozen=True)
class NotebookCell:
    """`html` has the Markdown, or the code with marks."""

    kind: str
    html: SafeString | str
    count: str = ""
    outputs: Sequence[NotebookOutput] = ()


@dataclass(frozen=True)
class Notebook:
    language: str
    cells: Sequence[NotebookCell]
    total: int


@dataclass
class _Budget:
    picture_chars: int = field(default=MAX_PICTURE_CHARS)


def read_notebook(data: bytes) -> Notebook:
    """Read the first cells. Raises InvalidContent."""
    document = load_json(data, max_values=MAX_VALUES)
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        raise InvalidContent
    language = _language(document)
    budget, lexer = _Budget(), _lexer(language)
    shown = [
        _cell(cell, lexer, budget)
        for cell in cells[:MAX_CELLS]
        if isinstance(cell, dict)
    ]
    return Notebook(language, shown, len(cells))


def _language(document: dict[str, Any]) -> str:
    found: Any = document.get("metadata")
    for name in ("kernelspec", "language"):
        found = found.get(name) if isinstance(found, dict) else None
    return found[:40] if isinstance(found, str) else "python"


def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return PythonLexer()


def _cell(cell: dict[str, Any], lexer: Lexer, budget: _Budget) -> NotebookCell:
    source = _text(cell.get("source"))[:MAX_SOURCE_CHARS]
    kind = cell.get("cell_type")
    if kind == "markdown":
        return NotebookCell("markdown", render_markdown(source))
    if kind != "code":
        return NotebookCell("raw", source)
    count = cell.get("execution_count")
    outputs = cell.get("outputs")
    shown = [
        output
        for each in (outputs if isinstance(outputs, list) else [])[:MAX_OUTPUTS]
        if isinstance(each, dict)
        for output in _outputs(each, budget)
    ]
    return NotebookCell(
        "code",
        _marked(lexer, source),
        str(count) if isinstance(count, int) else "",
        shown,
    )


def _marked(lexer: Lexer, source: str) -> SafeString:
    return SafeString(highlight(lexer, source))


def _outputs(output: dict[str, Any], budget: _Budget) -> Iterator[NotebookOutput]:
    kind = output.get("output_type")
    if kind == "stream":
        yield NotebookOutput(
            _terminal(_text(output.get("text"))),
            is_error=output.get("name") == "stderr",
        )
        return
    if kind == "error":
        lines = output.get("traceback")
        yield NotebookOutput(
            _terminal("\n".join(map(str, lines)) if isinstance(lines, list) else ""),
            is_error=True,
        )
        return
    data = output.get("data")
    if not isinstance(data, dict):
        return
    picture = _picture(data, budget)
    if picture:
        yield NotebookOutput(picture=picture)
        return
    text = _text(data.get("text/plain"))
    # Tables and the like have a plain form as well; without one, the tags are dropped.
    text = text or _TAG.sub(" ", _text(data.get("text/html")))
    if text:
        yield NotebookOutput(_terminal(text))


def _picture(data: dict[str, Any], budget: _Budget) -> str:
    for kind in _PICTURES:
        encoded = "".join(_text(data.get(kind)).split())
        if not encoded or len(encoded) > budget.picture_chars:
            continue
        try:
            start = base64.b64decode(encoded[:16], validate=True)
            base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if start.startswith(_SIGNATURES):
            budget.picture_chars -= len(encoded)
            return f"data:{kind};base64,{encoded}"
    return ""


def _text(value: object) -> str:
    """Texts of a notebook are one string, or a list of lines."""
    if isinstance(value, list):
        return "".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""


def _terminal(text: str) -> str:
    """Return the text as a terminal would leave it, without colors."""
    cut = text[:MAX_OUTPUT_CHARS]
    shown = "\n".join(line for _number, line in numbered_lines(cut))
    return f"{shown}\n…" if len(text) > MAX_OUTPUT_CHARS else shown
