"""`studio experiment`: the workspace's experiments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from studio.cli.command_group import CommandGroup
from studio.cli.experiment.bulk import (
    Matching,
    change_experiments,
    find_number,
    matching_options,
)
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, target_options, workspace_options
from studio.cli.times import format_time
from studio.cli.words import (
    parse_tags,
    refuse_words,
    take_query,
    take_text,
    words_argument,
)

PAGE = 1000
LIST_COLUMNS: tuple[Column, ...] = (
    ("Name", lambda record: record["name"]),
    ("Id", lambda record: record["experiment_id"]),
    ("Created", lambda record: record["created_utc"][:10]),
    ("Description", lambda record: record.get("description", "")),
)


@click.group("experiment", cls=CommandGroup)
def experiment_group() -> None:
    """List and change experiments."""


def experiment_command(name: str, metavar: str, example: str) -> Callable[..., Any]:
    """A command about the experiment of the first word or of `-e`."""

    def decorate(command: Callable[..., Any]) -> Any:
        wrapped = words_argument(metavar)(command)
        wrapped = output_options(target_options(wrapped))
        return experiment_group.command(name, epilog=f"Example: {example}")(wrapped)

    return decorate


@experiment_group.command(
    "list", epilog="Example: az ml experiment list --query '[].name'"
)
@output_options
@workspace_options
@click.option("--archived", is_flag=True, help="Archived ones too.")
@words_argument("[QUERY]")
def list_experiments(
    target: Target, output: Output, archived: bool, words: Sequence[str]
) -> None:
    """List experiments, the newest first."""
    refuse_words(take_query(words, output))
    found = [
        experiment_record(info)
        for info in _list_pages(target)
        if archived or info["archived"] is None
    ]
    output.emit(found, columns=LIST_COLUMNS)


@experiment_command("show", "NAME", "studio experiment show digits")
def show(target: Target, output: Output, words: Sequence[str]) -> None:
    """Show an experiment."""
    name, rest = _take_name(target, take_query(words, output))
    refuse_words(rest)
    output.emit(experiment_record(target.find_experiment(name)))


@experiment_command("rename", "NAME NEW", "studio experiment rename digits mnist")
def rename(target: Target, output: Output, words: Sequence[str]) -> None:
    """Change an experiment's name."""
    name, rest = _take_name(target, words)
    if len(rest) != 1:
        raise click.UsageError("Give one new name. Put a name with spaces in quotes.")
    _change(target, output, name, {"name": rest[0]})


@experiment_command("describe", "NAME TEXT", "studio experiment describe digits MNIST")
def describe(target: Target, output: Output, words: Sequence[str]) -> None:
    """Replace the description, which is Markdown. `-` reads it from a pipe."""
    name, rest = _take_name(target, words)
    _change(target, output, name, {"description": take_text(rest)})


def _flag_command(name: str, text: str, example: str) -> None:
    """Add a command that changes one named experiment, or several."""

    @experiment_group.command(name, help=text, epilog=f"Examples: {example}")
    @output_options
    @target_options
    @matching_options
    @words_argument("[NAME]…")
    def change(
        target: Target, output: Output, matching: Matching, words: Sequence[str]
    ) -> None:
        named = [*([target.experiment_name] if target.experiment_name else []), *words]
        if matching.is_given or matching.dry_run or len(named) != 1:
            words = words if matching.is_given else named
            change_experiments(target, output, name, matching, words)
        else:
            _change_one(target, output, name, named[0])


_flag_command(
    "archive",
    "Hide experiments from the usual lists.",
    "studio experiment archive digits · "
    "studio experiment archive -q 'created:<-90d' --dry-run",
)
_flag_command(
    "unarchive",
    "Show archived experiments in the lists again.",
    "studio experiment unarchive digits",
)
_flag_command(
    "delete",
    "Move experiments and their runs to the trash, where they stay for 30 days.",
    "studio experiment delete digits mnist · studio experiment delete -q tag:scratch",
)
_flag_command(
    "restore",
    "Restore experiments from the trash.",
    "studio experiment restore digits",
)


