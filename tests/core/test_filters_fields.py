"""The catalogue is whole, its examples work, and the documentation does not lag."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.filters import fields, parse
from studio.core.filters.catalogue import CATALOGUE
from studio.core.filters.tree import OPERATORS

DOCS = Path(__file__).parents[2] / "docs" / "filter-language.md"
CONTRACT = (
    "id number name status experiment submitter target type script error commit "
    "created started ended updated duration parent root description starred "
    "archived deleted locked tags.<key> params.<key> properties.<key> metrics.<key>"
)


def row(spec):
    operators = " ".join(f"`{op}`" for op in spec.operators if op != "between")
    kind = spec.value_type
    example = spec.example.replace("|", "\\|")
    return f"| `{spec.name}` | {spec.label} | {kind} | {operators} | `{example}` |"


def test_every_field_of_the_contract_is_there():
    names = {spec.name for spec in CATALOGUE}
    assert set(CONTRACT.split()) <= names


def test_what_is_refused_is_listed_nowhere():
    assert "log" not in {spec.name for spec in CATALOGUE}
    assert "| `log` |" not in DOCS.read_text(encoding="utf-8")
    assert "log" not in fields.near_names("logz")
    assert parse("log:oom") is not None


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)
def test_an_example_is_a_filter_on_its_field(spec):
    assert parse(spec.example) is not None
    assert set(spec.operators) <= OPERATORS


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)
def test_the_documentation_has_the_field(spec):
    if spec.filterable:
        assert row(spec) in DOCS.read_text(encoding="utf-8"), f"expected {row(spec)}"


def test_names_and_aliases_mean_one_field_each():
    specs = [spec for spec in CATALOGUE if spec.filterable]
    names = [n for spec in specs for n in (spec.name.split(".<")[0], *spec.aliases)]
    assert len(names) == len(set(names))


def test_an_entry_is_plain_json():
    entry = CATALOGUE[0].as_json()
    assert entry["name"] == "id"
    assert entry["operators"][0] == "="


def test_near_names_help_with_a_slip():
    assert fields.near_names("experimnt") == ["experiment"]
