"""House rules that no linter knows: sizes, templates, pins. Prints what breaks them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: A file is one subject, mostly 100 to 400 lines; above this it has two.
MAX_LINES = 500
MAX_FUNCTION = 50
MAX_FILES = 25
SOURCES = {".py", ".html", ".css", ".js"}
#: What a Content-Security-Policy without 'unsafe-inline' would refuse to run.
INLINE = (
    (
        re.compile(r"<script\b(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
        "an inline script",
    ),
    (re.compile(r"<style\b", re.IGNORECASE), "a style element"),
    (re.compile(r"\sstyle\s*=", re.IGNORECASE), "a style attribute"),
    (re.compile(r"\son[a-z]+\s*=", re.IGNORECASE), "an event attribute"),
    (re.compile(r"\|\s*safe\b"), "|safe: use a tag over runs/render"),
    (re.compile(r"javascript:", re.IGNORECASE), "a javascript: address"),
)
#: What a request was asked with, next to its path.
ASKED = {"GET", "POST", "path_info"}
#: Data for a script is no script.
DATA_SCRIPT = re.compile(r"<script\b[^>]*type=\"application/json\"", re.IGNORECASE)


def tracked(*suffixes: str) -> Iterator[Path]:
    """Files that git knows or would take, without vendored ones and migrations."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in sorted(set(listed.stdout.splitlines())):
        path = ROOT / name
        skipped = "vendor" in path.parts or "migrations" in path.parts
        if path.suffix in suffixes and path.is_file() and not skipped:
            yield path


def sizes() -> Iterator[str]:
    for path in tracked(*SOURCES):
        text = path.read_text()
        lines = text.count("\n")
        if lines > MAX_LINES:
            yield f"{path.relative_to(ROOT)} has {lines} lines; at most {MAX_LINES}"
        if path.suffix == ".py":
            yield from long_functions(path, text)


def full_folders() -> Iterator[str]:
    """Find folders with more source files than a reader can survey."""
    paths = (path.relative_to(ROOT) for path in tracked(*SOURCES))
    counts = Counter(path.parent.as_posix() for path in paths)
    for folder, count in counts.items():
        if count > MAX_FILES:
            yield f"{folder} has {count} source files; at most {MAX_FILES}"


def long_functions(path: Path, text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            if size > MAX_FUNCTION:
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield f"{where} {node.name} has {size} lines; at most {MAX_FUNCTION}"


def templates() -> Iterator[str]:
    for path in tracked(".html"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for pattern, what in INLINE:
                if pattern.search(line) and not DATA_SCRIPT.search(line):
                    yield f"{path.relative_to(ROOT)}:{number} {what}: {line.strip()}"


def names(requirements: list[str]) -> set[str]:
    plain = (re.match(r"[A-Za-z0-9._-]+", item) for item in requirements)
    return {re.sub(r"[-_.]+", "-", found[0]).lower() for found in plain if found}


def pins() -> Iterator[str]:
    """Direct dependencies stand pinned with a reason; nothing names a registry."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = names(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        wanted |= names(extra)
    explained: set[str] = set()
    above = ""
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if "://" in line or re.match(r"-[^e]|--", line):
            yield f"requirements.txt: names a registry or an option: {line}"
        if "==" in line and above.startswith("# "):
            explained |= names([line])
        above = line
    for name in sorted(wanted - explained):
        yield f"requirements.txt: {name} is not pinned below a sentence of reason"


def requests() -> Iterator[str]:
    """Find code that changes what a request was sent with."""
    for path in tracked(".py"):
        place = path.relative_to(ROOT)
        if place.parts[0] == "runs":
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute | ast.Subscript) and changes(node):
                    what = f"changes a request: {ast.unparse(node)}"
                    yield f"{place}:{node.lineno} {what}"


def changes(node: ast.Attribute | ast.Subscript) -> bool:
    """Whether it sets what a request was asked with, whatever the request is named."""
    if isinstance(node.ctx, ast.Load):
        return False
    if isinstance(node, ast.Subscript):
        held = node.value.attr if isinstance(node.value, ast.Attribute) else ""
        # The keys that the server adds to META for itself are named constants.
        is_sent = held == "META" and isinstance(node.slice, ast.Constant)
        return held in ASKED or is_sent
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    return node.attr in ASKED or (node.attr == "path" and owner != "self")


def main() -> int:
    broken = [*sizes(), *full_folders(), *templates(), *pins(), *requests()]
    for line in broken:
        print(line)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
