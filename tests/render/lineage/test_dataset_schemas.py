"""What a dataset's schema and profile say, whatever a client stores there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runs.render.datasets import ProfileEntry, read_profile, read_schema

TENSOR = {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}


def columns(schema: Any) -> list[tuple[str, str, str]]:
    found = read_schema(json.dumps(schema))
    return [
        (part.name, column.name, column.type)
        for part in found.parts
        for column in part.columns
    ]


def test_columns_of_a_table_have_their_types() -> None:
    nested = {"type": "array", "name": "b", "items": {"type": "long"}}
    given = {"mlflow_colspec": [{"type": "double", "name": "a"}, nested]}
    assert columns(given) == [("", "a", "double"), ("", "b", "array(long)")]


def test_features_and_targets_of_tensors_are_two_parts() -> None:
    texts = {"features": json.dumps([TENSOR]), "targets": json.dumps([TENSOR])}
    assert columns({"mlflow_tensorspec": texts}) == [
        ("features", "", "float32 [-1, 3]"),
        ("targets", "", "float32 [-1, 3]"),
    ]


def test_a_schema_without_targets_has_one_part() -> None:
    texts = {"features": json.dumps([TENSOR]), "targets": None}
    assert len(columns({"mlflow_tensorspec": texts})) == 1


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "{}", "null", '{"mlflow_colspec": 3}', "[" * 9999]
)
def test_anything_else_is_shown_as_it_is(text: str) -> None:
    found = read_schema(text)
    assert not found.parts
    assert found.text == text[:1000]


def test_many_columns_are_counted_but_not_all_shown() -> None:
    many = [{"type": "long", "name": f"c{n}"} for n in range(30)]
    found = read_schema(json.dumps({"mlflow_colspec": many}), limit=20)
    assert (len(found.parts[0].columns), found.total) == (20, 30)
    assert found.is_cut


def test_a_profile_is_a_list_of_numbers_and_texts() -> None:
    given = {"rows": 3, "x": {"mean": 0.5, "name": "n"}, "shape": [1, 2], "none": None}
    assert read_profile(json.dumps(given)) == [
        ProfileEntry("rows", 3),
        ProfileEntry("x.mean", 0.5),
        ProfileEntry("x.name", "n"),
        ProfileEntry("shape", "[1, 2]"),
        ProfileEntry("none", "null"),
    ]


@pytest.mark.parametrize(
    ("text", "entries"), [("", 0), ("  ", 0), ("abc", 1), ("3", 1)]
)
def test_a_profile_that_is_no_object_is_one_text(text: str, entries: int) -> None:
    assert len(read_profile(text)) == entries
