"""Write the tables of fields in docs/user/filter-language.md from the catalogs."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from studio.core.filters.catalog import CATALOG  # noqa: E402
from studio.core.filters.field_spec import FieldSpec  # noqa: E402
from studio.core.filters.fields import FieldCatalog  # noqa: E402
from studio.core.filters.registry_fields import (  # noqa: E402
    MODEL_FIELDS,
    VERSION_FIELDS,
)

DOCS = ROOT / "docs" / "user" / "filter-language.md"
COLUMNS = " | label | holds | operators | example |\n|---|---|---|---|---|\n"


def specs_of(catalog: FieldCatalog) -> list[FieldSpec]:
    return [*catalog.attributes.values(), *catalog.keyed.values()]


#: The specs of each table, by the head of its first column.
TABLES = {
    "field": CATALOG,
    "field of a model": specs_of(MODEL_FIELDS),
    "field of a version": specs_of(VERSION_FIELDS),
}


def row(spec: FieldSpec) -> str:
    operators = " ".join(f"`{op}`" for op in spec.operators if op != "between")
    example = spec.example.replace("|", "\\|")
    cells = (f"`{spec.name}`", spec.label, spec.value_type, operators, f"`{example}`")
    return f"| {' | '.join(cells)} |\n"


def with_table(text: str) -> str:
    """Replace the tables of fields in the text of the page."""
    for head, specs in TABLES.items():
        before, rest = text.split(f"| {head}{COLUMNS}")
        _old, after = rest.split("\n\n", 1)
        table = "".join(row(spec) for spec in specs if spec.filterable)
        text = f"{before}| {head}{COLUMNS}{table}\n{after}"
    return text


if __name__ == "__main__":
    DOCS.write_text(with_table(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
