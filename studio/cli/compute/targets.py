"""`studio target`: compute targets, their queues, agents, and tokens for agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from studio.cli.command_group import CommandGroup
from studio.cli.compute.target_files import (
    apply,
    create_from_file,
    export,
    read_target_file,
)
from studio.cli.compute.target_paths import target_path, unknown_target
from studio.cli.compute.target_records import target_record
from studio.cli.compute.target_test import test
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.words import refuse_words, take_query, words_argument
from studio.core.compute_kinds import COMPUTE_KINDS, parse_settings
from studio.core.errors import NotFound

LIST_COLUMNS: tuple[Column, ...] = (
    ("Name", lambda one: one["name"]),
    ("Kind", lambda one: one["kind"]),
    (
        "Health",
        lambda one: "paused" if one["is_paused"] else one["health"].replace("_", " "),
    ),
    ("Slots", lambda one: f"{one['busy']}/{one['slots']}"),
    ("Running", lambda one: str(one["running"])),
    ("Queued", lambda one: str(one["queued"])),
    ("Agents", lambda one: ", ".join(agent["name"] for agent in one["agents"])),
    ("Description", lambda one: one["description"]),
)


settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the kind, such as partition=a100; repeat it for more.",
)


@click.group("target", cls=CommandGroup)
def target_group() -> None:
    """List, create, pause and remove compute targets."""


@target_group.command("list", epilog="Example: studio target list")
@output_options
@workspace_options
@words_argument("[QUERY]")
def list_targets(target: Target, output: Output, words: Sequence[str]) -> None:
    """List the compute targets with their agents and queues."""
    refuse_words(take_query(words, output))
    found = target.client.get("compute")["targets"]
    output.emit([target_record(one) for one in found], columns=LIST_COLUMNS)


@target_group.command(
    "create", epilog="Example: studio target create gpu-cluster --max-per-member 4"
)
@output_options
@workspace_options
@click.argument("name", required=False)
@click.option(
    "--file",
    "-f",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML file with its settings. Options go before what it says.",
)
@click.option(
    "--kind",
    type=click.Choice(list(COMPUTE_KINDS)),
    help="What runs its jobs: agents themselves (the default), or an engine that they "
    "reach.",
)
@settings_option
@click.option("--description", help="What it is for.")
@click.option(
    "--max-per-member", type=click.IntRange(1), help="Runs of a member at a time."
)
@click.option(
    "--requeue-after",
    type=click.IntRange(30),
    metavar="SECONDS",
    help="A run whose agent is silent for so long is queued again.",
)
def create(
    target: Target,
    output: Output,
    name: str | None,
    file: Path | None,
    kind: str | None,
    settings: tuple[str, ...],
    description: str | None,
    max_per_member: int | None,
    requeue_after: int | None,
) -> None:
    """Create a compute target. Its runs wait for an agent."""
    body: dict[str, Any] = {"kind": "agents", "description": ""}
    body |= read_target_file(file) if file else {}
    given = {
        "name": name,
        "kind": kind,
        "description": description,
        "max_per_member": max_per_member,
        "lease_seconds": requeue_after,
    }
    body |= {key: value for key, value in given.items() if value is not None}
    if not body.get("name"):
        raise click.UsageError("Name the target, or a --file with its name.")
    if settings or not file:
        body["settings"] = parse_settings(body["kind"], settings)
    created = create_from_file(target, body)
    output.emit(
        target_record(created),
        summary=f"Compute target {body['name']!r} created. For an agent: "
        f"studio target agent-token {body['name']}",
    )


@target_group.command(
    "configure",
    epilog="Example: studio target configure gpu --set partition=a100 --set gpus=1",
)
@output_options
@workspace_options
@click.argument("name")
@settings_option
def configure(
    target: Target, output: Output, name: str, settings: tuple[str, ...]
) -> None:
    """Replace the settings of a target of an engine.

    Restart its agents afterwards: they read the settings when they start.
    """
    found = target.client.get("compute")["targets"]
    kinds = {str(one["name"]): str(one["kind"]) for one in found}
    checked = parse_settings(kinds.get(name, "agents"), settings)
    change(target, output, name, {"settings": checked}, f"{name!r} changed.")


@target_group.command("pause", epilog="Example: studio target pause gpu-cluster")
@output_options
@workspace_options
@click.argument("name")
def pause(target: Target, output: Output, name: str) -> None:
    """Let its agents take no more runs; those that run continue."""
    change(target, output, name, {"paused": True}, f"{name!r} paused.")


@target_group.command("resume", epilog="Example: studio target resume gpu-cluster")
@output_options
@workspace_options
@click.argument("name")
def resume(target: Target, output: Output, name: str) -> None:
    """Let its agents take runs again."""
    change(target, output, name, {"paused": False}, f"{name!r} resumed.")


@target_group.command("remove", epilog="Example: studio target remove gpu-cluster")
@output_options
@workspace_options
@click.argument("name")
def remove(target: Target, output: Output, name: str) -> None:
    """Remove a compute target that has no runs."""
    try:
        target.client.delete(target_path(name))
    except NotFound as error:
        raise unknown_target(target, name, error) from error
    output.emit({"name": name}, summary=f"Compute target {name!r} removed.")


@target_group.command(
    "agent-token",
    epilog="Example: studio target agent-token gpu --query token -o tsv > TOKEN",
)
@output_options
@workspace_options
@click.argument("name")
@click.option("--label", default="", help="A name for the token.")
@click.option("--days", type=click.IntRange(1), help="Until it expires.")
def agent_token(
    target: Target, output: Output, name: str, label: str, days: int | None
) -> None:
    """Create a token for an agent of a target, and print it once."""
    body: dict[str, Any] = {"days": days} if days else {}
    if label:
        body["name"] = label
    path = f"{target_path(name)}/agent-tokens"
    try:
        # Repeating the request would create a second token.
        created = target.client.json("POST", path, body, attempts=1)
    except NotFound as error:
        raise unknown_target(target, name, error) from error
    if output.chosen_format == "table":
        output.note(
            "Token created. Copy it now: it is shown only once. On the agent's "
            f"machine: {created['command']}"
        )
    output.emit(created, summary=created["token"])


@target_group.command("preview", epilog="Example: studio target preview a100 > job.sh")
@output_options
@workspace_options
@click.argument("name")
def preview(target: Target, output: Output, name: str) -> None:
    """Print what an agent of a target gives to its engine for a run."""
    found = target.client.get("compute")["targets"]
    one = next((one for one in found if one["name"] == name), None)
    if one is None:
        raise unknown_target(target, name, NotFound(""))
    kind = COMPUTE_KINDS.get(str(one["kind"]))
    if kind is None or kind.preview is None:
        raise click.UsageError(f"{name!r} has no engine: agents start its runs.")
    text = kind.preview(one["settings"])
    output.emit({"name": name, "script": text}, summary=text.rstrip())


for command in (test, export, apply):
    target_group.add_command(command)


def change(
    target: Target, output: Output, name: str, changes: Mapping[str, Any], done: str
) -> None:
    """Change a target, and print it."""
    try:
        changed = target.client.patch(target_path(name), dict(changes))
    except NotFound as error:
        raise unknown_target(target, name, error) from error
    output.emit(target_record(changed), summary=f"Compute target {done}")
