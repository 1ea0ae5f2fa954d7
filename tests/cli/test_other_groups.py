"""`studio experiment|token|account|completion`, and help with examples."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from studio.cli.commands import studio as studio_group
from studio.cli.completion import SHELLS
from tests.cli.command import CommandLine, command_line, new_run
from tests.parts.clients import ROOT
from tests.parts.needs import missing
from tests.parts.server import Server


@pytest.fixture
def studio(server: Server, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


@pytest.fixture
def experiment(server: Server) -> str:
    name = f"Shared/{uuid.uuid4().hex[:8]} 名"
    new_run(server, f"in-{uuid.uuid4().hex[:8]}", name)
    return name


def test_experiments_are_listed_and_shown(studio: CommandLine, experiment: str) -> None:
    listed = studio.json("ml", "experiment", "list", "-w", "default", "-g", "g")
    assert listed[0]["name"] == experiment
    assert studio.json("experiment", "show", experiment) == listed[0]
    names = studio.json("experiment", "list", "[].name")
    assert names[0] == experiment


def test_experiments_are_changed(studio: CommandLine, experiment: str) -> None:
    new = f"{experiment} new"
    assert studio.json("experiment", "rename", experiment, new)["name"] == new
    piped = studio("experiment", "describe", new, "-", given="# From a pipe\n")
    assert json.loads(piped.stdout)["description"] == "# From a pipe"
    shown = studio.json("experiment", "describe", new, "*All* runs")
    assert shown["description"] == "*All* runs"
    assert studio.json("experiment", "tag", new, "a=b", "c")["tags"] == {
        "a": "b",
        "c": None,
    }
    assert studio.json("experiment", "untag", "-e", new, "a")["tags"] == {"c": None}
    studio.json("experiment", "archive", new)
    assert new not in studio.json("experiment", "list", "[].name")
    assert new in studio.json("experiment", "list", "--archived", "[].name")
    assert "archived_time" not in studio.json("experiment", "unarchive", new)
    assert studio.json("experiment", "delete", new)["name"] == new
    assert new not in studio.json("experiment", "list", "[].name")
    assert studio.json("experiment", "restore", new)["name"] == new
    code, sentence = studio.refused("experiment", "restore", new)
    assert (code, "is in the trash" in sentence) == (1, True)


def test_tokens_are_created_listed_and_revoked(studio: CommandLine) -> None:
    created = studio.json("token", "create", "cluster 名", "--role", "reader")
    listed = studio.json("token", "list")
    assert listed[0]["name"] == "cluster 名"
    assert (listed[0]["role"], listed[0]["is_current"]) == ("reader", False)
    assert "token" not in listed[0]
    code, sentence = studio.refused(
        "run", "tag", "x", "y=1", STUDIO_TOKEN=created["token"]
    )
    assert (code, sentence.startswith("Error: There is no run 'x'")) == (3, True)
    studio.json("token", "revoke", str(created["id"]))
    assert created["id"] not in studio.json("token", "list", "[].id")


def test_the_account_has_its_workspaces(studio: CommandLine, server: Server) -> None:
    shown = studio.json("account", "show")
    assert shown["server"] == server.url
    assert shown["workspaces"]["default"] == "contributor"
    assert server.token not in str(shown)


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_valid_for_the_shell(studio: CommandLine, shell: str) -> None:
    if shutil.which(shell) is None:
        missing(shell, f"Install it: apt-get install {shell}")
    lines = studio("completion", shell).stdout
    assert "_STUDIO_COMPLETE" in lines
    done = subprocess.run(
        [shell, "-n"], input=lines, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("studio ru", {"run"}),
        (
            "studio run c",
            {"cancel", "comment", "comments", "compare", "complete", "conclusion"},
        ),
        ("studio run show --out", {"--output", "--output-metadata-file"}),
        ("studio run show -o js", {"json", "jsonc"}),
    ],
)
def test_words_are_completed(
    studio: CommandLine, words: str, expected: set[str]
) -> None:
    count = str(len(words.split()) - 1)
    more = {
        "COMP_WORDS": words,
        "COMP_CWORD": count,
        "_STUDIO_COMPLETE": "bash_complete",
    }
    done = studio(**more)
    found = {line.partition(",")[2] for line in done.stdout.splitlines()}
    assert found == expected, done.stderr


def every_command(
    command: click.Command, names: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(command)
    if not isinstance(command, click.Group):
        yield names, command
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from every_command(found, (*names, name))


COMMANDS = dict(every_command(studio_group))
#: Commands from before: their help has its example in the text.
WITHOUT_EPILOG = {"env", "login", "sync"}


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_help_has_an_example(names: tuple[str, ...]) -> None:
    command = COMMANDS[names]
    assert command.help
    if names[0] not in WITHOUT_EPILOG:
        assert (command.epilog or "").startswith("Example"), names


def test_every_command_is_documented() -> None:
    page = (ROOT / "docs/user/command-line.md").read_text()
    #: Names of `az ml`, and commands that the page shows in a line with another.
    others = {
        "run update",
        "run monitor-logs",
        "experiment unarchive",
        "experiment untag",
    }
    named = {name for name in map(" ".join, COMMANDS) if name not in others}
    assert {name for name in named if f"`studio {name}" not in page} == set()
