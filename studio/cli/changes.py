"""`studio activity` lists who changed what, and `studio undo` undoes it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from studio.cli.confirmation import confirm
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, target_options
from studio.cli.tasks import finish_task, no_wait_option
from studio.cli.times import format_time
from studio.core.filters.fields import read_time
from studio.core.filters.tree import Ago

#: Why values are skipped, as sentences say it.
_REASONS = {
    "same": "are as before",
    "changed_since": "were changed since",
    "locked": "are locked",
    "locked_by_others": "are locked by other members",
    "trashed": "are in the trash",
    "tree_locked": "have a locked run in their tree",
    "registered": "belong to a registered model",
    "experiment_deleted": "come from a deleted experiment",
    "name": "would take a used name",
    "version_gone": "are versions of files that no longer exist",
    "not_supported": "can't be undone",
}


@click.command(
    epilog="Examples: studio undo · studio undo 1234 --anyway · "
    "studio undo --token ci --since -2h --dry-run"
)
@output_options
@target_options
@click.option("--anyway", is_flag=True, help="Also where a value was changed since.")
@click.option("--token", default="", help="Undo all that this token changed (name).")
@click.option("--since", default="", help="With --token: -2h or 2026-11-24T09:00.")
@click.option("--dry-run", is_flag=True, help="With --token: only say what changes.")
@click.option("--yes", is_flag=True, help="Do not ask for the confirmation.")
@no_wait_option
@click.argument("number", type=click.IntRange(1), required=False)
def undo(
    target: Target,
    output: Output,
    anyway: bool,
    token: str,
    since: str,
    dry_run: bool,
    yes: bool,
    no_wait: bool,
    number: int | None,
) -> None:
    """Undo a change set, or the last change that was made with this token.

    An undo is a change set too: undo it, and the values are changed again.
    """
    if bool(token) != bool(since) or (number and token):
        raise click.UsageError("Give --token and --since together, without a number.")
    if token:
        body = {"token": token, "since": _read_since(since)}
        if _may_undo(target, output, body, dry_run=dry_run, yes=yes):
            _undo_token(target, output, body, no_wait=no_wait)
        return
    if dry_run:
        raise click.UsageError("--dry-run is for --token.")
    path = f"changes/{number}/undo" if number else "undo"
    reply = target.client.post(path, {"anyway": anyway})
    if reply.get("task"):
        finish_task(target, output, reply["task"], no_wait=no_wait)
        return
    word = {"undo": "Undone", "redo": "Done again"}.get(reply["action"], "")
    summary = f"{word}: change {reply['change_set']}." if word else "Nothing to undo."
    output.emit(reply, summary=summary)


def _may_undo(
    target: Target, output: Output, body: dict[str, Any], *, dry_run: bool, yes: bool
) -> bool:
    """Say what the undo of a token's changes would restore, and ask."""
    plan = target.client.post("undo/since", {**body, "dry_run": True})
    count = f"{plan['changed']:,} values of {plan['runs']:,} runs"
    skipped = _skipped_text(plan)
    if dry_run or not plan["changed"]:
        output.emit(plan, summary=f"Undo {count}: nothing was changed.{skipped}")
        return False
    if not yes:
        confirm(f"Undo {count}?{skipped}")
    return True


def _undo_token(
    target: Target, output: Output, body: dict[str, Any], *, no_wait: bool
) -> None:
    done = target.client.post("undo/since", body)
    if done.get("task"):
        finish_task(target, output, done["task"], no_wait=no_wait)
        return
    summary = f"Undone: change {done['change_set']}.{_skipped_text(done)}"
    output.emit(done, summary=summary)


def _skipped_text(reply: Mapping[str, Any]) -> str:
    parts = [f"{n:,} {_REASONS.get(why, why)}" for why, n in reply["skipped"].items()]
    return f" Skipped: {', '.join(parts)}." if parts else ""


def _read_since(text: str) -> int:
    """Milliseconds. Raises BadParameter."""
    found = read_time(text)
    if found is None:
        raise click.BadParameter(
            "Give a time such as -2h, 2026-11-24 or 2026-11-24T09:00+08:00.",
            param_hint="--since",
        )
    if isinstance(found, Ago):
        return int(time.time() * 1000) - found.ms
    return found.start


COLUMNS: tuple[Column, ...] = (
    ("Change", lambda one: str(one["number"])),
    ("Time", lambda one: format_time(one["time"]) or ""),
    ("Member", lambda one: str(one["member"] or "server")),
    ("Token", lambda one: str(one["token"] or "")),
    ("Way", lambda one: str(one["way"])),
    ("Action", lambda one: str(one["action"])),
    ("Runs", lambda one: str(one["runs"] or "")),
    ("Undone", lambda one: "yes" if one["undone"] else ""),
)


@click.command(
    epilog="Examples: studio activity · studio activity -q 'changed:-1d' --kind tag · "
    "studio activity 1234"
)
@output_options
@target_options
@click.option(
    "-q",
    "--filter",
    "filter_text",
    default="",
    metavar="FILTER",
    help="changed and changed_by are of the change, other terms of a changed run.",
)
@click.option("--member", default="", help="User names, separated by commas.")
@click.option("--kind", default="", help="For example tag, rename, delete.")
@click.option("--way", default="", help="browser, rest, sdk, cli, mlflow or server.")
@click.option("--run", default="", help="Only changes of this run.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.argument("number", type=click.IntRange(1), required=False)
def activity(
    target: Target,
    output: Output,
    number: int | None,
    filter_text: str,
    limit: int,
    **chosen: str,
) -> None:
    """List changes, the newest first, or show the values of one."""
    if number is not None:
        _show_change(target, output, number)
        return
    wanted: dict[str, Any] = {name: text for name, text in chosen.items() if text}
    if target.experiment:
        wanted["experiment"] = target.experiment
    if filter_text:
        wanted["q"] = filter_text
    found = target.client.get("activity", rows=limit, **wanted)["changes"]
    output.emit(found, columns=COLUMNS)


def _show_change(target: Target, output: Output, number: int) -> None:
    found = target.client.get(f"changes/{number}", rows=1000)
    output.emit(found)
