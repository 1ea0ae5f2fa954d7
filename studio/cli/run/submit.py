"""`studio run submit-script`: run a script of a folder, here or on a target."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from studio.cli.output import Output, output_options
from studio.cli.run.records import read_record
from studio.cli.target import Target, target_options
from studio.cli.words import parse_pairs, parse_tags
from studio.core.run_definition import MAX_PRIORITY
from studio.core.statuses import RunStatus
from studio.sdk.experiment import Experiment
from studio.sdk.submission import CondaDependencies, RunConfiguration, ScriptRunConfig
from studio.sdk.workspace import Workspace

PRIORITY_RANGE = click.IntRange(-MAX_PRIORITY, MAX_PRIORITY)

#: What is submitted, from where, and to which target.
_SOURCE_OPTIONS = (
    click.option(
        "-c",
        "--run-configuration-name",
        "configuration",
        default="",
        metavar="NAME",
        help="A run configuration of the folder, or its file.",
    ),
    click.option(
        "--source-directory", default="", metavar="FOLDER", help="Default: --path."
    ),
    click.option("--async", "is_async", is_flag=True, help="Return at once."),
    click.option(
        "-d",
        "--conda-dependencies",
        default="",
        metavar="FILE",
        help="Packages instead of those of the configuration.",
    ),
    click.option(
        "--target", "--ct", "compute_target", default="", help="Another compute target."
    ),
)


def source_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of commands that submit a script of a folder."""
    for option in reversed(_SOURCE_OPTIONS):
        command = option(command)
    return command


@click.command(
    "submit-script",
    # Everything after the script belongs to the script.
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Example: az ml run submit-script -c sklearn -e testexperiment train.py",
)
@output_options
@target_options
@source_options
@click.option(
    "--env", "variables", multiple=True, metavar="NAME=VALUE", help="A variable."
)
@click.option(
    "--secret", "secrets", multiple=True, metavar="NAME", help="A secret that it gets."
)
@click.option(
    "--max-attempts", type=click.IntRange(min=1), help="Tries of an agent in all."
)
@click.option("--priority", type=PRIORITY_RANGE, help="A higher one starts first.")
@click.option("--name", default="", help="The run's name. The default is generated.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def submit_script(
    target: Target,
    output: Output,
    configuration: str,
    source_directory: str,
    is_async: bool,
    conda_dependencies: str,
    compute_target: str,
    variables: tuple[str, ...],
    secrets: tuple[str, ...],
    max_attempts: int | None,
    priority: int | None,
    name: str,
    tags: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    """Submit a script, with its arguments after it.

    It runs in a copy of the folder. Without --async its output is shown until it ends;
    Ctrl-C then ends only this command.
    """
    folder = Path(source_directory or target.path)
    config = load_configuration(
        folder, configuration, words, compute_target, conda_dependencies
    )
    config.environment_variables.update(parse_pairs(variables, "--env"))
    config.secrets = [*dict.fromkeys((*config.secrets, *secrets))]
    config.max_attempts = max_attempts or config.max_attempts
    if priority is not None:
        config.priority = priority
    submitted = ScriptRunConfig(str(folder), run_config=config)
    run = experiment_for(target, folder).submit(
        submitted, tags=parse_tags(tags, "--tag"), display_name=name
    )
    report_submitted(target, output, run, is_async=is_async)


def load_configuration(
    folder: Path,
    name: str,
    words: tuple[str, ...],
    compute_target: str,
    conda_dependencies: str,
) -> RunConfiguration:
    """The run configuration of that name, with what the command line changes."""
    config = _load(folder, name)
    if words:
        config.script, config.arguments, config.command = words[0], [*words[1:]], None
    if compute_target:
        config.target = compute_target
    if conda_dependencies:
        python = config.environment.python
        python.conda_dependencies = CondaDependencies(conda_dependencies)
        python.user_managed_dependencies = False
    return config


def experiment_for(target: Target, folder: Path) -> Experiment:
    """The experiment of the command line, or that with the folder's name.

    `folder attach` names it so.
    """
    workspace = Workspace.with_client(target.client)
    return Experiment(workspace, target.experiment or folder.absolute().name)


def _load(folder: Path, name: str) -> RunConfiguration:
    if not name:
        return RunConfiguration()
    file = Path(name)
    if file.is_file():
        return RunConfiguration.load(str(file))
    return RunConfiguration.load(str(folder), name)


def report_submitted(
    target: Target, output: Output, run: Any, *, is_async: bool
) -> None:
    """Print the run at once, or show its output until it ends.

    The exit code is 1 if the run does not end as Completed.
    """
    if is_async:
        link = f"Submitted {run.id}: {target.page_url(run.id)}"
        output.emit(read_record(target, run.id), summary=link)
        return
    run.wait_for_completion(show_output=True, raise_on_error=False)
    record = read_record(target, run.id)
    status = record["status"]
    output.emit(record, summary=f"{run.id} is {status}.")
    if status != RunStatus.COMPLETED:
        sys.exit(1)
