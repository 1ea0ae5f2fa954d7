"""Sweeps: which values a grid and a sample have, and where they go."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidValue
from studio.core.sweep_space import (
    MAX_SWEEP_RUNS,
    check_space,
    default_template,
    expand_space,
    fill_template,
    parse_values,
    swept_arguments,
    swept_definition,
    tags_after_change,
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
