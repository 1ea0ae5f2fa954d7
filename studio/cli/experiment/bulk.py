"""Change several experiments: those that a filter finds, or those that are named.

`studio experiment archive|unarchive|delete|restore|tag|untag`, with `-q` or names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from studio.cli.confirmation import confirm
from studio.cli.output import Output
from studio.cli.target import Target

Command = TypeVar("Command", bound=Callable[..., Any])

#: Why experiments are skipped, as sentences say it.
_REASONS = {
    "same": "have it already",
    "locked": "have locked runs",
    "registered": "have runs of a registered model",
    "trashed": "are in the trash",
    "default": "is Default, which can't be deleted",
}
_VERBS = {
    "tag": "Change the tags of",
    "archive": "Archive",
    "unarchive": "Unarchive",
    "delete": "Move to the trash",
    "restore": "Restore",
}


@dataclass(frozen=True)
class Matching:
    """The options of a change of several experiments."""

    filter_text: str | None
    dry_run: bool
    yes: bool

    @property
    def is_given(self) -> bool:
        """Whether a filter says which experiments are meant."""
        return self.filter_text is not None


_OPTIONS = (
    click.option(
        "-q", "--filter", "filter_text", metavar="FILTER",
        help="All experiments that the filter finds, archived ones too.",
    ),
    click.option("--dry-run", is_flag=True, help="Only say what would change."),
    click.option("--yes", is_flag=True, help="Do not ask for the confirmation."),
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


def change_experiments(
    target: Target,
    output: Output,
    action: str,
    matching: Matching,
    named: Sequence[str],
    more: dict[str, Any] | None = None,
) -> None:
    """Change the experiments after a question that says how many.

    Raises UsageError for both a filter and names, or neither.
    """
    if matching.is_given == bool(named):
        raise click.UsageError("Name experiments, or give a filter: -q FILTER.")
    body: dict[str, Any] = {"action": action, **(more or {})}
    if matching.is_given:
        body["q"] = matching.filter_text
    else:
        body["ids"] = [find_number(target, name, action) for name in named]
    plan = target.client.post("experiments/bulk", {**body, "dry_run": True})
    sentence = f"{_VERBS[action]} {_experiments(plan['changed'])}"
    skipped = _skipped_text(plan["skipped"])
    if matching.dry_run or not plan["changed"]:
        output.emit(plan, summary=f"{sentence}: nothing was changed.{skipped}")
        return
    if not matching.yes:
        confirm(f"{sentence}?{skipped}")
    done = target.client.post("experiments/bulk", body)
    undo = f" To undo: studio undo {done['change_set']}." if done["change_set"] else ""
    summary = f"Changed {_experiments(done['changed'])}.{skipped}{undo}"
    output.emit(done, summary=summary)


def find_number(target: Target, name: str, action: str) -> int:
    """Return the number of the experiment; `restore` finds it in the trash."""
    if action != "restore":
        return int(target.find_experiment(name)["id"])
    query = {"name": name, "deleted": "only"}
    found = target.client.get("experiments", **query)["experiments"]
    if not found:
        raise click.ClickException(f"No experiment {name!r} is in the trash.")
    return int(found[0]["id"])


def _experiments(count: int) -> str:
    return "1 experiment" if count == 1 else f"{count:,} experiments"


def _skipped_text(skipped: dict[str, int]) -> str:
    parts = [f"{n:,} {_REASONS.get(reason, reason)}" for reason, n in skipped.items()]
    return f" Skipped: {', '.join(parts)}." if parts else ""
