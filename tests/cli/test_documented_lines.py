"""The `az` lines of Azure's documentation, as printed, in each shell."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command import CommandLine, command_line, new_run
from tests.parts.needs import missing
from tests.parts.server import Server, running

#: The tests' shells read no configuration of their user.
OPTIONS = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"], "dash": []}
SHELLS = tuple(OPTIONS)
LIST = "az ml run list --experiment-name experiment"
Paste = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the runs that the documentation's lines name."""
    with running(tmp_path_factory.mktemp("home")) as server:
        new_run(
            server,
            "tagged",
            "experiment",
            tags={"quality": "fantastic run", "worth another look": None},
            properties={"author": "azureml-user"},
        )
        new_run(server, "authored", "experiment", properties={"author": "azureml-user"})
        new_run(server, "bare", "experiment")
        new_run(server, "runid", "experiment_name")
        yield server


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if shutil.which(name) is None:
        missing(name, f"Install it: apt-get install {name}")
    return name


@pytest.fixture
def paste(shell: str, documented: Server, tmp_path: Path) -> Paste:
    """Runs a line in the shell after `studio env`, in an empty folder."""
    studio = command_line(documented, tmp_path)
    env = studio_env(studio, shell, documented)

    def run_line(line: str) -> subprocess.CompletedProcess[str]:
        return run_in_shell(shell, f"{env}{line}\n", studio)

    return run_line


def studio_env(studio: CommandLine, shell: str, server: Server) -> str:
    syntax = "sh" if shell == "dash" else shell
    return studio("env", "--shell", syntax, STUDIO_HOME=str(server.home)).stdout


def run_in_shell(
    shell: str, script: str, studio: CommandLine, **more: str
) -> subprocess.CompletedProcess[str]:
    file = studio.folder / "script"
    file.write_text(script)
    options = OPTIONS[shell]
    return subprocess.run(
        [shell, *options, str(file)],
        env={**studio.base_environment(), **more},
        cwd=studio.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_ids(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [run["run_id"] for run in json.loads(done.stdout)]


def test_runs_are_listed(paste: Paste) -> None:
    assert run_ids(paste(LIST)) == ["bare", "authored", "tagged"]


def test_runs_are_found_by_an_unquoted_query(paste: Paste) -> None:
    done = paste(f"{LIST} [?properties.author=='azureml-user']")
    assert run_ids(done) == ["authored", "tagged"]


def test_runs_are_found_by_the_key_of_a_tag(paste: Paste) -> None:
    query = "[?tags.keys(@)[?starts_with(@, 'worth another look')]]"
    assert run_ids(paste(f'{LIST} "{query}"')) == ["tagged"]


def test_runs_are_found_by_two_conditions(paste: Paste) -> None:
    query = "[?properties.author=='azureml-user' && tags.quality=='fantastic run']"
    assert run_ids(paste(f'{LIST} "{query}"')) == ["tagged"]


def test_a_query_that_the_shell_cut_names_the_remedy(paste: Paste) -> None:
    query = "[?properties.author=='azureml-user' && tags.quality=='fantastic run']"
    done = paste(f"{LIST} {query}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Put the query in double quotes" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_run_is_shown_tagged_and_canceled(paste: Paste) -> None:
    assert json.loads(paste("az ml run show -r runid").stdout)["run_id"] == "runid"
    line = "az ml run update -r runid --add-tag quality='fantastic run'"
    assert json.loads(paste(line).stdout)["tags"] == {"quality": "fantastic run"}
    done = paste("az ml run cancel -r runid -w workspace_name -e experiment_name")
    assert done.stdout == "Experiment run canceled successfully.\n"
    assert done.stderr.startswith(
        "Warning: There is no workspace 'workspace_name' here. Using 'default' "
        "(STUDIO_WORKSPACE).\n"
    )
    status = json.loads(paste("az ml run show -r runid").stdout)["status"]
    assert status == "CancelRequested"


def test_a_folder_is_attached(paste: Paste, tmp_path: Path) -> None:
    done = paste("az ml folder attach -w myworkspace -g myresourcegroup")
    assert json.loads(done.stdout)["Resource group"] == "myresourcegroup"
    assert (tmp_path / ".azureml/config.json").is_file()
    assert (tmp_path / ".azureml/sklearn.runconfig").is_file()


@pytest.mark.parametrize(
    "line",
    [
        "az login",
        "az account set -s mysubscription",
        "az account show",
        "az extension add -n azure-cli-ml",
        "az extension list",
        "az version",
    ],
)
def test_lines_that_prepare_for_azure_succeed(paste: Paste, line: str) -> None:
    done = paste(line)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"needs no `{' '.join(line.split()[:3])}`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_other_lines_need_the_azure_cli(paste: Paste) -> None:
    done = paste("az vm list")
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs the Azure CLI, which is not installed" in done.stderr


def test_other_lines_reach_a_real_az(
    shell: str, documented: Server, tmp_path: Path
) -> None:
    program = tmp_path / "bin/az"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "<%s>" "$@"\nexit 7\n')
    program.chmod(0o755)
    studio = command_line(documented, tmp_path)
    env = studio_env(studio, shell, documented)
    path = f"{program.parent}:{studio.base_environment()['PATH']}"
    done = run_in_shell(shell, f"{env}az vm list 'a b' -h\n", studio, PATH=path)
    assert (done.returncode, done.stdout) == (7, "<vm><list><a b><-h>")
    done = run_in_shell(shell, f"{env}{LIST}\n", studio, PATH=path)
    assert run_ids(done)[0] == "bare"


def test_an_alias_is_replaced_and_lines_can_be_evaluated_twice(
    shell: str, documented: Server, tmp_path: Path
) -> None:
    studio = command_line(documented, tmp_path)
    env = studio_env(studio, shell, documented)
    lines = tmp_path / "lines"
    lines.write_text(env)
    twice = f"cat {lines} | source\n" if shell == "fish" else f'eval "$(cat {lines})"\n'
    done = run_in_shell(shell, f"alias az='echo other'\n{twice * 2}{LIST}\n", studio)
    assert run_ids(done)[0] == "bare"
