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
from studio.sdk.hyperdrive import read_hyperdrive
from studio.sdk.submission import ScriptRunConfig


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
    """Submit a script with several values of its arguments, to a queue.

    The file has a sampling (Grid, Random or Bayesian), the primary metric, and often a
    policy that ends runs early. Without --async it waits until all runs have ended;
    Ctrl-C then ends only this command.
    """
    folder = Path(source_directory or target.path)
    run_config = load_configuration(
        folder, configuration, words, compute_target, conda_dependencies
    )
    script = ScriptRunConfig(str(folder), run_config=run_config)
    sweep = read_hyperdrive(folder, hyperdrive, script)
    experiment = experiment_for(target, folder)
    run = experiment.submit(sweep)
    summary = f"Submitted {sweep.total_runs} runs: {target.page_url(run.id)}children/"
    if is_async:
        output.emit(read_record(target, run.id), summary=summary)
        return
    output.note(summary)
    report_submitted(target, output, run, is_async=False)
