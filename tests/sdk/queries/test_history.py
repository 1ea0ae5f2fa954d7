"""Histories of metrics as arrays, and parameters."""

from __future__ import annotations

import math
import sys
from array import array
from typing import Any

import numpy as np
import pytest

from studio.sdk import Run, UserErrorException, Workspace, metric_history
from studio.sdk.client import Client


@pytest.fixture(scope="module")
def run(client: Client, workspace: Workspace) -> Run:
    body = {"experiment": "histories", "id": "history", "params": {"lr": "0.1"}}
    client.post("runs", body)
    points: list[dict[str, Any]] = [
        {"key": "loss", "value": 1 / (1 + step), "step": step, "time": 1500 * step}
        for step in range(50)
    ]
    points += [
        {"key": "same", "value": value, "step": 7, "time": value} for value in range(30)
    ]
    points += [
        {"key": "mixed", "value": value, "step": step, "time": 0}
        for step, value in enumerate([1, None, "NaN", True, "Infinity"])
    ]
    points += [
        {"key": "texts", "value": value, "step": step, "time": 0}
        for step, value in enumerate(["a", 1.5, None])
    ]
    points += [{"key": "system/cpu", "value": 3.0}, {"key": "a/b c?", "value": 2}]
    batch = {"writer": "w", "sequence": 0, "points": points}
    client.post("runs/history/metrics", batch)
    return workspace.get_run("history")


def test_a_history_is_arrays_of_numpy(run: Run) -> None:
    history = run.history("loss")
    assert len(history) == 50
    assert history.steps.dtype == np.int64
    assert history.steps.tolist() == list(range(50))
    assert history.times.tolist() == [1.5 * step for step in range(50)]
    assert history.values.dtype == np.float64
    assert history.values[1] == 0.5


def test_without_numpy_a_history_is_arrays_of_python(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    history = run.history("loss")
    assert (type(history.steps), history.steps.typecode) == (array, "q")
    assert (type(history.values), history.values.typecode) == (array, "d")
    assert list(history.values[:2]) == [1.0, 0.5]


def test_values_that_are_no_numbers(run: Run) -> None:
    mixed = run.history("mixed").values
    assert str(mixed.tolist()) == str([1.0, math.nan, math.nan, 1.0, math.inf])
    texts = run.history("texts")
    assert texts.values == ["a", 1.5, None]
    assert texts.to_dataframe("pyarrow")["value"].to_pylist() == ["a", "1.5", None]


def test_several_histories_are_a_dict(run: Run) -> None:
    found = run.history("loss", "a/b c?")
    assert {name: len(each) for name, each in found.items()} == {
        "loss": 50,
        "a/b c?": 1,
    }
    # All numeric metrics, without those of the machine.
    assert [*run.history()] == ["a/b c?", "loss", "mixed", "same", "texts"]


def test_long_histories_are_read_in_parts(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run.history("loss")
    monkeypatch.setattr(metric_history, "MAX_PAGE_POINTS", 8)
    history = run.history("loss")
    assert history.steps.tolist() == expected.steps.tolist()
    assert history.values.tolist() == expected.values.tolist()
    # Steps alone tell the parts from each other.
    with pytest.warns(UserWarning, match="30 points at step 7: only . of them"):
        assert 0 < len(run.history("same")) < 30


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_history_becomes_a_data_frame(run: Run, library: str) -> None:
    frame = run.history("loss").to_dataframe(library)
    assert frame.shape == (50, 3)
    assert list(frame["step"])[:2] == [0, 1] or library == "pyarrow"
    names = frame.column_names if library == "pyarrow" else list(frame.columns)
    assert names == ["step", "time", "value"]


def test_an_unknown_metric_is_refused_with_the_known_ones(run: Run) -> None:
    with pytest.raises(UserErrorException, match="has no metric 'nosuch'; it has a/b"):
        run.history("nosuch")
    with pytest.raises(UserErrorException, match="name must be text"):
        run.history(5)  # type: ignore[call-overload]


def test_parameters_are_texts(run: Run, client: Client) -> None:
    assert run.params == {"lr": "0.1"}
    run.log_params({"model": {"depth": 3}})
    assert run.params == {"lr": "0.1", "model.depth": "3"}
