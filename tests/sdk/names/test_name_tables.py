"""The tables of names in docs/user/sdk.md have what the package `azureml` has."""

from __future__ import annotations

import importlib
import re
import sys

from studio.compat.alternatives import ALTERNATIVES, Alternative
from studio.compat.missing import MODULES
from studio.core.script_variables import SHIM_FOLDER
from studio.sdk.not_offered import HELP_SECTION
from tests.parts.clients import ROOT

PAGE = (ROOT / "docs/user/sdk.md").read_text(encoding="utf-8")
HEADING = HELP_SECTION.replace("-", " ").capitalize()
SECTION = PAGE.partition(f"\n## {HEADING}\n")[2].partition("\n## ")[0]
AVAILABLE, _, UNAVAILABLE = SECTION.partition("| subject | names | instead |")


def row_of(one: Alternative) -> str:
    """The row of the table for an alternative."""
    parts = [", ".join(f"`{name}`" for name in one.packages)] if one.packages else []
    modules: dict[str, list[str]] = {}
    for name in one.names:
        module, _, last = name.rpartition(".")
        modules.setdefault(module, []).append(f"`{last}`")
    parts += [f"in `{module}`: {', '.join(names)}" for module, names in modules.items()]
    instead = one.instead[0].upper() + one.instead[1:]
    return f"| {one.subject} | {'; '.join(parts)} | {instead} |"


def test_the_page_has_what_to_do_instead_of_every_name() -> None:
    """The error of each use links to this section."""
    rows = "\n".join(row_of(one) for one in ALTERNATIVES)
    assert rows in UNAVAILABLE, f"The table must be:\n{rows}"


def test_the_page_has_every_module_and_name_that_exists() -> None:
    documented = set(re.findall(r"`([\w.]+)`", AVAILABLE))
    missing = set(MODULES) - documented
    sys.path.insert(0, str(SHIM_FOLDER))
    try:
        for name in MODULES:
            module = importlib.import_module(name)
            missing |= {one for one in module.__all__ if one not in documented}
    finally:
        sys.path.remove(str(SHIM_FOLDER))
    assert sorted(missing) == []


def test_every_documented_name_of_the_table_exists() -> None:
    """The first column names modules, the second their names."""
    known = set(MODULES)
    sys.path.insert(0, str(SHIM_FOLDER))
    try:
        for name in MODULES:
            known |= set(importlib.import_module(name).__all__)
    finally:
        sys.path.remove(str(SHIM_FOLDER))
    rows = [line.split(" | ") for line in AVAILABLE.splitlines() if "azureml." in line]
    cells = [cell for row in rows if len(row) > 2 for cell in row[:2]]
    assert len(cells) > 20
    documented = {name for cell in cells for name in re.findall(r"`([\w.]+)`", cell)}
    assert sorted(documented - known) == []
