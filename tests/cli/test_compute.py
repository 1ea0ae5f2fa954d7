"""`studio target` and `studio secret` against a live server."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.command import CommandLine, command_line
from tests.parts.owner_token import owner_token
from tests.parts.server import Server


@pytest.fixture(scope="module")
def owner(server: Server) -> str:
    return owner_token(server.home, {})


@pytest.fixture
def studio(server: Server, owner: str, tmp_path: Path) -> CommandLine:
    studio = command_line(server, tmp_path)
    studio.environment = {**studio.environment, "STUDIO_TOKEN": owner}
    return studio


@pytest.fixture
def name() -> str:
    return f"gpu-{uuid.uuid4().hex[:8]}"


def test_a_target_is_created_paused_and_removed(studio: CommandLine, name: str) -> None:
    words = ("--max-per-member", "2", "--requeue-after", "60")
    created = studio.json("target", "create", name, *words)
    assert (created["max_per_member"], created["requeue_after_seconds"]) == (2, 60)
    assert studio.json("target", "pause", name)["is_paused"] is True
    listed = {one["name"]: one for one in studio.json("target", "list")}
    assert listed[name]["is_paused"] is True
    assert "local" in listed
    assert studio.json("target", "resume", name)["is_paused"] is False
    assert studio.json("target", "remove", name) == {"name": name}
    again = studio("target", "pause", name)
    assert again.returncode == 3
    assert f"There is no compute target '{name}'." in again.stderr


def test_a_target_goes_through_a_file(
    studio: CommandLine, name: str, tmp_path: Path
) -> None:
    words = ("--kind", "slurm", "--set", "partition=gpu", "--set", "cpus=4")
    more = ("--set", "setup=module load cuda", "--max-per-member", "2")
    studio.json("target", "create", name, *words, *more, "--description", "4 × A100")
    printed = studio("target", "export", name)
    content = yaml.safe_load(printed.stdout)
    settings = {"partition": "gpu", "cpus": 4, "setup": ["module load cuda"]}
    assert content == {
        "name": name,
        "kind": "slurm",
        "description": "4 × A100",
        "settings": settings,
        "max_per_member": 2,
        "requeue_after_seconds": 120,
        "is_paused": False,
    }
    # A second one of the same file, and the first as it is.
    file = tmp_path / "target.yml"
    file.write_text(printed.stdout)
    second = studio.json("target", "create", f"{name}-2", "-f", str(file))
    assert (second["settings"], second["max_per_member"]) == (settings, 2)
    same = studio("target", "apply", str(file), "-o", "table")
    assert same.returncode == 0, same.stderr
    # What changed is changed, what the file leaves out stays, a new name is created.
    new = {"name": name, "settings": {"partition": "cpu"}, "is_paused": True}
    file.write_text(yaml.safe_dump(new))
    changed = studio.json("target", "apply", str(file))
    assert (changed["settings"], changed["is_paused"]) == ({"partition": "cpu"}, True)
    assert (changed["max_per_member"], changed["description"]) == (2, "4 × A100")
    file.write_text(yaml.safe_dump({"name": f"{name}-3", "is_paused": True}))
    third = studio.json("target", "apply", str(file))
    assert (third["kind"], third["is_paused"]) == ("agents", True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"name": "{name}", "kind": "slurm"}, "can't be changed"),
        ({"name": "{name}", "setting": {}}, "Did you mean 'settings'?"),
        ({"name": "{name}", "settings": ["a=b"]}, "settings must be names with"),
        ({"name": "{name}", "settings": {"partition": "x"}}, "have no partition"),
        ({"kind": "slurm"}, "has no name"),
        (["a"], "names no keys"),
    ],
)
def test_a_file_that_is_no_target_changes_nothing(
    studio: CommandLine, name: str, tmp_path: Path, content: Any, words: str
) -> None:
    studio.json("target", "create", name, "--description", "first")
    file = tmp_path / "target.yml"
    file.write_text(yaml.safe_dump(content).replace("{name}", name))
    done = studio("target", "apply", str(file))
    assert done.returncode != 0
    assert words in done.stderr
    assert "description: first" in studio("target", "export", name).stdout


def test_the_nearest_target_is_suggested(studio: CommandLine, name: str) -> None:
    studio.json("target", "create", name)
    done = studio("target", "pause", f"{name}x")
    assert done.stderr.strip() == (
        f"Error: There is no compute target '{name}x'. Did you mean '{name}'?"
    )


def test_a_test_without_an_agent_says_so_and_ends(
    studio: CommandLine, name: str
) -> None:
    """Such as after the server refused the agent, which then ended."""
    studio.json("target", "create", name)
    done = studio("target", "test", name, "--agent-timeout", "0")
    assert done.returncode == 5
    assert f"No agent takes runs of {name}." in done.stderr
    assert json.loads(done.stdout)["status"] == "Queued"


def test_an_agent_token_serves_its_target_alone(studio: CommandLine, name: str) -> None:
    studio.json("target", "create", name)
    made = studio.json("target", "agent-token", name, "--days", "7")
    assert f"--compute {name}" in made["command"]
    # It reads no runs, and no other target accepts it.
    token = {"STUDIO_TOKEN": made["token"]}
    assert studio("run", "list", **token).returncode == 1
    refused = studio("agent", "--compute", "local", "--once", **token)
    assert refused.returncode in (1, 2)
    assert f"--compute {name}" in refused.stderr


def test_only_owners_change_targets_and_secrets(
    server: Server, tmp_path: Path, name: str
) -> None:
    contributor = command_line(server, tmp_path)
    for words in (("target", "create", name), ("secret", "delete", "KEY")):
        done = contributor(*words)
        assert done.returncode == 1
        assert "owner" in done.stderr


def test_a_secret_is_set_from_a_pipe_and_never_shown(studio: CommandLine) -> None:
    key = f"KEY_{uuid.uuid4().hex[:6]}"
    done = studio("secret", "set", key, given="s3cret value\n")
    assert done.returncode == 0, done.stderr
    listed = studio("secret", "list")
    assert key in listed.stdout
    assert "s3cret" not in done.stdout + listed.stdout
    assert studio("secret", "delete", key).returncode == 0
    again = studio("secret", "delete", key)
    assert (again.returncode, key in again.stderr) == (3, True)


def test_an_empty_secret_is_refused(studio: CommandLine) -> None:
    done = studio("secret", "set", "KEY", given="")
    assert done.returncode == 2
    assert "The value is empty." in done.stderr
