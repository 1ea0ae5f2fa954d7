"""Change many runs: those that a filter matches, or those that are named.

`studio run archive|unarchive|delete|restore|move|mark|lock|unlock|star|
unstar`, and the option `-q`
of other commands.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from studio.cli.confirmation import confirm
from studio.cli.output import Output, output_options
from studio.cli.target import Target, target_options
from studio.cli.tasks import finish_task, no_wait_option

Command = TypeVar("Command", bound=Callable[..., Any])

#: Why runs are skipped, as sentences say it.
_REASONS = {
    "same": "have it already",
    "locked": "are locked",
    "registered": "belong to a registered model",
    "ended": "have ended",
    "canceling": "are being canceled",
    "child": "are child runs, which move only with their roots",
    "launcher": "get their final status from their launcher",
    "locked_by_others": "are locked by other members",
    "status": "have a status that does not allow it",
    "trashed": "are in the trash",
    "tree_locked": "belong to trees with a locked run",
    "name": "would get an empty or too long name",
    "version_gone": "have versions of files that no longer exist",
}
_VERBS = {
    "tag": "Change the tags of",
    "rename": "Rename",
    "archive": "Archive",
    "unarchive": "Unarchive",
    "delete": "Move to the trash",
    "restore": "Restore",
    "move": "Move",
    "mark": "Mark",
    "lock": "Lock",
    "unlock": "Unlock",
    "star": "Star",
    "unstar": "Remove your star from",
}


@dataclass(frozen=True)
class Matching:
    """The options of a change of many runs."""

    filter_text: str | None
    children: bool
    archived: bool
    below: bool
    dry_run: bool
    yes: bool
    no_wait: bool

    @property
    def is_given(self) -> bool:
        """Whether a filter says which runs are meant."""
        return self.filter_text is not None


_OPTIONS = (
    click.option(
        "-q", "--filter", "filter_text", metavar="FILTER",
        help="All runs that match, in the filter language.",
    ),
    click.option("--children", is_flag=True, help="With -q, child runs too."),
    click.option("--archived", is_flag=True, help="With -q, archived runs too."),
    click.option("--below", is_flag=True, help="All runs below these too."),
    click.option("--dry-run", is_flag=True, help="Only say what would change."),
    click.option("--yes", is_flag=True, help="Do not ask for the confirmation."),
    no_wait_option,
)  # fmt: skip


def matching_options(command: Command) -> Command:
    """Add the options of `Matching`, which the command gets as `matching`."""

    @wraps(command)
    def with_matching(**given: Any) -> Any:
        names = Matching.__dataclass_fields__
        matching = Matching(**{name: given.pop(name) for name in names})
        return command(matching=matching, **given)

    wrapped: Any = with_matching
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    result: Command = wrapped
    return result


def change_matching(
    target: Target,
    output: Output,
    action: str,
    matching: Matching,
    runs: Sequence[str],
    more: dict[str, Any] | None = None,
) -> None:
    """Change the runs after a question that says how many.

    Raises UsageError for both a filter and runs, or neither.
    """
    body = {"action": action, **_selection(target, matching, runs), **(more or {})}
    plan = target.client.post("bulk", {**body, "dry_run": True})
    count = _runs(plan["changed"])
    sentence = f"{_VERBS[action]} {count}"
    skipped = _skipped_text(plan["skipped"])
    if matching.dry_run or not plan["changed"]:
        output.emit(plan, summary=f"{sentence}: nothing was changed.{skipped}")
        return
    if not matching.yes:
        confirm(f"{sentence}?{skipped}")
    # A repeated request starts no second task.
    done = target.client.post("bulk", {**body, "request_id": uuid.uuid4().hex})
    if done.get("task"):
        finish_task(target, output, done["task"], no_wait=matching.no_wait)
        return
    undo = f" To undo: studio undo {done['change_set']}." if done["change_set"] else ""
    output.emit(done, summary=f"Changed {_runs(done['changed'])}.{skipped}{undo}")


def _selection(
    target: Target, matching: Matching, runs: Sequence[str]
) -> dict[str, Any]:
    named = [run for run in runs if run]
    if matching.is_given == bool(named):
        raise click.UsageError("Name runs, or give a filter: -q FILTER.")
    if named:
        ids = [target.find_run_id(run) for run in named]
        return {"ids": ids, "below": matching.below}
    found = target.find_experiment(target.experiment) if target.experiment else None
    return {
        "q": matching.filter_text,
        "children": matching.children,
        "archived": matching.archived,
        "below": matching.below,
        **({"experiment": int(found["id"])} if found else {}),
    }


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"


def _skipped_text(skipped: dict[str, int]) -> str:
    parts = [f"{n:,} {_REASONS.get(reason, reason)}" for reason, n in skipped.items()]
    return f" Skipped: {', '.join(parts)}." if parts else ""


def _command(name: str, text: str, example: str) -> click.Command:
    @click.command(name, help=text, epilog=f"Examples: {example}")
    @output_options
    @target_options
    @matching_options
    @click.argument("runs", nargs=-1, metavar="[RUN]…")
    def change(
        target: Target, output: Output, matching: Matching, runs: tuple[str, ...]
    ) -> None:
        change_matching(target, output, name, matching, runs)

    return change


archive = _command(
    "archive",
    "Hide runs from the usual lists.",
    "studio run archive RUN · studio run archive -q 'created:<-90d' --dry-run",
)
unarchive = _command(
    "unarchive",
    "Show archived runs in the usual lists again.",
    "studio run unarchive RUN",
)
delete = _command(
    "delete",
    "Move runs to the trash, where they stay for 30 days.",
    "studio run delete RUN RUN · studio run delete -q 'tag:flaky status:failed'",
)
restore = _command(
    "restore",
    "Take runs out of the trash.",
    "studio run restore RUN · studio run restore -q 'deleted:true changed:-1h'",
)
lock = _command(
    "lock",
    "Make runs read-only. Their own scripts log until they end.",
    "studio run lock RUN · studio run lock -q 'tag:paper'",
)
unlock = _command(
    "unlock",
    "Unlock runs that you locked; owners can unlock all.",
    "studio run unlock RUN",
)
star = _command(
    "star",
    "Star runs for yourself.",
    "studio run star RUN · studio run star -q 'tag:paper'",
)
unstar = _command("unstar", "Remove your stars from runs.", "studio run unstar RUN")


@click.command(
    epilog="Examples: studio run move RUN --to archive · "
    "studio run move -q 'tag:sweep' --to sweeps --create"
)
@output_options
@target_options
@matching_options
@click.option("--to", required=True, metavar="EXPERIMENT", help="Where they move.")
@click.option("--create", is_flag=True, help="Create the experiment if needed.")
@click.argument("runs", nargs=-1, metavar="[RUN]…")
def move(
    target: Target,
    output: Output,
    matching: Matching,
    to: str,
    create: bool,
    runs: tuple[str, ...],
) -> None:
    """Move runs to another experiment, with all runs of their trees."""
    more = {"to": to, "create": create}
    change_matching(target, output, "move", matching, runs, more)


@click.command(
    epilog="Example: studio run mark --status Failed --reason 'disk full' RUN"
)
@output_options
@target_options
@matching_options
@click.option(
    "--status",
    required=True,
    type=click.Choice(["Completed", "Failed"], case_sensitive=False),
    help="How they ended.",
)
@click.option("--reason", default="", help="The error of failed runs.")
@click.argument("runs", nargs=-1, metavar="[RUN]…")
def mark(
    target: Target,
    output: Output,
    matching: Matching,
    status: str,
    reason: str,
    runs: tuple[str, ...],
) -> None:
    """Mark runs that have not ended as completed or failed. There is no undo."""
    more = {"status": status.capitalize(), "reason": reason}
    change_matching(target, output, "mark", matching, runs, more)
