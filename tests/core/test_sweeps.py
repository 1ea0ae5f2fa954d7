"""Sweeps: which values a grid and a sample have, and where they go."""

from __future__ import annotations

from typing import Any

import pytest

from studio.core.errors import InvalidValue
from studio.core.sweeps import (
    MAX_SWEEP_RUNS,
    check_plan,
    check_policy,
    check_space,
    default_template,
    expand_space,
    fill_template,
    is_due,
    number_text,
    parse_policy,
    parse_values,
    policy_text,
    swept_arguments,
    swept_definition,
    tags_after_change,
    values_text,
    without_arguments,
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3e-4, 6e-4,1e-3", ["3e-4", "6e-4", "1e-3"]),
        ("a b", ["a", "b"]),
        ("'a, b' c", ["a, b", "c"]),
        ("1..5", {"from": 1, "to": 5}),
        ("-1..1", {"from": -1, "to": 1}),
        ("1e-4..0.1", {"from": 1e-4, "to": 0.1}),
        ("a..b", ["a..b"]),
        ("'1..5', 7", ["1..5", "7"]),
        ("#1", ["#1"]),
    ],
)
def test_values_are_lists_or_ranges(text, values):
    assert parse_values(text) == values


@pytest.mark.parametrize("text", ["", " , ", "'a", "1..5, 7", "a 0.1..2"])
def test_a_text_without_values_is_refused(text):
    with pytest.raises(InvalidValue):
        parse_values(text)


def test_a_grid_has_every_combination_in_order():
    runs = expand_space({"lr": ["1", "2"], "--seed": {"from": 1, "to": 2}}, "grid")
    assert [tuple(run.values()) for run in runs] == [
        ("1", "1"),
        ("1", "2"),
        ("2", "1"),
        ("2", "2"),
    ]
    assert list(runs[0]) == ["--lr", "--seed"]


def test_a_sample_is_the_same_for_the_same_seed_and_has_no_run_twice():
    space = {"lr": {"from": 0.1, "to": 0.9}, "n": {"from": 1, "to": 3}}
    runs = expand_space(space, "random", 20, 7)
    assert runs == expand_space(space, "random", 20, 7)
    assert len({tuple(run.values()) for run in runs}) == 20
    assert all(0.1 <= float(run["--lr"]) <= 0.9 for run in runs)


def test_a_small_space_is_sampled_as_a_whole():
    runs = expand_space({"a": ["1", "2"], "b": ["1", "2"]}, "random", 10, 1)
    assert len({tuple(run.values()) for run in runs}) == len(runs) == 4


@pytest.mark.parametrize(
    ("space", "sampling", "count"),
    [
        ({}, "grid", None),
        ({"lr": []}, "grid", None),
        ({"lr": "1"}, "grid", None),
        ({"lr": {"from": 2, "to": 1}}, "grid", None),
        ({"lr": {"from": 0.1, "to": 1}}, "grid", None),
        ({"lr": {"from": "a", "to": 1}}, "grid", None),
        ({"lr": ["1"], "--lr": ["2"]}, "grid", None),
        ({"--": ["1"]}, "grid", None),
        ({"n": {"from": 1, "to": MAX_SWEEP_RUNS + 1}}, "grid", None),
        ({"a": {"from": 1, "to": 10**12}, "b": ["1"]}, "grid", None),
        ({"lr": ["1"]}, "random", None),
        ({"lr": ["1"]}, "random", MAX_SWEEP_RUNS + 1),
        ({"lr": ["1"]}, "bayesian", 2),
        ({"lr": [None]}, "grid", None),
    ],
    ids=str,
)
def test_a_sweep_that_makes_no_sense_is_refused(space, sampling, count):
    with pytest.raises(InvalidValue):
        expand_space(space, sampling, count)


def test_values_that_are_numbers_become_text():
    assert check_space({"a": [1, 0.5, True]}) == {"--a": ["1", "0.5", "true"]}


