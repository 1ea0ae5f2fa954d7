"""`studio run compare`: parameters, metrics and more of several runs, side by side."""

from __future__ import annotations

from typing import Any

import click

from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, run_path, target_options
from studio.cli.words import take_query, words_argument

MAX_RUNS = 20
#: Shown for a tag without a value, which is not the same as no tag.
NO_VALUE = "(no value)"
#: What is compared of each run itself.
FIELDS = {
    "status": "status",
    "name": "name",
    "experiment": "experiment",
    "target": "target",
    "script": "script",
}


@click.command(epilog="Example: studio run compare RUN1 RUN2 --differences")
@output_options
@target_options
@click.option("--differences", is_flag=True, help="Only what is not the same.")
@words_argument("RUN RUN… [QUERY]")
def compare(
    target: Target, output: Output, differences: bool, words: tuple[str, ...]
) -> None:
    """Compare runs: a line for each parameter, metric (last value) and tag."""
    named = map(target.find_run_id, take_query(words, output))
    run_ids = list(dict.fromkeys(named))
    if not 2 <= len(run_ids) <= MAX_RUNS:
        raise click.UsageError(f"Name 2 to {MAX_RUNS} different runs.")
    values = {run_id: _read_values(target, run_id) for run_id in run_ids}
    names = list(dict.fromkeys(name for found in values.values() for name in found))
    rows = [
        {"field": name, **{run_id: values[run_id].get(name) for run_id in run_ids}}
        for name in names
    ]
    if differences:
        rows = [row for row in rows if len({repr(row[one]) for one in run_ids}) > 1]
    if not rows:
        output.note("No differences.")
    columns = [_column("field"), *map(_column, run_ids)]
    output.emit(rows, columns=columns)


def _read_values(target: Target, run_id: str) -> dict[str, Any]:
    """Everything that is compared, by the name of its field."""
    client = target.client
    run = target.find_run(run_id)
    params = client.get(run_path(run_id, "params"))["params"]
    metrics = client.get(run_path(run_id, "metrics"))["metrics"]
    tags = client.get(run_path(run_id, "tags"))["tags"]
    return {
        **{name: run[field] for name, field in FIELDS.items() if run[field]},
        **{f"params.{key}": value for key, value in sorted(params.items())},
        **{f"metrics.{one['key']}": one["last"] for one in metrics},
        **{
            f"tags.{key}": NO_VALUE if value is None else value
            for key, value in sorted(tags.items())
            if not key.startswith("mlflow.")
        },
    }


def _column(name: str) -> Column:
    def text(row: Any) -> str:
        value = row[name]
        return "" if value is None else str(value)

    return name.capitalize() if name == "field" else name, text
