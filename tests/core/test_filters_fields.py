"""The field catalog is complete, its examples work, and the docs list every field."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from studio.core.filters import fields, parse, to_text
from studio.core.filters.catalog import CATALOG
from studio.core.filters.tree import OPERATORS, Moment

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "user" / "filter-language.md"
CONTRACT = (
    "id number name status experiment submitter target type script launcher "
    "error error_kind commit created started ended updated duration parent root "
    "description starred archived deleted locked tags.<key> params.<key> "
    "properties.<key> metrics.<key>"
)


def test_every_documented_field_exists():
    names = {spec.name for spec in CATALOG}
    assert set(CONTRACT.split()) <= names


def test_only_logs_are_searched_by_regular_expressions():
    assert [spec.name for spec in CATALOG if "matches" in spec.operators] == ["log"]
    assert to_text(parse('log matches "a.*b"')) == 'log matches "a.*b"'
    assert to_text(parse('-log matches "a.*b"')) == 'log not matches "a.*b"'


@pytest.mark.parametrize("spec", CATALOG, ids=lambda spec: spec.name)
def test_an_example_is_a_filter_on_its_field(spec):
    assert parse(spec.example) is not None
    assert set(spec.operators) <= OPERATORS


def test_the_documentation_has_every_field():
    before = DOCS.read_text(encoding="utf-8")
    table = runpy.run_path(str(ROOT / ".ci" / "field_table.py"))
    assert table["with_table"](before) == before, "Run: python .ci/field_table.py"


def test_names_and_aliases_mean_one_field_each():
    specs = [spec for spec in CATALOG if spec.filterable]
    names = [n for spec in specs for n in (spec.name.split(".<")[0], *spec.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("spec", CATALOG, ids=lambda spec: spec.name)
def test_an_entry_is_plain_json(spec):
    entry = spec.as_json()
    assert json.loads(json.dumps(entry)) == entry
    assert entry["name"] == spec.name
    assert entry["operators"] == list(spec.operators)


def test_similar_names_are_suggested_for_a_misspelled_field():
    assert fields.similar_field_names("experimnt") == ["experiment"]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775807", 1 - 2**63),
        ("9223372036854775808", 2.0**63),
        ("1e3", 1000.0),
        ("007", 7),
    ],
)
def test_a_whole_number_beyond_64_bits_is_a_float(word, value):
    found = fields.read_number(word)
    assert found is not None
    assert (found.value, type(found.value)) == (value, type(value))


@pytest.mark.parametrize("word", ["1e400", "1" * 401, "0x1", "1_000", "٣", "nan", ""])
def test_another_word_is_no_number(word):
    assert fields.read_number(word) is None


@pytest.mark.parametrize(
    ("month", "following"),
    [("2026-11", "2026-12-01"), ("2026-12", "2027-01-01"), ("2028-02", "2028-03-01")],
)
def test_a_month_ends_where_the_next_one_begins(month, following):
    found, next_day = fields.read_time(month), fields.read_time(following)
    assert isinstance(found, Moment)
    assert isinstance(next_day, Moment)
    assert (found.end, found.unit) == (next_day.start, "month")
