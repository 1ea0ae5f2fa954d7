"""HyperDrive configurations of v1's command line: what becomes a sweep, what not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from studio.sdk.errors import UserErrorException
from studio.sdk.submission import HyperDriveFile, read_hyperdrive

#: As Azure's documentation has it, without its policy.
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
primary_metric_name: Accuracy
primary_metric_goal: Maximize # Maximize|Minimize
max_total_runs: 8
max_concurrent_runs: 2
max_duration_minutes: 100
"""


def read(folder: Path, content: Any) -> HyperDriveFile:
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    (folder / "hd.yml").write_text(text)
    return read_hyperdrive(folder, "hd.yml")


def grid(*values: Any, expression: str = "choice", **more: Any) -> dict[str, Any]:
    one = {"name": "--lr", "expression": expression, "values": list(values)}
    return {"sampling": {"type": "Grid", "parameter_space": [one]}, **more}


def test_the_documented_file_becomes_a_sweep(tmp_path: Path) -> None:
    found = read(tmp_path, DOCUMENTED)
    assert found.sweep == {
        "space": {
            "--penalty": ["0.5", "1", "1.5"],
            "--lr": {"from": 0.0001, "to": 1.0},
            "--seed": {"from": 0, "to": 4},
        },
        "sampling": "random",
        "count": 8,
        "at_once": 2,
    }
    # A range of whole numbers would have no values between them.
    assert isinstance(found.sweep["space"]["--lr"]["to"], float)
    assert found.max_seconds == 6000


def test_a_grid_needs_no_number_of_runs(tmp_path: Path) -> None:
    found = read(tmp_path, grid(0.1, "a, b", policy={"type": "NoTerminationPolicy"}))
    assert found.sweep == {"space": {"--lr": ["0.1", "a, b"]}, "sampling": "grid"}
    assert found.max_seconds is None


def test_a_list_in_the_list_has_the_values(tmp_path: Path) -> None:
    assert read(tmp_path, grid([1, 2])).sweep["space"] == {"--lr": ["1", "2"]}


@pytest.mark.parametrize("place", ["hd.yml", ".azureml/hd.yml", ".azureml/hd"])
def test_the_file_is_found_by_its_name(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(exist_ok=True)
    file.write_text(DOCUMENTED)
    assert read_hyperdrive(tmp_path, "hd").sweep["count"] == 8


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a: [", "is not YAML"),
        ({"policy": {"type": "BanditPolicy"}}, "BanditPolicy.*Remove policy"),
        ({"max_total_runs": 5}, "needs sampling"),
        ({"sampling": {"type": "Bayesian"}}, "Bayesian.*Use Grid or Random"),
        ({"sampling": {"type": "Grid"}}, "parameter_space must be a list"),
        ({"sampling": {"type": "Grid", "parameter_space": [{}]}}, "needs a name"),
        (grid(), "must be a list or a range"),
        (grid(1, 2, 3, max_total_runs=2), "3 combinations.*Raise max_total_runs"),
        (grid(1, max_concurrent_runs="many"), "max_concurrent_runs must be a whole"),
        (grid(0, 1, expression="uniform"), "A grid can't have the range"),
        (grid(0, 1, expression="quniform"), "quniform of --lr is not available"),
        (grid(1, expression="uniform"), "uniform of --lr needs two values"),
        (grid("a", expression="randint"), "must be numbers, not 'a'"),
        (
            DOCUMENTED.replace("max_total_runs: 8", ""),
            "Random sampling needs max_total",
        ),
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
        read_hyperdrive(tmp_path, "hd")