@experiment_group.command(
    "tag",
    epilog="Examples: studio experiment tag digits team=nlp · "
    "studio experiment tag -q 'name:nlp' team=nlp",
)
@output_options
@target_options
@matching_options
@words_argument("[NAME] KEY[=VALUE]…")
def tag(
    target: Target, output: Output, matching: Matching, words: Sequence[str]
) -> None:
    """Add or change tags of an experiment, or of all that match."""
    name, rest = ("", list(words)) if matching.is_given else _take_name(target, words)
    if not rest:
        raise click.UsageError("Name a tag: KEY or KEY=VALUE.")
    tags = parse_tags(rest, "KEY")
    if matching.is_given:
        change_experiments(target, output, "tag", matching, (), {"tags": tags})
    else:
        _edit_tags(target, output, name, {"set": tags})


@experiment_group.command(
    "untag",
    epilog="Examples: studio experiment untag digits team · "
    "studio experiment untag -q tag:scratch scratch",
)
@output_options
@target_options
@matching_options
@words_argument("[NAME] KEY…")
def untag(
    target: Target, output: Output, matching: Matching, words: Sequence[str]
) -> None:
    """Remove tags of an experiment, or of all that match."""
    name, rest = ("", list(words)) if matching.is_given else _take_name(target, words)
    if not rest:
        raise click.UsageError("Name the key of a tag.")
    if matching.is_given:
        change_experiments(target, output, "tag", matching, (), {"remove": rest})
    else:
        _edit_tags(target, output, name, {"remove": rest})


def experiment_record(info: Mapping[str, Any]) -> dict[str, Any]:
    """An experiment of the API as the command line prints it."""
    record = {
        "name": info["name"],
        "experiment_id": str(info["id"]),
        "description": info["description"] or None,
        "created_utc": format_time(info["created"]),
        "last_modified_utc": format_time(info["updated"]),
        "archived_time": format_time(info["archived"]),
        "tags": dict(info["tags"]),
    }
    return {name: value for name, value in record.items() if value is not None}


def _take_name(target: Target, words: Sequence[str]) -> tuple[str, list[str]]:
    """The experiment of `-e` or of the first word, and the words after it."""
    rest = list(words)
    name = target.experiment_name or (rest.pop(0) if rest else "")
    if not name:
        raise click.UsageError("Name the experiment.")
    return name, rest


def _list_pages(target: Target) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while after != "":
        page = target.client.get("experiments", after=after, limit=PAGE)
        yield from page["experiments"]
        after = page["after"]


def _change_one(target: Target, output: Output, action: str, name: str) -> None:
    number = find_number(target, name, action)
    if action == "delete":
        info = target.client.json("DELETE", f"experiments/{number}")
        output.emit(experiment_record(info), summary=f"Deleted {info['name']}.")
    elif action == "restore":
        info = target.client.post(f"experiments/{number}/restore")
        output.emit(experiment_record(info), summary=f"Restored {info['name']}.")
    else:
        _change(target, output, name, {"archived": action == "archive"})


def _change(target: Target, output: Output, name: str, change: dict[str, Any]) -> None:
    number = target.find_experiment(name)["id"]
    info = target.client.patch(f"experiments/{number}", change)
    output.emit(experiment_record(info), summary=f"Changed {info['name']}.")


def _edit_tags(target: Target, output: Output, name: str, edit: dict[str, Any]) -> None:
    info = target.find_experiment(name)
    missing = [key for key in edit.get("remove", ()) if key not in info["tags"]]
    if missing:
        raise click.ClickException(
            f"The experiment {name} has no tag {missing[0]!r}. Its tags: "
            f"{', '.join(info['tags']) or 'none'}."
        )
    reply = target.client.post(f"experiments/{info['id']}/tags", edit)
    record = experiment_record({**info, "tags": reply["tags"]})
    output.emit(record, summary=f"Changed the tags of {name}.")
