"""Write the table of fields in docs/user/filter-language.md from the catalogue."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from studio.core.filters.catalog import CATALOG  # noqa: E402
from studio.core.filters.field_spec import FieldSpec  # noqa: E402

DOCS = ROOT / "docs" / "user" / "filter-language.md"
HEAD = "| field | label | holds | operators | example |\n|---|---|---|---|---|\n"


def row(spec: FieldSpec) -> str:
    operators = " ".join(f"`{op}`" for op in spec.operators if op != "between")
    example = spec.example.replace("|", "\\|")
    cells = (f"`{spec.name}`", spec.label, spec.value_type, operators, f"`{example}`")
    return f"| {' | '.join(cells)} |\n"


def with_table(text: str) -> str:
    """Replace the table of fields in the text of the page."""
    before, rest = text.split(HEAD)
    _old, after = rest.split("\n\n", 1)
    table = "".join(row(spec) for spec in CATALOG if spec.filterable)
    return f"{before}{HEAD}{table}\n{after}"


if __name__ == "__main__":
    DOCS.write_text(with_table(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
