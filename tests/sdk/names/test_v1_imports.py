"""Most of what public v1 code imports can be imported.

`v1_imports.txt` has the files that could be read: 72 of the sample repository
Azure/MachineLearningNotebooks, which has about twice as many, 16 of
Azure/azureml-examples (v1), and 17 of other public code.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.sdk.user import User

_FILE = Path(__file__).with_name("v1_imports.txt")
_REQUIRED_SHARE = 0.9


def _read_files() -> dict[str, list[str]]:
    """The import statements by file."""
    files: dict[str, list[str]] = {}
    for block in _FILE.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines:
            files[lines[0]] = lines[1:]
    return files


FILES = _read_files()


def _names_of(statement: str) -> list[str]:
    """One statement for each name."""
    [node] = ast.parse(statement).body
    if isinstance(node, ast.ImportFrom):
        return [f"from {node.module} import {one.name}" for one in node.names]
    return [statement]


USES = Counter(
    name
    for lines in FILES.values()
    for name in {one for line in lines for one in _names_of(line)}
)


@pytest.fixture(scope="module")
def missing(user: User) -> set[str]:
    """The names that can't be imported, all tried by one process."""
    said = user.said(
        f"""
import json
failed = []
for statement in json.loads({json.dumps(sorted(USES))!r}):
    try:
        exec(statement)
    except ImportError:
        failed.append(statement)
print(json.dumps(failed))
"""
    )
    return set(json.loads(said))


def test_nine_of_ten_files_import(missing: set[str]) -> None:
    broken = {
        file
        for file, lines in FILES.items()
        if missing & {name for line in lines for name in _names_of(line)}
    }
    share = 1 - len(broken) / len(FILES)
    assert share >= _REQUIRED_SHARE, f"{share:.0%} of {len(FILES)}: {sorted(broken)}"


def test_nine_of_ten_names_exist(missing: set[str]) -> None:
    share = 1 - len(missing) / len(USES)
    assert share >= _REQUIRED_SHARE, f"{share:.0%} of {len(USES)}: {sorted(missing)}"


def test_every_frequent_name_exists(missing: set[str]) -> None:
    frequent = {name for name, count in USES.items() if count >= 4}
    assert len(frequent) > 20
    assert not frequent & missing
