"""`studio run submit-hyperdrive`: a script with several values of its arguments."""

from __future__ import annotations

from pathlib import Path

import click

from studio.cli.output import Output, output_options
from studio.cli.run.records import read_record
from studio.cli.run.submit import (
    experiment_for,
    load_configuration,
    report_submitted,
    source_options,
)
from studio.cli.target import Target, target_options
from studio.sdk.compute import LOCAL_TARGET
from studio.sdk.run import Run
from studio.sdk.submission import ScriptRunConfig, read_hyperdrive, submit_sweep


@click.command(
    "submit-hyperdrive",
    # Everything after the script belongs to the script.
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Example: az ml run submit-hyperdrive --hyperdrive-configuration-name "
    "hd.yml -c gpu-cluster train.py",
)
@output_options
@target_options
@click.option(
    "--hyperdrive-configuration-name",
    "hyperdrive",
    required=True,
    metavar="NAME",
    help="A YAML file of the folder, with what is tried.",
)
@source_options
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def submit_hyperdrive(
    target: Target,
    output: Output,
    hyperdrive: str,
    configuration: str,
    source_directory: str,
    is_async: bool,
    conda_dependencies: str,
    compute_target: str,
    words: tuple[str, ...],
) -> None:
    """Submit a script once for each combination of values, to a queue.

    Grid and Random sampling with choice, randint and uniform. Without --async it waits
    until all runs have ended; Ctrl-C then ends only this command.
    """
    folder = Path(source_directory or target.path)
    tried = read_hyperdrive(folder, hyperdrive)
    config = load_configuration(
        folder, configuration, words, compute_target, conda_dependencies
    )
    if tried.max_seconds is not None:
        limit = min(tried.max_seconds, config.max_run_duration_seconds)
        config.max_run_duration_seconds = int(limit)
        output.note("max_duration_minutes limits each run, not all of them together.")
    name = Path(config.script or "").stem or "sweep"
    experiment = experiment_for(target, folder)
    made = submit_sweep(
        experiment,
        ScriptRunConfig(str(folder), run_config=config),
        {**tried.sweep, "name": name},
        display_name=name,
    )
    run, count = made["run"], len(made["children"])
    summary = f"Submitted {count} runs: {target.page_url(run['id'])}children/"
    if run["target"] == LOCAL_TARGET:
        output.note("They wait for an agent: studio agent --compute local")
    if is_async:
        output.emit(read_record(target, run["id"]), summary=summary)
        return
    output.note(summary)
    parent = Run.get(experiment.workspace, run["id"])
    report_submitted(target, output, parent, is_async=False)
