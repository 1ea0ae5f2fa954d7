"""MLflow's filters keep MLflow's meaning, told in the studio's language."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidFilter
from studio.core.filters import mlflow_tokens, to_text
from studio.core.filters.mlflow import (
    EXPERIMENTS,
    STATUSES_OF,
    parse_experiment_search,
    parse_model_filter,
    parse_order_by,
    parse_run_filter,
    status_word,
)
from studio.core.filters.tree import Comparison, attribute
from studio.core.statuses import RunStatus

MEANINGS = [
    ("", ""),
    ("metrics.acc > 0.9", "metrics.acc > 0.9"),
    ("metric.val.max >= 1e-3", 'metrics."val.max" >= 0.001'),
    ("metrics.`val loss` < -1", 'metrics."val loss" < -1'),
    ("metrics.a != 1", "metrics.a is not null and metrics.a != 1"),
    ("params.lr='0.1' AND", 'params.lr = "0.1"'),
    (
        "params.lr != 'a' and tags.x = \"it's\"",
        'param:lr and params.lr != a and tags.x = "it\'s"',
    ),
    ("tag.mlflow.source.name like '%train%'", 'tags.mlflow.source.name like "%train%"'),
    ("tags.a IS NULL AND params.b is not null", "-tag:a and param:b"),
    ("run_name = 'r'", "name:r"),
    ("attributes.\"Run name\" ILIKE 'R%'", 'name ilike "R%"'),
    ("run_id NOT IN ('a', 'b')", "id not in (a, b)"),
    ("user_id = 'root'", "tags.mlflow.user = root"),
    ("status = 'FINISHED'", "status:Completed"),
    ("status != 'FAILED'", "status not in (Failed)"),
    ("status LIKE 'F%'", "status:Completed|Failed"),
    ("start_time > 1795478400000", "started > 2026-11-24T00:00:00.000"),
    ("end_time != 5", "ended is not null and ended != 1970-01-01T00:00:00.005"),
    ("dataset.name IN ('d')", "datasets.name.any in (d)"),
    # MLflow itself has no OR and no parentheses.
    ("params.a = 'x' OR params.b = 'y'", "params.a = x or params.b = y"),
    ("(params.a = 'x')", "params.a = x"),
    (
        "metrics.a > 1 AND (params.b = 'x' or params.b = 'y') AND tags.t = 'z'",
        "metrics.a > 1 and (params.b = x or params.b = y) and tags.t = z",
    ),
    (
        "params.a = 'x' OR params.b = 'y' AND params.c = 'z'",
        "params.a = x or params.b = y and params.c = z",
    ),
    (
        "(run_id IN ('a', 'b') or params.a != 'x')",
        "id:a|b or param:a and params.a != x",
    ),
]


@pytest.mark.parametrize(("text", "meaning"), MEANINGS)
def test_a_run_filter_keeps_its_meaning(text, meaning):
    assert to_text(parse_run_filter(text)) == meaning


@pytest.mark.parametrize("length", [16_384, 16_385])
def test_a_filter_has_a_maximum_length(length):
    start = "params.a = '"
    text = start + "x" * (length - len(start) - 1) + "'"
    if length > 16_384:
        with pytest.raises(InvalidFilter, match="too long"):
            parse_run_filter(text)
    else:
        assert parse_run_filter(text)


@pytest.mark.parametrize("clauses", [250, 251])
def test_a_filter_has_a_maximum_number_of_pieces(clauses, monkeypatch):
    """A clause has three pieces and `AND` before it, except for the first."""
    monkeypatch.setattr(mlflow_tokens, "MAX_PIECES", 4 * 250 - 1)
    text = " AND ".join(["metrics.a>1"] * clauses)
    if clauses > 250:
        with pytest.raises(InvalidFilter, match="too many clauses"):
            parse_run_filter(text)
    else:
        assert parse_run_filter(text)


def test_a_filter_can_have_many_parentheses_that_are_not_nested():
    assert parse_run_filter(" OR ".join(["(metrics.a > 1)"] * 60))


MISTAKES = [
    ("params.a = 'x' OR", "Invalid clause(s) in filter string: it ends too early"),
    ("(params.a = 'x'", "Invalid clause(s) in filter string: it ends too early"),
    ("params.a = 'x')", "Invalid clause(s) in filter string: ')'"),
    ("()", "Invalid clause(s) in filter string: ')'"),
    ("NOT params.a = 'x'", "Invalid attribute key 'NOT' specified"),
    ("(" * 51, "Invalid filter string: more than 50 nested parentheses"),
    ("params.a = 'x' params.b = 'y'", "Invalid clause(s) in filter string: 'params.b'"),
    ("params.a = 'x';", "Invalid clause(s) in filter string: ';'"),
    ("params.a == 'x'", "Expected a quoted string value for parameter"),
    ("m = 1", "Invalid attribute key 'm' specified. Valid keys are '{"),
    ("bogus.a = 1", "Invalid entity type 'bogus'. Valid values are ['metric', "),
    ("metrics.a = 'a'", "Expected numeric value type for metric. Found 'a'"),
    ("metrics.a = nan", "Expected numeric value type for metric. Found nan"),
    (
        "params.a = 1",
        "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1",
    ),
    ("params.a > 'x'", "Invalid comparator '>' not one of "),
    ("params.a IN ('x')", "Invalid comparator 'IN' not one of "),
    ("status IN ('FAILED')", "Invalid comparator 'IN' not one of "),
    ("metrics.a IS NULL", "Invalid comparator 'IS NULL' not one of "),
    ("datasets.bogus = 'x'", "Invalid dataset key 'bogus' specified"),
    ("params.a bogus 'x'", "Invalid clause(s) in filter string: 'bogus'"),
    ("= 'x'", "Invalid clause(s) in filter string: '='"),
    ("run_id IN 'a'", "Invalid clause(s) in filter string: ''a''"),
    ("run_id IN ('a' 'b')", "Invalid clause(s) in filter string: ''b''"),
    ("run_id IN ('a', b)", "Expected a quoted string value for attribute in a list"),
    ("run_name = `a`", "Expected a quoted string value for attribute"),
    ("run_name NOT", "Invalid clause(s) in filter string: it ends too early"),
    ("params.a =", "Invalid clause(s) in filter string: it ends too early"),
    ("params.a = 'x' AND " * 2000, "Invalid filter string: too long"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_an_error_has_the_message_of_mlflow(text, message):
    with pytest.raises(InvalidFilter) as caught:
        parse_run_filter(text)
    assert caught.value.message.startswith(message)


def test_an_unknown_status_matches_nothing():
    assert parse_run_filter("status = 'finished'") == Comparison(
        attribute("status"), "in"
    )


def test_every_status_maps_to_one_mlflow_status():
    words = {status_word(status) for status in RunStatus}
    assert words == set(STATUSES_OF)
    assert status_word(RunStatus.CANCEL_REQUESTED) == "RUNNING"
    assert status_word(RunStatus.QUEUED) == "SCHEDULED"


def test_order_by_keys_keep_their_order():
    sorts = parse_order_by(["metrics.acc.max DESC", "start_time", "params.`a b` asc"])
    assert [str(sort) for sort in sorts] == [
        '-metrics."acc.max"',
        "started",
        'params."a b"',
    ]


@pytest.mark.parametrize(
    "items",
    [
        ["start_time DOWN"],
        ["start_time", "start_time DESC"],
        ["datasets.name"],
        ["Run Name"],
        ["x"],
    ],
)
def test_an_invalid_order_by_is_refused(items):
    with pytest.raises(InvalidFilter):
        parse_order_by(items)


def test_experiments_have_their_own_fields():
    node = parse_experiment_search(
        "name LIKE 'a%' AND tags.k != 'v' AND creation_time > 5"
    )
    assert to_text(node).startswith(
        'name like "a%" and tag:k and tags.k != v and created'
    )
    assert str(parse_order_by(["last_update_time DESC"], EXPERIMENTS)[0]) == "-updated"
    with pytest.raises(InvalidFilter):
        parse_experiment_search("attributes.name = 'a'")


def test_models_have_their_own_fields():
    node = parse_model_filter("name = 'model' AND metrics.acc > 1")
    assert to_text(node) == "name:model and metrics.acc > 1"
