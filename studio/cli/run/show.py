"""`studio run show`: everything about one run."""

from __future__ import annotations

import click

from studio.cli.output import Output, output_options
from studio.cli.run.records import read_record
from studio.cli.target import Target, run_path, target_options
from studio.cli.words import run_option, take_query, take_run, words_argument


@click.command(epilog="Example: studio run show RUN --query tags")
@output_options
@target_options
@run_option
@words_argument("[RUN] [QUERY]")
def show(target: Target, output: Output, run_id: str, words: tuple[str, ...]) -> None:
    """Show a run with its parameters and the last values of its metrics."""
    run_id, _ = take_run(target, take_query(words, output), run_id)
    record = read_record(target, run_id)
    client = target.client
    record["parameters"] = client.get(run_path(run_id, "params"))["params"]
    metrics = client.get(run_path(run_id, "metrics"))["metrics"]
    record["metrics"] = {metric["key"]: metric["last"] for metric in metrics}
    record["portal_url"] = target.page_url(run_id)
    output.emit(record)
