"""`studio run list`: find runs by options, the filter language, and JMESPath."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from studio.cli.output import Output, output_options
from studio.cli.run.records import (
    LIST_COLUMNS,
    minimal_record,
    run_record,
    value_columns,
)
from studio.cli.target import Target, target_options
from studio.cli.words import parse_tags, refuse_words, take_query, words_argument
from studio.core.errors import NotFound
from studio.core.statuses import RunStatus

DEFAULT_LAST = 10
#: What each record needs.
BASE_COLUMNS = ("tags", "description", "error")
#: No experiment has this id.
MISSING = -1
#: The sizes of pages that the API has.
PAGE_ROWS = (25, 50, 100)


@click.command(
    "list",
    epilog="Examples: studio run list -q 'metrics.acc > 0.9' --last 50 · "
    "az ml run list --experiment-name digits --query \"[?tags.quality=='good']\"",
)
@output_options
@target_options
@click.option("-q", "--filter", "filter_text", default="", help="The filter language.")
@click.option(
    "--last", type=click.IntRange(1), default=DEFAULT_LAST, show_default=True,
    help="How many of the newest runs.",
)  # fmt: skip
@click.option(
    "--status",
    type=click.Choice([one.value for one in RunStatus], case_sensitive=False),
)
@click.option(
    "--tags", multiple=True, metavar="KEY=VALUE", help="Runs with the tag; repeatable."
)
@click.option("--compute-target-name", default="", metavar="NAME")
@click.option("--parent-run-id", default="", metavar="RUN", help="Its child runs.")
@click.option("--pipeline-run-id", default="", metavar="RUN", hidden=True)
@click.option("--columns", default="", help="Other fields, with commas between them.")
@click.option("--sort", default="", help="A field; `-metrics.acc` for descending.")
@click.option("--children", is_flag=True, help="Child runs too.")
@click.option("--archived", is_flag=True, help="Archived runs too.")
@click.option("--mine", is_flag=True, help="Only runs that you submitted.")
@click.option("--minimal", is_flag=True, help="Seven fields of each run.")
@words_argument("[QUERY]")
def list_runs(
    target: Target,
    output: Output,
    words: tuple[str, ...],
    pipeline_run_id: str,
    parent_run_id: str,
    last: int,
    minimal: bool,
    columns: str,
    **options: Any,
) -> None:
    """List runs, the newest first."""
    refuse_words(take_query(words, output))
    if pipeline_run_id and target.experiment_name:
        raise click.UsageError("Give --pipeline-run-id or --experiment-name, not both.")
    parent = parent_run_id or pipeline_run_id
    if parent:
        target.find_run(parent)
    experiment = None if parent else _experiment_id(target)
    if experiment == MISSING:
        output.note(f"The experiment {target.experiment!r} of this folder has no runs.")
        output.emit([])
        return
    search = {
        "q": _filter_text(options) or None,
        "children": "1" if options["children"] else None,
        "archived": "1" if options["archived"] else None,
        "mine": "1" if options["mine"] else None,
        "sort": options["sort"] or None,
        "experiment": experiment,
        "parent": parent or None,
    }
    names = [name.strip() for name in columns.split(",") if name.strip()]
    found = _Pages(target, search, names)
    records = list(found.read(last))
    if minimal:
        records = [minimal_record(record) for record in records]
    shown = value_columns(found.names) if found.names else LIST_COLUMNS
    output.emit(records, columns=() if minimal else shown)
    _note_rest(output, len(records), found)


def _experiment_id(target: Target) -> int | None:
    """The experiment's id; None for all experiments.

    MISSING if an attached folder names one that nothing was logged to yet.
    """
    if not target.experiment:
        return None
    try:
        return int(target.find_experiment(target.experiment)["id"])
    except NotFound:
        if target.experiment_name:
            raise
        return MISSING


class _Pages:
    """The runs of a search, page by page, with the values of the named fields."""

    def __init__(
        self, target: Target, search: dict[str, Any], names: Sequence[str]
    ) -> None:
        self.target, self.search, self.names = target, search, names
        self.total, self.total_is_exact = 0, True

    def read(self, count: int) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while count > 0 and after != "":
            rows = next((rows for rows in PAGE_ROWS if rows >= count), PAGE_ROWS[-1])
            page = self.target.client.get(
                "runs",
                **self.search,
                columns=",".join([*BASE_COLUMNS, *self.names]),
                properties=1,
                rows=rows,
                after=after,
            )
            self.total = page["total"]
            self.total_is_exact = page["total_is_exact"]
            for found in page["runs"][:count]:
                record = run_record(found["run"], found["tags"], found["properties"])
                if self.names:
                    record["values"] = {
                        name: found["values"].get(name) for name in self.names
                    }
                yield record
            count -= len(page["runs"])
            after = page["after"]


def _filter_text(options: dict[str, Any]) -> str:
    """The conditions of the options as one filter."""
    terms = [f"({options['filter_text']})"] if options["filter_text"].strip() else []
    if options["status"]:
        terms.append(f"status = {quote_text(options['status'])}")
    if options["compute_target_name"]:
        terms.append(f"target = {quote_text(options['compute_target_name'])}")
    for key, value in parse_tags(options["tags"], "--tags").items():
        if value is None:
            terms.append(f"tag:{quote_text(key)}")
        else:
            terms.append(f"tags.{quote_text(key)} = {quote_text(value)}")
    return " and ".join(terms)


def quote_text(text: str) -> str:
    """A text as the filter language quotes it."""
    return '"' + text.replace('"', '""') + '"'


def _note_rest(output: Output, shown: int, found: _Pages) -> None:
    """Say that there are more runs: a query looks only at those that were read."""
    if found.total <= shown:
        return
    total = f"{found.total}{'' if found.total_is_exact else ' or more'}"
    first = "first" if found.search["sort"] else "newest"
    output.note(f"The {first} {shown} of {total} runs. For more: --last N.")
