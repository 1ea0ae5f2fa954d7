"""Configurations of sweeps: values of NumPy, mistakes, and what is not offered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.sdk.hyperdrive import (
    BanditPolicy,
    GridParameterSampling,
    HyperDriveConfig,
    HyperDriveConfigException,
    HyperDriveRunConfig,
    HyperDriveScenarioNotSupportedException,
    MedianStoppingPolicy,
    RandomParameterSampling,
    TruncationSelectionPolicy,
    choice,
    randint,
    uniform,
)
from studio.sdk.submission import ScriptRunConfig


@pytest.fixture
def script(tmp_path: Path) -> ScriptRunConfig:
    (tmp_path / "train.py").touch()
    return ScriptRunConfig(str(tmp_path), "train.py")


def config(script: ScriptRunConfig, **changed: Any) -> HyperDriveConfig:
    settings: dict[str, Any] = {
        "run_config": script,
        "hyperparameter_sampling": RandomParameterSampling({"--lr": uniform(0, 1)}),
        "primary_metric_name": "acc",
        "primary_metric_goal": "MAXIMIZE",
        "max_total_runs": 5,
    }
    return HyperDriveConfig(**{**settings, **changed})


def space_of(*options: Any) -> Any:
    return GridParameterSampling({"--k": choice(*options)}).to_request()["space"]


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ((np.arange(2),), [0, 1]),
        ((np.float64(0.5), np.int32(3)), [0.5, 3]),
        ((np.array(["a", "b"]),), ["a", "b"]),
        # As Python's str writes them, which is what v1 scripts read.
        ((True, False), ["True", "False"]),
        ((range(2),), [0, 1]),
    ],
    ids=str,
)
def test_options_are_those_of_python(options: Any, values: Any) -> None:
    assert space_of(*options) == {"--k": values}


def test_a_week_is_the_longest_by_default(script: ScriptRunConfig) -> None:
    request = config(script, policy=MedianStoppingPolicy()).to_request()
    assert request["max_duration_minutes"] == 10_080
    assert request["policy"]["type"] == "median"


def test_the_earlier_name_takes_the_script_first(script: ScriptRunConfig) -> None:
    sampling = GridParameterSampling({"--n": randint(3)})
    old = HyperDriveRunConfig(script, sampling, "acc", "minimize", 9)
    assert (old.total_runs, old.to_request()["goal"]) == (3, "minimize")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"run_config": None}, "Give the script once"),
        ({"max_total_runs": 0}, "max_total_runs must be a whole number from 1"),
        ({"max_concurrent_runs": 0}, "max_concurrent_runs must be a whole number"),
        ({"max_duration_minutes": 0}, "max_duration_minutes must be a whole number"),
        ({"primary_metric_goal": "up"}, "MAXIMIZE or MINIMIZE"),
        ({"policy": "median"}, "policy must be a BanditPolicy"),
        ({"hyperparameter_sampling": {}}, "must be a RandomParameterSampling"),
    ],
    ids=str,
)
def test_a_mistake_is_one_sentence(
    script: ScriptRunConfig, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(HyperDriveConfigException, match=sentence):
        config(script, **changed)


@pytest.mark.parametrize(
    "setting", ["pipeline", "resume_from", "resume_child_runs", "custom_run_id"]
)
def test_what_is_not_offered_says_what_to_do(
    script: ScriptRunConfig, setting: str
) -> None:
    with pytest.raises(HyperDriveScenarioNotSupportedException, match="is not avail"):
        config(script, **{setting: "x"})


def test_policies_and_spaces_are_checked_at_once() -> None:
    with pytest.raises(HyperDriveConfigException, match="either slack_factor or"):
        BanditPolicy()
    with pytest.raises(HyperDriveConfigException, match="from 1 to 99"):
        TruncationSelectionPolicy(100)
    with pytest.raises(HyperDriveConfigException, match="needs an expression"):
        RandomParameterSampling({"--lr": 0.1})
    with pytest.raises(HyperDriveConfigException, match="at least one parameter"):
        RandomParameterSampling({})
