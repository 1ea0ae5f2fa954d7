"""Every text and every name of the repository, with the file and line it is in."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[3]
#: Names that other programs or standards give.
FOREIGN = ("tests/bench/texts/word_list.py", "static/vendor/")
_CODE_FENCE = re.compile(r"^\s*(```|~~~)")


@dataclass(frozen=True)
class Text:
    """A paragraph or a message; `kind` is documentation, message or comment."""

    path: str
    line: int
    kind: str
    text: str


@dataclass(frozen=True)
class Name:
    """A name that the repository gives to a module, function, class or value."""

    path: str
    line: int
    name: str


def tracked(*suffixes: str) -> list[Path]:
    """Return the files that git knows or would take, without those of others."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    )
    names = sorted(set(listed.stdout.splitlines()))
    paths = [ROOT / name for name in names if not name.startswith(FOREIGN)]
    found = [path for path in paths if path.suffix in suffixes and path.is_file()]
    return [path for path in found if "migrations" not in path.parts]


def texts() -> Iterator[Text]:
    """Yield documentation, messages of pages and errors, docstrings and comments."""
    for path in tracked(".md"):
        yield from markdown_texts(path)
    for path in tracked(".po"):
        for entry in polib.pofile(str(path)):
            yield Text(place(path), entry.linenum, "message", entry.msgid)
    for path in tracked(".py"):
        yield from read_python(path)[0]
    for path in tracked(".js", ".css"):
        yield from script_comments(path)


@cache
def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def markdown_texts(path: Path) -> Iterator[Text]:
    """Yield paragraphs, list entries and table cells, without blocks of code."""
    is_code = False
    paragraph: list[str] = []
    start = 1
    for number, line in enumerate([*path.read_text().splitlines(), ""], 1):
        if _CODE_FENCE.match(line):
            is_code = not is_code
            continue
        if is_code or line.startswith("    "):
            continue
        is_new = not line.strip() or re.match(r"\s*([-*|#>]|\d+\.)", line)
        if is_new and paragraph:
            yield Text(place(path), start, "documentation", " ".join(paragraph))
            paragraph = []
        if line.strip().startswith("|"):
            for cell in line.split("|"):
                if cell.strip(" -:"):
                    yield Text(place(path), number, "documentation", cell.strip())
        elif line.strip():
            start = start if paragraph else number
            paragraph.append(line.strip(" #>*-"))


@cache
def read_python(path: Path) -> tuple[list[Text], list[Name]]:
    """Return the texts and the names of a file: parsing takes most of the time."""
    source = path.read_text()
    nodes = list(ast.walk(ast.parse(source)))
    named = [name for node in nodes for name in python_names(path, node)]
    return list(python_texts(path, source, nodes)), named


def python_texts(path: Path, source: str, nodes: list[ast.AST]) -> Iterator[Text]:
    for node in nodes:
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ):
            written = ast.get_docstring(node)
            if written:
                line = node.body[0].lineno
                for part in re.split(r"\n\s*\n|\n(?=\s*[-*] )", written):
                    yield Text(place(path), line, "comment", " ".join(part.split()))
    if "#" not in source:
        return
    block: list[str] = []
    start = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or token.string.startswith("#!"):
            continue
        if re.match(r"#:? *(noqa|type:|fmt:|shellcheck|pragma)", token.string):
            continue
        if block and token.start[0] != last + 1:
            yield Text(place(path), start, "comment", " ".join(block))
            block = []
        start = start if block else token.start[0]
        last = token.start[0]
        block.append(token.string.lstrip("#: "))
    if block:
        yield Text(place(path), start, "comment", " ".join(block))


def script_comments(path: Path) -> Iterator[Text]:
    for found in re.finditer(
        r"/\*.*?\*/|(?:(?<=\n)|(?<=\s))//[^\n]*", path.read_text(), re.DOTALL
    ):
        line = path.read_text()[: found.start()].count("\n") + 1
        written = re.sub(r"^[/* ]+|[/* ]+$|\n\s*\*?", " ", found[0]).strip()
        yield Text(place(path), line, "comment", " ".join(written.split()))


def names() -> Iterator[Name]:
    """Yield what modules, classes, functions, arguments and values are named."""
    for path in tracked(".py"):
        yield Name(place(path), 1, path.stem)
        yield from read_python(path)[1]
    for path in tracked(".js"):
        yield Name(place(path), 1, path.stem)
        pattern = r"\b(?:function\*?|const|let|class)\s+([A-Za-z_$][\w$]*)"
        text = path.read_text()
        for found in re.finditer(pattern, text):
            yield Name(place(path), text[: found.start()].count("\n") + 1, found[1])


def python_names(path: Path, node: ast.AST) -> Iterator[Name]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield Name(place(path), node.lineno, node.name)
        listed = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for argument in listed:
            yield Name(place(path), argument.lineno, argument.arg)
    elif isinstance(node, ast.ClassDef):
        yield Name(place(path), node.lineno, node.name)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield Name(place(path), node.lineno, node.id)
