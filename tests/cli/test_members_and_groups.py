"""`studio member`, `studio run groups` and `studio run conclusion`."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from tests.cli.command import CommandLine, command_line, new_run
from tests.parts.manage import run_script
from tests.parts.owner_token import owner_token
from tests.parts.server import Server

JOIN = """
import django; django.setup()
from runs.models import Member, Role, User, Workspace
user = User.objects.create(username={name!r}, display_name="Jonas Weber")
workspace = Workspace.objects.get(name="default")
Member.objects.create(workspace=workspace, user=user, role=Role.READER)
"""


@pytest.fixture
def studio(server: Server, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


@pytest.fixture
def owner(server: Server, tmp_path: Path) -> CommandLine:
    """With a token that may change members."""
    token = owner_token(server.home, {})
    return CommandLine(tmp_path, {**server.environment, "STUDIO_TOKEN": token})


@pytest.fixture
def experiment(server: Server) -> str:
    """Three runs: two have the same seed, and one has another."""
    name = f'grouped "{uuid.uuid4().hex[:8]}"'
    for number, seed in enumerate(("1", "1", "2")):
        new_run(server, f"{name[9:17]}-{number}", name, params={"seed": seed})
    return name


def test_members_are_listed_changed_and_removed(
    owner: CommandLine, server: Server
) -> None:
    name = f"jonas-{uuid.uuid4().hex[:8]}"
    done = run_script(server.home, JOIN.format(name=name))
    assert done.returncode == 0, done.stderr
    listed = {one["name"]: one for one in owner.json("member", "list")}
    assert (listed[name]["role"], listed[name]["display_name"]) == (
        "reader",
        "Jonas Weber",
    )
    changed = owner.json("member", "role", name.upper(), "contributor")
    assert changed["role"] == "contributor"
    refused = owner("member", "remove", name)
    assert (refused.returncode, f"Remove {name} from default?" in refused.stderr) == (
        1,
        True,
    )
    owner.json("member", "remove", name, "--yes")
    code, sentence = owner.refused("member", "role", name, "owner")
    assert (code, f"There is no member {name!r}" in sentence) == (3, True)


def test_an_invitation_is_a_link(owner: CommandLine) -> None:
    made = owner.json("member", "invite", "reader")
    assert made["role"] == "reader"
    assert "/invitation" in made["link"]
    assert owner.refused("member", "invite", "king")[0] == 2


def test_runs_are_grouped_within_an_experiment(
    studio: CommandLine, experiment: str
) -> None:
    words = ("run", "groups", "-e", experiment, "--by", "params.seed")
    found = studio.json(*words)
    assert [(one["values"], one["runs"]) for one in found] == [
        ({"params.seed": "1"}, 2),
        ({"params.seed": "2"}, 1),
    ]
    assert studio.json(*words, "-q", "params.seed = 2", "[].runs") == [1]
    # A filter with alternatives stays within the experiment.
    either = "params.seed = 2 or params.seed = 1"
    assert sum(studio.json(*words, "-q", either, "[].runs")) == 3
    shown = studio(*words, "--rows", "1", "-o", "table")
    assert "1 of 2 groups" in shown.stderr
    assert "params.seed" in shown.stdout


def test_a_conclusion_is_written_read_and_removed(
    studio: CommandLine, experiment: str
) -> None:
    runs = [f"{experiment[9:17]}-{number}" for number in range(2)]
    words = ("run", "conclusion", *runs)
    assert studio.json(*words)["text"] == ""
    studio.json(*words, "--text", "The *second* is better.")
    assert studio.json("run", "conclusion", *reversed(runs))["text"] == (
        "The *second* is better."
    )
    piped = studio(*words, "--text", "-", given="From a pipe\n")
    assert json.loads(piped.stdout)["text"] == "From a pipe"
    assert studio.json(*words, "--text", "")["text"] == ""
    assert studio.refused("run", "conclusion", runs[0])[0] == 2