def test_names_are_filled_in_and_unknown_ones_stay():
    template = default_template("gpt", ["--lr", "-n"])
    assert template == "gpt lr={lr} n={n}"
    values = {"--lr": "3e-4", "-n": "1"}
    assert fill_template(template + " {x}", values) == "gpt lr=3e-4 n=1 {x}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--lr", "1", "--x"], ["--lr", "9", "--x"]),
        (["--lr=1"], ["--lr=9"]),
        (["--x"], ["--x", "--lr", "9"]),
        (["--lr", "-1e-3"], ["--lr", "9"]),
        (["--lr", "--x"], ["--lr", "9", "--x"]),
        (["--lr"], ["--lr", "9"]),
        (["--lrate", "1"], ["--lrate", "1", "--lr", "9"]),
    ],
)
def test_a_value_takes_the_place_of_the_argument(words, expected):
    assert swept_arguments(words, {"--lr": "9"}) == expected


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({"script": "a.py"}, {"script": "a.py", "arguments": ["--lr", "9"]}),
        (
            {"command": ["a", "--lr", "1"]},
            {"command": ["a", "--lr", "9"], "arguments": []},
        ),
        (
            {"command": ["a"], "arguments": ["--lr=1"]},
            {"command": ["a"], "arguments": ["--lr=9"]},
        ),
        ({"command": "a --lr 1"}, {"command": "a --lr 1", "arguments": ["--lr", "9"]}),
    ],
)
def test_a_value_goes_where_its_argument_stands(definition, expected):
    assert swept_definition(definition, {"--lr": "9"}) == expected


def test_swept_arguments_leave_the_command_line():
    words = ["--lr", "1", "--x", "--seed=2", "in.csv"]
    assert without_arguments(words, ["--lr", "--seed"]) == ["--x", "in.csv"]


def test_tags_that_repeat_an_argument_follow_it():
    before = {"arguments": ["--lr", "1", "--seed", "7", "--epochs", "3"]}
    now = {"arguments": ["--lr", "2", "--epochs", "3"]}
    tags = {"lr": "1", "seed": "7", "epochs": "3", "model": "1", "plain": None}
    kept = {"lr": "2", "epochs": "3", "model": "1", "plain": None}
    assert tags_after_change(tags, before, now) == kept
    assert tags_after_change(tags, before, now, ["--epochs"]) == {
        "lr": "2",
        "model": "1",
        "plain": None,
    }


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("loguniform(-9, -2)", {"loguniform": [-9, -2]}),
        ("uniform(0 1)", {"from": 0.0, "to": 1.0}),
        ("randint(5)", {"from": 0, "to": 4}),
        ("qnormal(1, 0.5, 0.1)", {"qnormal": [1, 0.5, 0.1]}),
        ("quniform(0, 12345678901, 1)", {"quniform": [0, 12345678901, 1]}),
        ("normal(0.123456789012, 1e-12)", {"normal": [0.123456789012, 1e-12]}),
    ],
)
def test_distributions_are_written_as_in_v1(text, values):
    checked = check_space({"lr": parse_values(text)})
    assert checked == {"--lr": values}
    assert check_space({"lr": parse_values(values_text(values))}) == checked


@pytest.mark.parametrize(
    ("values", "within"),
    [
        ({"quniform": [0, 1, 0.25]}, lambda n: n in (0, 0.25, 0.5, 0.75, 1)),
        ({"loguniform": [-3, 0]}, lambda n: 0.049 < n <= 1),
        ({"qloguniform": [0, 3, 2]}, lambda n: n % 2 == 0 and n <= 20),
        ({"normal": [5, 0.001]}, lambda n: 4.9 < n < 5.1),
        ({"qnormal": [5, 1, 1]}, lambda n: n == int(n)),
        ({"lognormal": [0, 0.001]}, lambda n: 0.9 < n < 1.1),
        ({"qlognormal": [0, 1, 1]}, lambda n: n == int(n) >= 0),
    ],
    ids=lambda part: None if callable(part) else str(part),
)
def test_values_follow_their_distribution(values, within):
    runs = expand_space({"n": values}, "random", 30, 1)
    assert all(within(float(run["--n"])) for run in runs)


def test_a_limited_grid_has_its_first_runs():
    space = {"n": {"from": 1, "to": 10**9}, "b": ["x", "y"]}
    runs = expand_space(space, "grid", 3)
    assert [tuple(run.values()) for run in runs] == [("1", "x"), ("1", "y"), ("2", "x")]


def test_a_huge_space_of_whole_numbers_is_sampled():
    space = {"n": {"from": 0, "to": 10**18}, "m": {"from": 0, "to": 10**18}}
    assert len(expand_space(space, "random", 5, 1)) == 5


@pytest.mark.parametrize(
    "values",
    [
        {"from": 0, "to": 10**400},
        {"from": -(10**308), "to": 17 * 10**307},
        {"from": -1e308, "to": 1e308},
        {"from": 0.0, "to": float("inf")},
        {"from": float("nan"), "to": 1.0},
        {"quniform": [0, 1e308, 1e-300]},
        {"quniform": [0, 1e20, 1e-3]},
        {"qnormal": [1e50, 1, 1]},
        {"lognormal": [0, 1e-200]},
        {"loguniform": [0, 10**400]},
    ],
    ids=lambda values: str(values)[:40],
)
def test_numbers_that_no_float_can_work_with_are_refused(values):
    with pytest.raises(InvalidValue):
        check_space({"n": values})


