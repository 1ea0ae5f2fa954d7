"""`studio model list|show|download`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from studio.cli.models.references import (
    find_version,
    path_of_model,
    read_pages,
    take_reference,
    version_options,
    version_record,
)
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.words import parse_tags, refuse_words, take_query, words_argument
from studio.sdk.models import Model
from studio.sdk.workspace import Workspace

LIST_COLUMNS: tuple[Column, ...] = (
    ("Name", lambda one: one["name"]),
    ("Version", lambda one: str(one["version"])),
    ("Aliases", lambda one: ", ".join(one["aliases"])),
    ("Stage", lambda one: "" if one["stage"] == "None" else one["stage"]),
    ("Run", lambda one: one["run_id"] or ""),
    ("Created", lambda one: one["created_utc"][:10]),
    ("By", lambda one: one["created_by"] or ""),
    ("Description", lambda one: one["description"]),
)


@click.command("list", epilog="Example: studio model list --latest")
@output_options
@workspace_options
@click.option(
    "-n",
    "--name",
    "--model-name",
    "name",
    default="",
    metavar="NAME",
    help="Of this model only.",
)
@click.option("-q", "--filter", "text", default="", help="A filter: alias:champion.")
@click.option("-l", "--latest", is_flag=True, help="Only each model's latest version.")
@click.option("--run-id", default="", metavar="RUN", help="Of this run only.")
@click.option(
    "--tag", "--tags", "tags", multiple=True, metavar="KEY[=VALUE]", help="Repeatable."
)
@click.option("--property", "properties", multiple=True, metavar="KEY[=VALUE]")
@words_argument("[NAME] [QUERY]")
def list_versions(
    target: Target,
    output: Output,
    name: str,
    text: str,
    latest: bool,
    run_id: str,
    tags: Sequence[str],
    properties: Sequence[str],
    words: Sequence[str],
) -> None:
    """List the versions of all models or of one, the newest first."""
    rest = take_query(words, output)
    name = name or (rest.pop(0) if rest else "")
    refuse_words(rest)
    query = {"q": text or None, "run": run_id or None, "latest": 1 if latest else None}
    path = f"{path_of_model(name)}/versions" if name else "model-versions"
    wanted = parse_tags(tags, "--tag"), parse_tags(properties, "--property")
    output.emit(
        [
            version_record(one)
            for one in read_pages(target, path, "versions", **query)
            if not any(_missing(one, *wanted))
        ],
        columns=LIST_COLUMNS,
    )


def _missing(
    version: Mapping[str, Any],
    tags: Mapping[str, str | None],
    properties: Mapping[str, str | None],
) -> Iterator[bool]:
    """For each wanted tag and property whether the version lacks it."""
    for texts, wanted in ((version["tags"], tags), (version["properties"], properties)):
        for key, value in wanted.items():
            yield key not in texts or value not in (None, texts[key])


@click.command(
    epilog="Examples: studio model show digits · studio model show digits@champion"
)
@version_options
def show(
    target: Target,
    output: Output,
    name: str,
    model_id: str,
    version: int | None,
    words: Sequence[str],
) -> None:
    """Show a version: the newest one, or that of NAME:VERSION or NAME@ALIAS."""
    wanted = take_reference(take_query(words, output), name, model_id, version)
    output.emit(version_record(find_version(target, wanted)))


@click.command(epilog="Example: studio model download digits:3 -d models")
@version_options
@click.option(
    "-d",
    "-t",
    "--target-dir",
    "--download-path",
    "folder",
    default=".",
    metavar="FOLDER",
    help="Created if needed.",
)
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
def download(
    target: Target,
    output: Output,
    folder: str,
    overwrite: bool,
    name: str,
    model_id: str,
    version: int | None,
    words: Sequence[str],
) -> None:
    """Download the files of a version."""
    wanted = take_reference(words, name, model_id, version)
    found = find_version(target, wanted)
    workspace = Workspace.with_client(target.client)
    model = Model(workspace, found["model"], version=found["version"])
    path = model.download(folder, exist_ok=overwrite)
    output.emit(
        {**version_record(found), "path": path},
        summary=f"Downloaded {model.id} to {path}.",
    )


# `-t` is the folder in `az ml model download`, the file of the metadata elsewhere.
for option in download.params:
    if "--output-metadata-file" in option.opts:
        option.opts.remove("-t")
