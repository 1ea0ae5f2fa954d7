"""Which model, and which version of it, a command is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import click

from studio.cli.command_group import suggest
from studio.cli.output import output_options
from studio.cli.target import Target, workspace_options
from studio.cli.times import format_time
from studio.cli.words import refuse_words, words_argument
from studio.core.errors import NotFound

Command = TypeVar("Command", bound=Callable[..., Any])

_ALIAS = re.compile(r"(?P<name>.+)@(?P<alias>[\w-]+)")


@dataclass(frozen=True)
class Reference:
    """A model with a version, an alias, or neither, which means its newest version."""

    name: str
    version: int | None = None
    alias: str = ""

    @property
    def path(self) -> str:
        return path_of_model(self.name)


def version_options(command: Command) -> Command:
    """Add NAME[:VERSION] and the options of `az ml` for it, and those of the output."""
    wrapped: Any = command
    for option in (
        words_argument("[NAME[:VERSION]]"),
        click.option("-v", "--version", type=click.IntRange(1), metavar="NUMBER"),
        click.option("-i", "--model-id", default="", metavar="NAME:VERSION"),
        click.option(
            "-n", "--name", "--model-name", "name", default="", metavar="NAME"
        ),
        workspace_options,
        output_options,
    ):
        wrapped = option(wrapped)
    result: Command = wrapped
    return result


def take_reference(
    words: Sequence[str], name: str, model_id: str, version: int | None
) -> Reference:
    """The model of the options, or of the one word. Raises UsageError."""
    rest = list(words)
    text = model_id or name or (rest.pop(0) if rest else "")
    refuse_words(rest)
    if not text:
        raise click.UsageError("Name the model: NAME, NAME:VERSION or NAME@ALIAS.")
    if model_id and name:
        raise click.UsageError("Give -n NAME or -i NAME:VERSION, not both.")
    found = Reference(name) if name else parse_reference(text)
    if version is None:
        return found
    if found.alias or found.version not in (None, version):
        raise click.UsageError(f"Give one version: {text!r} or -v {version}.")
    return Reference(found.name, version)


def parse_reference(text: str) -> Reference:
    """Read NAME, NAME:VERSION or NAME@ALIAS. Raises UsageError."""
    name, colon, number = text.rpartition(":")
    if colon:
        if not (name and number.isascii() and number.isdigit() and len(number) < 10):
            raise click.UsageError(f"{text!r} has no number after the colon.")
        return Reference(name, int(number))
    alias = _ALIAS.fullmatch(text)
    return Reference(alias["name"], alias=alias["alias"]) if alias else Reference(text)


def find_version(target: Target, wanted: Reference) -> dict[str, Any]:
    """The version of the API. Raises NotFound with the nearest name."""
    try:
        if wanted.alias:
            wanted = _follow_alias(target, wanted)
        if wanted.version is None:
            reply = target.client.get(f"{wanted.path}/versions", limit=1)
            found = reply["versions"]
        else:
            found = [target.client.get(version_path(wanted.name, wanted.version))]
    except NotFound as error:
        raise unknown_version(target, wanted, error) from error
    if not found:
        raise NotFound(f"The model {wanted.name!r} has no versions.")
    version: dict[str, Any] = found[0]
    return version


def _follow_alias(target: Target, wanted: Reference) -> Reference:
    model = target.client.get(wanted.path)
    versions = {one["name"]: one["version"] for one in model["aliases"]}
    if wanted.alias not in versions:
        raise click.ClickException(
            f"The model {wanted.name!r} has no alias {wanted.alias!r}. Its aliases: "
            f"{', '.join(sorted(versions)) or 'none'}."
        )
    return Reference(wanted.name, versions[wanted.alias])


def unknown_version(target: Target, wanted: Reference, error: NotFound) -> NotFound:
    """A sentence about the model or version that is missing."""
    if error.details.get("missing") == "workspace":
        return error
    known = {str(one["name"]): one for one in read_pages(target, "models", "models")}
    if wanted.name not in known:
        near = suggest(wanted.name, list(known))
        return NotFound(f"There is no model {wanted.name!r}. {near}")
    latest = known[wanted.name]["latest"]
    return NotFound(
        f"The model {wanted.name!r} has no version {wanted.version}. The latest one is "
        f"{latest}."
        if latest
        else f"The model {wanted.name!r} has no versions."
    )


def read_pages(target: Target, path: str, part: str, **query: Any) -> Any:
    """Yield the entries of all pages of a list."""
    after: str | None = None
    while after != "":
        page = target.client.get(path, after=after, limit=1000, **query)
        yield from page[part]
        after = page["after"]


def path_of_model(name: str) -> str:
    """The model's path in the API."""
    return f"models/{quote(name, safe='')}"


def version_path(name: str, version: int) -> str:
    return f"{path_of_model(name)}/versions/{version}"


def version_record(found: Mapping[str, Any]) -> dict[str, Any]:
    """A version of the API as the command line prints it."""
    return {
        "id": f"{found['model']}:{found['version']}",
        "name": found["model"],
        "version": found["version"],
        "aliases": found["aliases"],
        "stage": found["stage"],
        "description": found["description"],
        "tags": found["tags"],
        "properties": found["properties"],
        "framework": found["framework"] or None,
        "framework_version": found["framework_version"] or None,
        "run_id": found["run"],
        "logged_model_id": found["logged_model"],
        "source": found["source"],
        "size": found["size"],
        "created_utc": format_time(found["created"]),
        "last_modified_utc": format_time(found["updated"]),
        "created_by": found["created_by"],
    }
