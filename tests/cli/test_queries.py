"""JMESPath as shells leave it: bare words are text, fields stay fields."""

from __future__ import annotations

import click
import pytest

from studio.cli.queries import quote_bare_words, search

RUNS = [
    {"run_id": "a", "root_run_id": "a", "run_number": 3, "hidden": False,
     "tags": {"quality": "it's good", "epochs": "3"}, "properties": {}},
    {"run_id": "b", "root_run_id": "a", "run_number": 4, "hidden": True,
     "tags": {}, "properties": {"author": "azureml-user"}},
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("[?properties.author==azureml-user]", ["b"]),
        ("[?properties.author=='azureml-user']", ["b"]),
        ("[?properties.author != azureml-user]", ["a"]),
        ("[?tags.quality==it's good]", ["a"]),
        ("[?run_id==b || run_id==a]", ["a", "b"]),
        ("[?run_id==b && properties.author==azureml-user]", ["b"]),
        ("[?(run_id==b)]", ["b"]),
        ("[?run_id==root_run_id]", ["a"]),
        ("[?run_number==4]", ["b"]),
        ("[?run_number==`4`]", ["b"]),
        ("[?tags.epochs==3]", ["a"]),
        ("[?hidden==true]", ["b"]),
        ("[?run_id==名]", []),
        ("[?length(run_id)==length('x')]", ["a", "b"]),
        ("[?contains(keys(tags), 'epochs')]", ["a"]),
        ("[?tags.keys(@)[?starts_with(@, 'qual')]]", ["a"]),
    ],
)
def test_runs_are_found(query: str, expected: list[str]) -> None:
    assert [run["run_id"] for run in search(query, RUNS)] == expected


@pytest.mark.parametrize(
    "query", ["[].run_id", "[0]", "length(@)", "[?a=='==x']", '[?a==`"b"`]', "@"]
)
def test_valid_queries_are_left_alone(query: str) -> None:
    assert quote_bare_words(query) == query


@pytest.mark.parametrize(
    "query",
    [
        "[?properties.author==azureml-user",
        "[?tags.keys",
        "tags.quality==fantastic run]",
        "[?a=='x",
        '[?a=="x]',
    ],
)
def test_a_query_that_was_cut_names_the_remedy(query: str) -> None:
    with pytest.raises(click.UsageError, match=r"is cut off\. Put the query in"):
        search(query, RUNS)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("[?a..b]", "at character 5"),
        ("[?a ~ b]", "at character"),
        ("nosuch(@)", "Unknown function"),
        ("starts_with(`1`, 'x')", "invalid type"),
    ],
)
def test_an_invalid_query_is_explained(query: str, reason: str) -> None:
    with pytest.raises(click.UsageError, match=reason):
        search(query, RUNS)


def test_an_error_shows_only_the_start_of_a_value() -> None:
    with pytest.raises(click.UsageError) as caught:
        search("sort_by(@, &nosuch)", [{"text": "x" * 10_000}])
    assert "In function sort_by(), invalid type" in str(caught.value)
    assert len(str(caught.value)) < 300
