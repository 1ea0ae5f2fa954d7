"""`studio model register|update|delete`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import click

from studio.cli.models.references import (
    Reference,
    find_version,
    path_of_model,
    take_reference,
    unknown_version,
    version_options,
    version_path,
    version_record,
)
from studio.cli.output import Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.words import parse_pairs, refuse_words, words_argument
from studio.core.errors import NotFound
from studio.sdk.models import Model
from studio.sdk.workspace import Workspace

STAGES = ("None", "Staging", "Production", "Archived")
#: Other sources than paths of this machine.
_SOURCES = ("runs:/", "models:/", "mlflow-artifacts:/")


@click.command(
    epilog="Examples: studio model register digits -p model/ · studio model register "
    "digits --run-id RUN --asset-path outputs/model"
)
@output_options
@workspace_options
@click.option("-n", "--name", default="", metavar="NAME")
@click.option(
    "-p",
    "--model-path",
    default="",
    metavar="PATH",
    help="A file or folder of this machine, or a source such as runs:/RUN/PATH.",
)
@click.option("--run-id", default="", metavar="RUN", help="With --asset-path.")
@click.option("--asset-path", default="", metavar="PATH", help="A path in the run.")
@click.option("-d", "--description", default="", help="What it is for.")
@click.option(
    "--tag", "--tags", "tags", multiple=True, metavar="KEY=VALUE", help="Repeatable."
)
@click.option("--property", "properties", multiple=True, metavar="KEY=VALUE")
@click.option("--model-framework", default="", metavar="NAME")
@click.option("--model-framework-version", default="", metavar="VERSION")
@words_argument("[NAME]")
def register(
    target: Target,
    output: Output,
    name: str,
    model_path: str,
    run_id: str,
    asset_path: str,
    description: str,
    tags: Sequence[str],
    properties: Sequence[str],
    model_framework: str,
    model_framework_version: str,
    words: Sequence[str],
) -> None:
    """Register the next version of a model: files of this machine, or of a run."""
    rest = list(words)
    name = name or (rest.pop(0) if rest else "")
    refuse_words(rest)
    if not name:
        raise click.UsageError("Name the model.")
    source = _source(model_path, run_id, asset_path)
    body: dict[str, Any] = {
        "tags": parse_pairs(tags, "--tag"),
        "properties": parse_pairs(properties, "--property"),
        "description": description,
        "framework": model_framework,
        "framework_version": model_framework_version,
    }
    if source:
        found = _register_source(target, name, {**body, "source": source})
    else:
        found = _register_files(target, name, model_path, body)
    record = version_record(found)
    output.emit(record, summary=f"Registered {record['id']}.")


def _register_source(target: Target, name: str, body: dict[str, Any]) -> dict[str, Any]:
    # By its id the server recognizes the request when it is sent again.
    named = {**body, "id": uuid.uuid4().hex}
    found: dict[str, Any] = target.client.post(f"{path_of_model(name)}/versions", named)
    return found


def _register_files(
    target: Target, name: str, path: str, body: dict[str, Any]
) -> dict[str, Any]:
    details = dict(body)
    for key in ("framework", "framework_version"):
        details[f"model_{key}"] = details.pop(key)
    workspace = Workspace.with_client(target.client)
    model = Model.register(workspace, path, name, **details)
    found: dict[str, Any] = target.client.get(version_path(name, model.version))
    return found


def _source(path: str, run_id: str, asset_path: str) -> str:
    """The source that the options name; empty for a path of this machine."""
    if bool(run_id or asset_path) == bool(path):
        raise click.UsageError(
            "Name the files: -p PATH, or --run-id RUN with --asset-path PATH."
        )
    if path:
        return path if path.startswith(_SOURCES) else ""
    if not (run_id and asset_path):
        raise click.UsageError("--run-id and --asset-path go together.")
    return f"runs:/{run_id}/{asset_path.strip('/')}"


@click.command(
    epilog="Example: az ml model update -n digits -v 3 --add-tag quality=good"
)
@version_options
@click.option("--add-tag", multiple=True, metavar="KEY=VALUE", help="Repeatable.")
@click.option("--remove-tag", multiple=True, metavar="KEY")
@click.option("--add-property", multiple=True, metavar="KEY=VALUE")
@click.option("--description", help="Replaces the description, which is Markdown.")
@click.option("--stage", type=click.Choice(STAGES, case_sensitive=False))
@click.option(
    "--archive-existing",
    is_flag=True,
    help="With --stage: archive the other versions of that stage.",
)
def update(
    target: Target,
    output: Output,
    add_tag: Sequence[str],
    remove_tag: Sequence[str],
    add_property: Sequence[str],
    description: str | None,
    stage: str | None,
    archive_existing: bool,
    name: str,
    model_id: str,
    version: int | None,
    words: Sequence[str],
) -> None:
    """Change a version: the newest one, or that of NAME:VERSION."""
    wanted = take_reference(words, name, model_id, version)
    tags = {"set": parse_pairs(add_tag, "--add-tag"), "remove": [*remove_tag]}
    change: dict[str, Any] = {}
    if add_property:
        change["properties"] = parse_pairs(add_property, "--add-property")
    if description is not None:
        change["description"] = description
    if stage is not None:
        change |= {"stage": stage, "archive_existing": archive_existing}
    if not (change or add_tag or remove_tag):
        raise click.UsageError("Name a change, such as --add-tag KEY=VALUE.")
    found = find_version(target, wanted)
    path = version_path(found["model"], found["version"])
    if change:
        target.client.patch(path, change)
    if add_tag or remove_tag:
        target.client.post(f"{path}/tags", tags)
    record = version_record(target.client.get(path))
    output.emit(record, summary=f"Changed {record['id']}.")


@click.command(epilog="Example: studio model delete digits:3")
@version_options
@click.option("--all", "is_all", is_flag=True, help="The model with all its versions.")
def delete(
    target: Target,
    output: Output,
    is_all: bool,
    name: str,
    model_id: str,
    version: int | None,
    words: Sequence[str],
) -> None:
    """Delete a version, or a model. The files of runs and logged models stay."""
    wanted = take_reference(words, name, model_id, version)
    if is_all == (wanted.version is not None) or wanted.alias:
        raise click.UsageError("Name a version, as NAME:VERSION, or give --all.")
    if wanted.version is None:
        _delete_model(target, wanted)
        output.emit({"name": wanted.name}, summary=f"Deleted the model {wanted.name}.")
        return
    record = version_record(find_version(target, wanted))
    target.client.delete(version_path(wanted.name, wanted.version))
    output.emit(record, summary=f"Deleted {record['id']}.")


def _delete_model(target: Target, wanted: Reference) -> None:
    try:
        target.client.delete(wanted.path)
    except NotFound as error:
        raise unknown_version(target, wanted, error) from error
