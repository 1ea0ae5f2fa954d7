"""The settings of compute targets: read, checked and printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.core.compute_kinds import (
    check_settings,
    default_jobs,
    parse_settings,
    print_settings,
    ray_request,
)
from studio.core.errors import InvalidValue

LINES = [
    "partition=gpu",
    "cpus=4",
    "gpus=a100:2",
    "can_requeue=true",
    "options=--constraint=a100",
    "setup=module load cuda",
    "setup=export A=b=c",
]


def test_lines_become_settings_and_lines_again() -> None:
    found = parse_settings("slurm", LINES)
    assert found == {
        "partition": "gpu",
        "cpus": 4,
        "gpus": "a100:2",
        "can_requeue": True,
        "options": ["--constraint=a100"],
        "setup": ["module load cuda", "export A=b=c"],
    }
    assert print_settings(found) == LINES


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"partition": "a b"}, "settings.partition"),
        ({"partition": "a\n#SBATCH --uid=0"}, "settings.partition"),
        ({"partition": "--uid=0"}, "settings.partition"),
        ({"partition": 5}, "settings.partition"),
        ({"cpus": 0}, "settings.cpus"),
        ({"cpus": True}, "settings.cpus"),
        ({"cpus": 10**9}, "settings.cpus"),
        ({"can_requeue": "yes"}, "settings.can_requeue"),
        ({"setup": "module load x"}, "settings.setup"),
        ({"setup": ["a\nb"]}, "settings.setup"),
        ({"setup": ["x"] * 51}, "settings.setup"),
        ({"setup": ["x" * 1001]}, "settings.setup"),
        ({"nosuch": 1}, "settings.nosuch"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_settings("slurm", settings)
    assert caught.value.details["field"] == field


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"host": "-oProxyCommand=x"}, "settings.host"),
        ({"host": ""}, "settings.host"),
        ({"port": 70_000}, "settings.port"),
        ({"user": "-x"}, "settings.user"),
        ({"python": "python3; reboot"}, "settings.python"),
        ({"folder": "a\nb"}, "settings.folder"),
    ],
)
def test_a_wrong_setting_of_ssh_is_named(more: dict[str, Any], field: str) -> None:
    good = {"host": "gpu1", "port": 2222, "folder": "~/my runs"}
    assert check_settings("ssh", good) == good
    with pytest.raises(InvalidValue) as caught:
        check_settings("ssh", {**good, **more})
    assert caught.value.details["field"] == field


def test_an_engine_without_a_queue_gets_one_run_at_a_time() -> None:
    assert (default_jobs("slurm", {}), default_jobs("ssh", {})) == (100, 1)
    assert default_jobs("ssh", {"max_jobs": 4}) == 4


def test_the_settings_of_ray_become_its_request() -> None:
    lines = [
        *("address=http://10.0.0.5:8265", "cpus=0.5", "memory=1.5GB"),
        *("resources=tpu=2", "time_limit=1-12:00:00", "env_vars=A=b=c", "pip=emoji"),
    ]
    found = parse_settings("ray", lines)
    assert print_settings(found) == lines
    request = ray_request(found, Path("/jobs/a b"), "id-1")
    assert request["entrypoint"] == "exec /bin/bash '/jobs/a b/ray.sh'"
    assert request["submission_id"] == "id-1"
    assert request["entrypoint_num_cpus"] == 0.5
    assert request["entrypoint_memory"] == 3 * 2**29
    assert request["entrypoint_resources"] == {"tpu": 2}
    assert request["runtime_env"]["env_vars"]["A"] == "b=c"
    assert request["runtime_env"]["pip"] == ["emoji"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("address", "ftp://x"),
        ("address", "http://x y"),
        ("cpus", "many"),
        ("cpus", True),
        ("memory", "4 bananas"),
        ("memory", 5),
        ("resources", ["tpu"]),
        ("time_limit", "90"),
        ("time_limit", "1:60:00"),
        ("env_vars", ["9=x"]),
    ],
)
def test_a_wrong_setting_of_ray_is_named(name: str, value: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_settings("ray", {name: value})
    assert caught.value.details["field"] == f"settings.{name}"


def test_targets_of_agents_have_no_settings() -> None:
    assert check_settings("agents", {}) == {}
    with pytest.raises(InvalidValue, match="have no partition"):
        check_settings("agents", {"partition": "x"})
    with pytest.raises(InvalidValue, match=r"agents, ray, slurm"):
        check_settings("mesos", {})
