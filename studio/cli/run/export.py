"""`studio run export`: all matching runs as a file, as the list's page exports them."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote, urlencode

import click

from studio.cli.output import Output, output_options
from studio.cli.target import Target, target_options
from studio.cli.transfers import TransferBar, download, download_to_file

FILE_FORMATS = ("csv", "json", "parquet")


@click.command(
    epilog="Examples: studio run export -f runs.csv · studio run export -q "
    "'metrics.acc > 0.9' --columns name,params.lr,metrics.acc"
)
@output_options
@target_options
@click.option("-q", "--filter", "filter_text", default="", help="The filter language.")
@click.option("--columns", default="", help="Fields with commas between them.")
@click.option("--sort", default="", help="A field; `-metrics.acc` for descending.")
@click.option("--children", is_flag=True, help="Child runs too.")
@click.option("--archived", is_flag=True, help="Archived runs too.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(FILE_FORMATS),
    help="Default: by the file's name, else csv.",
)
@click.option("-f", "--file", "file", default="-", help="Default: the standard output.")
def export(
    target: Target,
    output: Output,
    file_format: str | None,
    file: str,
    filter_text: str,
    columns: str,
    sort: str,
    children: bool,
    archived: bool,
) -> None:
    """Write all matching runs as CSV, JSON or Parquet."""
    form = file_format or _format_of_name(file)
    if form == "parquet" and file == "-" and sys.stdout.isatty():
        raise click.UsageError("Parquet is not text: name a file with --file.")
    folder = Path(file).parent
    if file != "-" and not folder.is_dir():
        raise click.BadParameter(f"There is no folder {folder}.", param_hint="--file")
    if file != "-" and Path(file).is_dir():
        raise click.BadParameter(
            f"{file} is a folder. Name a file.", param_hint="--file"
        )
    query = {
        "format": form,
        "q": filter_text,
        "columns": columns,
        "sort": sort,
        "children": "1" if children else "",
        "archived": "1" if archived else "",
    }
    place = "runs/"
    if target.experiment:
        number = target.find_experiment(target.experiment)["id"]
        place = f"experiments/~{number}/"
    _check_query(target, query)
    address = f"/w/{quote(target.client.workspace, safe='')}/{place}"
    address += "?" + urlencode({name: text for name, text in query.items() if text})
    # A bar between the rows of a terminal would make them unreadable.
    with TransferBar(0, "Exporting", is_hidden=file == "-") as bar:
        if file == "-":
            download(target.client, address, sys.stdout.buffer, bar)
            return
        download_to_file(target.client, address, Path(file), bar)
    output.note(f"Exported {bar.done:,} bytes to {file}.")


def _check_query(target: Target, query: dict[str, str]) -> None:
    """Raise the API's error for an unknown field: the page would ignore it.

    It also proves that a Run Studio server answers, before a file is replaced.
    """
    names = ("q", "columns", "sort")
    target.client.get("runs", rows=25, **{name: query[name] or None for name in names})


def _format_of_name(file: str) -> str:
    suffix = Path(file).suffix.lower().removeprefix(".") if file != "-" else ""
    return suffix if suffix in FILE_FORMATS else "csv"
