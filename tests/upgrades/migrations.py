"""What the released migrations were: a later change of one is found by its digest."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

from tests.parts.clients import ROOT

FOLDER = ROOT / "runs/migrations"


def digests() -> dict[str, str]:
    """By name; imports do not count, since what they name may move."""
    files = sorted(FOLDER.glob("[0-9]*.py"))
    return {path.stem: _digest(path) for path in files}


def _digest(path: Path) -> str:
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[number - 1] = ""
    text = "\n".join(line for line in lines if line.strip())
    return hashlib.sha256(text.encode()).hexdigest()
