"""`studio view`: a workspace's custom views, and their exchange with files in git."""

from __future__ import annotations

import io
import sys
from typing import Any
from urllib.parse import quote

import click

from studio.cli.command_group import CommandGroup
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.words import refuse_words, take_query, words_argument
from studio.sdk.client import Client

LIST_COLUMNS: tuple[Column, ...] = (
    ("View", lambda view: view["slug"]),
    ("Name", lambda view: view["name"]),
    ("Seen by", lambda view: "everyone" if view["shared"] else "only me"),
    ("Experiment", lambda view: view["experiment"] or "All runs"),
    ("Revision", lambda view: str(view["revision"])),
    ("Owner", lambda view: view["owner"] or ""),
)
workspace_option = click.option(
    "-w", "--workspace-name", "--workspace", default="", metavar="NAME"
)


@click.group("view", cls=CommandGroup)
def view_group() -> None:
    """List custom views; export and apply them as YAML."""


@view_group.command("list", epilog="Example: studio view list --only mine")
@output_options
@workspace_options
@click.option("--find", default="", help="Words of the name or description.")
@click.option("--only", type=click.Choice(["all", "shared", "mine"]), default="all")
@words_argument("[QUERY]")
def list_views(
    target: Target, output: Output, find: str, only: str, words: tuple[str, ...]
) -> None:
    """List the views that you can see."""
    refuse_words(take_query(words, output))
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = target.client.get("views", find=find, only=only, after=after)
        found += page["views"]
        after = page["after"] or None
    output.emit(found, columns=LIST_COLUMNS)


@view_group.command(epilog="Example: studio view export -o views.yaml")
@workspace_option
@click.option("--find", default="", help="Words of the name or description.")
@click.option("--only", type=click.Choice(["all", "shared", "mine"]), default="shared")
@click.option("-o", "--output", type=click.File("wb"), default="-")
def export(workspace_name: str, find: str, only: str, output: Any) -> None:
    """Write views as YAML, by default the shared ones."""
    content = io.BytesIO()
    path = f"views/export?only={only}"
    if find:
        path += f"&find={quote(find, safe='')}"
    _client(workspace_name).download(path, content)
    output.write(content.getvalue())
    first = content.getvalue().partition(b"\n")[0]
    if first.startswith(b"# "):
        # Also shown when the output goes to a file: which views were left out.
        click.echo(f"{first[2:].decode()} (--find, --only)", err=True)


@view_group.command(epilog="Example: studio view apply views.yaml")
@workspace_option
@click.argument("file", type=click.File("r", encoding="utf-8"))
def apply(workspace_name: str, file: Any) -> None:
    """Create and update the views of FILE (`-` reads from a pipe).

    All of them, or with an error none. Nothing is lost: earlier revisions stay.
    """
    _print_changes(_send_views(workspace_name, _read_text(file), dry=False))


@view_group.command(epilog="Example: studio view diff views.yaml")
@workspace_option
@click.argument("file", type=click.File("r", encoding="utf-8"))
def diff(workspace_name: str, file: Any) -> None:
    """Show what `apply` would change. Exits with 1 if there are changes."""
    if _print_changes(_send_views(workspace_name, _read_text(file), dry=True)):
        sys.exit(1)


def _client(workspace_name: str) -> Client:
    return Target(Output(), workspace_name=workspace_name).client


def _read_text(file: Any) -> str:
    try:
        return str(file.read())
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is not text in UTF-8.") from error


def _send_views(workspace_name: str, text: str, *, dry: bool) -> Any:
    body = {"yaml": text, "dry": dry}
    return _client(workspace_name).post("views/apply", body)


def _print_changes(reply: Any) -> int:
    """Print what was or would be changed; returns the number of views."""
    changed = [view for view in reply["views"] if view["action"] != "unchanged"]
    for view in changed:
        # A dry run creates nothing, so a new view has no slug yet.
        slug = "" if reply["dry"] and view["action"] == "created" else view["slug"]
        click.echo(f"{view['action']}: {view['name']} {slug}".rstrip())
        for line in view["differences"]:
            click.echo(f"  {line}")
    same = len(reply["views"]) - len(changed)
    click.echo(f"{same} of {len(reply['views'])} views are unchanged.", err=True)
    return len(changed)
