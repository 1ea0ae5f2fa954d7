"""`studio view`: a workspace's custom views, and their exchange with files in git."""

from __future__ import annotations

import io
import sys
from typing import Any

import click

from studio.cli.command_group import CommandGroup
from studio.cli.server import connect
from studio.core.errors import StudioError


@click.group("view", cls=CommandGroup)
def view_group() -> None:
    """List custom views; export and apply them as YAML."""


@view_group.command("list")
@click.option("--find", default="", help="Words of the name or description.")
@click.option("--only", type=click.Choice(["all", "shared", "mine"]), default="all")
def list_views(find: str, only: str) -> None:
    """List the views that you may see: slug, who sees it, revision, name."""
    client, after = connect(), ""
    while True:
        page = _call_server(client.get, "views", find=find, only=only, after=after)
        for view in page["views"]:
            visibility = "shared" if view["shared"] else "private"
            scope = view["experiment"] or "All runs"
            click.echo(
                f"{view['slug']}  {visibility:7}  {view['revision']:>4}  "
                f"{view['name']}  ({scope})"
            )
        after = page["after"]
        if not after:
            return


@view_group.command()
@click.option("--find", default="", help="Words of the name or description.")
@click.option("--only", type=click.Choice(["all", "shared", "mine"]), default="shared")
@click.option("-o", "--output", type=click.File("wb"), default="-")
def export(find: str, only: str, output: Any) -> None:
    """Write views as YAML, by default the shared ones."""
    content = io.BytesIO()
    path = f"views/export?only={only}"
    if find:
        from urllib.parse import quote

        path += f"&find={quote(find, safe='')}"
    _call_server(connect().download, path, content)
    output.write(content.getvalue())
    first = content.getvalue().partition(b"\n")[0]
    if first.startswith(b"# "):
        # Also shown when the output goes to a file: which views were left out.
        click.echo(f"{first[2:].decode()} (--find, --only)", err=True)


@view_group.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
def apply(file: Any) -> None:
    """Make the views of the workspace as FILE says (`-` reads from a pipe).

    All of them are made so, or with an error none. Nothing is lost: what a view said
    before stays among its versions.
    """
    _print_changes(_send_view(_read_text(file), dry=False))


@view_group.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
def diff(file: Any) -> None:
    """Say what `apply` would change. Ends with 1 where that is something."""
    if _print_changes(_send_view(_read_text(file), dry=True)):
        sys.exit(1)


def _read_text(file: Any) -> str:
    try:
        return str(file.read())
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is no text in UTF-8") from error


def _send_view(text: str, *, dry: bool) -> Any:
    return _call_server(connect().post, "views/apply", {"yaml": text, "dry": dry})


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
    click.echo(f"{same} of {len(reply['views'])} stand as they are.", err=True)
    return len(changed)


def _call_server(call: Any, *arguments: Any, **options: Any) -> Any:
    """Call the server; its error becomes the command's."""
    try:
        return call(*arguments, **options)
    except StudioError as error:
        raise click.ClickException(error.message) from error