@pytest.mark.parametrize(
    ("number", "width", "text"),
    [
        (1407950.0, 1.0, "1407950"),
        (1000000.25, 1.0, "1000000.25"),
        (0.00361627123, 0.1, "0.00361627"),
        (-0.0, 1.0, "0"),
        (0.30000000000000004, 0.1, "0.3"),
        (1e30, 1e30, "1e+30"),
        (0.1, 0.0, "0.10000000000000001"),
    ],
)
def test_a_number_has_the_digits_by_which_runs_differ(number, width, text):
    assert number_text(number, width) == text


def test_values_of_a_narrow_range_differ():
    runs = expand_space({"n": {"uniform": [1_000_000, 1_000_001]}}, "random", 9, 1)
    assert len({run["--n"] for run in runs}) == 9


BANDIT = {"type": "bandit", "slack_factor": 0.1}


def test_a_policy_gets_its_defaults():
    found = check_policy(BANDIT)
    assert found == {**BANDIT, "evaluation_interval": 1, "delay_evaluation": 0}
    assert check_policy(None) is None


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"type": "best"},
        {"type": "bandit"},
        {"type": "bandit", "slack_factor": 1, "slack_amount": 1},
        {"type": "bandit", "slack_amount": float("nan")},
        {"type": "median", "slack_factor": 1},
        {"type": "median", "evaluation_interval": 0},
        {"type": "median", "delay_evaluation": -1},
        {"type": "truncation", "truncation_percentage": 100},
        {"type": "truncation", "truncation_percentage": 5, "exclude_finished_jobs": 1},
    ],
    ids=str,
)
def test_a_policy_that_makes_no_sense_is_refused(policy):
    with pytest.raises(InvalidValue):
        check_policy(policy)


@pytest.mark.parametrize(
    "text",
    [
        "median",
        "bandit slack_factor=0.25 delay_evaluation=5",
        "bandit slack_amount=0.123456789012",
        "bandit slack_amount=12345678901",
        "truncation truncation_percentage=20 exclude_finished_jobs=1",
    ],
)
def test_a_policy_is_written_as_it_is_read(text: str) -> None:
    policy = parse_policy(text)
    assert policy is not None
    assert policy_text(policy) == text


@pytest.mark.parametrize("text", ["", "best", "median x=1", "median delay_evaluation"])
def test_a_text_without_a_policy_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_policy(text)


@pytest.mark.parametrize(
    ("interval", "delay", "count", "due"),
    [(1, 0, 0, 0), (1, 0, 3, 3), (2, 0, 3, 2), (2, 5, 5, 0), (2, 5, 7, 6)],
)
def test_a_policy_is_applied_at_multiples_from_its_delay_on(
    interval, delay, count, due
):
    policy = {"evaluation_interval": interval, "delay_evaluation": delay}
    assert is_due(policy, count) == due


METRIC: Any = {"primary_metric": "acc", "goal": "maximize"}


@pytest.mark.parametrize(
    "plan",
    [
        {"policy": BANDIT},
        {"sampling": "bayesian", "count": 3},
        {"sampling": "bayesian", **METRIC},
        {
            "sampling": "bayesian",
            "count": 3,
            **METRIC,
            "space": {"a": {"normal": [0, 1]}},
        },
        {"sampling": "sobol"},
        {"primary_metric": "acc"},
        {"goal": "maximize"},
        {"primary_metric": "acc", "goal": "high"},
        {"count": 0},
        {"at_once": 0},
        {"max_duration_minutes": 0},
        {"seed": 2**70},
    ],
    ids=str,
)
def test_a_plan_that_makes_no_sense_is_refused(plan: Any) -> None:
    with pytest.raises(InvalidValue):
        check_plan(**{"space": {"a": ["1", "2"]}, **plan})


def test_a_plan_counts_its_runs():
    space = {"a": ["1", "2"], "b": {"from": 1, "to": 3}}
    assert check_plan(space=space).total == 6
    assert check_plan(space=space, sampling="random", count=4).total == 4
    bayesian = check_plan(space=space, sampling="bayesian", count=40, **METRIC)
    assert (bayesian.total, bayesian.combinations()) == (6, [])


def test_a_plan_without_a_seed_keeps_the_one_it_chose():
    plan = check_plan(space={"a": {"uniform": [0, 1]}}, sampling="random", count=3)
    again = check_plan(space=plan.space, sampling="random", count=3, seed=plan.seed)
    assert plan.combinations() == again.combinations()
