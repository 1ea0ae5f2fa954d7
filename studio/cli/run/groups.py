"""`studio run groups`: how many runs have each value, and the means of metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from studio.cli.output import Column, Output, output_options
from studio.cli.run.list_runs import quote_text
from studio.cli.target import Target, target_options
from studio.cli.words import refuse_words, take_query, words_argument

#: Shown for runs without a value.
NO_VALUE = "–"


@click.command(
    "groups",
    epilog="Examples: studio run groups --by params.lr --columns metrics.acc · "
    "studio run groups --by error_kind -q 'status:failed created:-7d'",
)
@output_options
@target_options
@click.option("--by", required=True, metavar="FIELD,FIELD", help="What groups share.")
@click.option(
    "--columns", default="", metavar="FIELD,FIELD", help="Metrics to average."
)
@click.option("-q", "--filter", "filter_text", default="", metavar="FILTER")
@click.option("--children", is_flag=True, help="Child runs too.")
@click.option("--archived", is_flag=True, help="Archived runs too.")
@click.option("--mine", is_flag=True, help="Only your runs.")
@click.option("--rows", default=100, type=click.IntRange(1, 2000), show_default=True)
@words_argument("[QUERY]")
def groups(
    target: Target,
    output: Output,
    by: str,
    columns: str,
    filter_text: str,
    children: bool,
    archived: bool,
    mine: bool,
    rows: int,
    words: Sequence[str],
) -> None:
    """Group runs by the values of fields, the largest group first."""
    refuse_words(take_query(words, output))
    if target.experiment:
        chosen = f"experiment = {quote_text(target.experiment)}"
        filter_text = f"({filter_text}) and {chosen}" if filter_text else chosen
    reply = target.client.get(
        "groups",
        group=by,
        q=filter_text,
        columns=columns,
        children=int(children),
        archived=int(archived),
        mine=int(mine),
        rows=rows,
    )
    found: list[dict[str, Any]] = reply["groups"]
    if len(found) < reply["total"]:
        output.note(f"{len(found):,} of {reply['total']:,} groups; --rows shows more.")
    output.emit(found, columns=_columns(found))


def _columns(found: Sequence[dict[str, Any]]) -> list[Column]:
    fields = list(dict.fromkeys(name for each in found for name in each["values"]))
    means = list(dict.fromkeys(name for each in found for name in each["means"]))
    return [
        *(_column("values", name, name) for name in fields),
        ("Runs", lambda record: f"{record['runs']:,}"),
        *(_column("means", name, f"mean {name}") for name in means),
    ]


def _column(part: str, name: str, title: str) -> Column:
    def text(record: Any) -> str:
        value = record[part].get(name)
        return NO_VALUE if value is None else str(value)

    return title, text
