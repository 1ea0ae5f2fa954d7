"""HyperDrive configurations of v1's command line: what becomes a sweep, what not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from studio.sdk.errors import UserErrorException
from studio.sdk.hyperdrive import HyperDriveConfig, read_hyperdrive
from studio.sdk.submission import ScriptRunConfig

#: As Azure's documentation has it.
DOCUMENTED = """
sampling:
    type: random # Supported options: Random, Grid, Bayesian
    parameter_space: # specify a name|expression|values tuple for each parameter.
    - name: --penalty
      expression: choice
      values: [0.5, 1, 1.5]
    - name: --lr
      expression: uniform
      values: [1e-4, 1]
    - name: seed
      expression: randint
      values: [5]
policy:
    type: BanditPolicy # Supported options: BanditPolicy, MedianStoppingPolicy, …
    evaluation_interval: 1
    slack_factor: 0.2
primary_metric_name: Accuracy
primary_metric_goal: Maximize # Maximize|Minimize
max_total_runs: 8
max_concurrent_runs: 2
max_duration_minutes: 100
"""


METRIC = {"primary_metric_name": "acc", "primary_metric_goal": "minimize"}


def read(folder: Path, content: Any) -> HyperDriveConfig:
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    (folder / "hd.yml").write_text(text)
    return read_hyperdrive(folder, "hd.yml", script(folder))


def script(folder: Path) -> ScriptRunConfig:
    (folder / "train.py").touch()
    return ScriptRunConfig(str(folder), "train.py")


def grid(*values: Any, expression: str = "choice", **more: Any) -> dict[str, Any]:
    one = {"name": "--lr", "expression": expression, "values": list(values)}
    sampling = {"type": "Grid", "parameter_space": [one]}
    return {"sampling": sampling, **METRIC, "max_total_runs": 9, **more}


def test_the_documented_file_becomes_a_sweep(tmp_path: Path) -> None:
    assert read(tmp_path, DOCUMENTED).to_request() == {
        "space": {
            "--penalty": [0.5, 1, 1.5],
            # YAML reads 1e-4 as text.
            "--lr": {"uniform": ["1e-4", 1]},
            "seed": {"randint": [5]},
        },
        "sampling": "random",
        "count": 8,
        "at_once": 2,
        "primary_metric": "Accuracy",
        "goal": "maximize",
        "policy": {
            "type": "bandit",
            "slack_factor": 0.2,
            "evaluation_interval": 1,
            "delay_evaluation": 0,
        },
        "max_duration_minutes": 100,
    }


def test_a_grid_has_at_most_the_total_number_of_runs(tmp_path: Path) -> None:
    content = grid(0.1, "a, b", policy={"type": "NoTerminationPolicy"})
    assert read(tmp_path, content).total_runs == 2
    assert read(tmp_path, {**content, "max_total_runs": 1}).total_runs == 1
    assert "policy" not in read(tmp_path, content).to_request()


def test_a_list_in_the_list_has_the_values(tmp_path: Path) -> None:
    assert read(tmp_path, grid([1, 2])).to_request()["space"] == {"--lr": [1, 2]}


@pytest.mark.parametrize("place", ["hd.yml", ".azureml/hd.yml", ".azureml/hd"])
def test_the_file_is_found_by_its_name(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(exist_ok=True)
    file.write_text(DOCUMENTED)
    assert read_hyperdrive(tmp_path, "hd", script(tmp_path)).total_runs == 8


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a: [", "is not YAML"),
        (grid(1, policy={"type": "Best"}), "policy Best is not available"),
        (grid(1, policy={"type": "BanditPolicy"}), "either slack_factor or"),
        ({**METRIC, "max_total_runs": 5}, "needs sampling"),
        (grid(1, sampling={"type": "Sobol"}), "Use Grid, Random or Bayesian"),
        (grid(1, sampling={"type": "Grid"}), "parameter_space must be a list"),
        (
            grid(1, sampling={"type": "Grid", "parameter_space": []}),
            "needs at least one parameter",
        ),
        (
            grid(1, sampling={"type": "Grid", "parameter_space": [{}]}),
            "needs a name",
        ),
        (grid(), "must be a list or a range"),
        (grid(1, max_total_runs=0), "max_total_runs must be a whole number from 1"),
        (grid(1, max_total_runs=None), "It needs max_total_runs"),
        (grid(1, max_total_runs=1001), "max_total_runs must be .* to 1000"),
        (grid(1, primary_metric_name=""), "It needs primary_metric_name"),
        (grid(1, primary_metric_goal="high"), "MAXIMIZE or MINIMIZE"),
        (grid(1, max_concurrent_runs="many"), "max_concurrent_runs must be a whole"),
        (grid(0, 1, expression="uniform"), "A grid can't have the range"),
        (grid(0, 1, 2, expression="quniform"), "A grid can't have the range"),
        (grid(1, expression="uniform"), "needs the numbers min, max"),
        (grid("a", expression="randint"), "needs the numbers upper"),
        (grid(1, expression="sine"), "expression sine of --lr is not available"),
    ],
    ids=str,
)
def test_what_no_sweep_can_express_is_said(
    tmp_path: Path, content: Any, sentence: str
) -> None:
    with pytest.raises(UserErrorException, match=sentence):
        read(tmp_path, content)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match="no HyperDrive configuration 'hd'"):
        read_hyperdrive(tmp_path, "hd", script(tmp_path))
