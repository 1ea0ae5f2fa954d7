"""The options by which `studio alert create` and `update` describe a rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from studio.core.statuses import RunStatus

Command = TypeVar("Command", bound=Callable[..., Any])

MINUTES = click.IntRange(1)
_OPTIONS = (
    click.option(
        "-f",
        "--file",
        type=click.File("r", encoding="utf-8"),
        help="A YAML file (`-` reads from a pipe). Options override it.",
    ),
    click.option(
        "-q", "--filter", "q", metavar="FILTER", help="Which runs: the filter language."
    ),
    click.option(
        "--status",
        "statuses",
        multiple=True,
        type=click.Choice([status.value for status in RunStatus], case_sensitive=False),
        metavar="STATUS",
        help="Fire when a run enters this status, such as Failed; repeat it for more.",
    ),
    click.option(
        "--longer-than",
        type=MINUTES,
        metavar="MINUTES",
        help="Fire when a run takes longer.",
    ),
    click.option(
        "--queued-longer-than",
        type=MINUTES,
        metavar="MINUTES",
        help="Fire when a run is queued longer.",
    ),
    click.option(
        "--no-heartbeat-for",
        type=MINUTES,
        metavar="MINUTES",
        help="Fire when a run sent no heartbeat for this time.",
    ),
    click.option(
        "--at-least",
        type=click.IntRange(2),
        metavar="RUNS",
        help="Fire when this number of runs enter a --status --within MINUTES.",
    ),
    click.option("--within", type=MINUTES, metavar="MINUTES"),
    click.option(
        "--log-contains",
        metavar="TEXT",
        help="Fire when a line of a log of the run contains this text.",
    ),
    click.option(
        "--metric",
        metavar="NAME",
        help="Fire by its last value: with --above or --below, --nan, or both.",
    ),
    click.option("--above", type=float, metavar="VALUE"),
    click.option("--below", type=float, metavar="VALUE"),
    click.option("--nan", is_flag=True, help="Fire when the metric is NaN."),
    click.option(
        "--enters-view",
        metavar="SLUG",
        help="Fire when a run enters the view; `view list` shows the slugs.",
    ),
    click.option(
        "--leaves-view", metavar="SLUG", help="Fire when a run leaves the view."
    ),
    click.option(
        "--severity",
        type=click.IntRange(0, 4),
        help="From 0 (Critical) to 4 (Verbose); new rules: 2.",
    ),
    click.option(
        "--to",
        "recipients",
        multiple=True,
        metavar="USER",
        help="Notify this member; repeat it for more.",
    ),
    click.option(
        "--channel",
        "channels",
        multiple=True,
        metavar="NAME",
        help="Tell this channel; repeat it for more.",
    ),
    click.option(
        "--to-submitter/--not-to-submitter",
        default=None,
        help="Notify the submitter of the run.",
    ),
    click.option(
        "--throttle",
        type=click.IntRange(0),
        metavar="MINUTES",
        help="At most one message in this time; new rules: 30.",
    ),
    click.option(
        "--resolve-after",
        type=click.IntRange(0),
        metavar="MINUTES",
        help="Resolve an alert after this time without a match; 0: never.",
    ),
    click.option("--enabled/--disabled", default=None, help="Whether the rule fires."),
)


def rule_options(command: Command) -> Command:
    """Add the options of a rule, for `changes_of_options`."""
    wrapped: Any = command
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    result: Command = wrapped
    return result


def changes_of_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """What the options say, with the names of the API. Raises UsageError."""
    changes = _condition(options)
    for name in ("q", "severity", "to_submitter", "throttle", "enabled"):
        if options[name] is not None:
            changes[name] = options[name]
    if options["recipients"]:
        changes["recipients"] = list(options["recipients"])
    if options["channels"]:
        changes["channels"] = list(options["channels"])
    if options["resolve_after"] is not None:
        changes["resolve_after"] = options["resolve_after"] or None
    return changes


def _condition(options: Mapping[str, Any]) -> dict[str, Any]:
    """The condition with its settings; empty without one."""
    found: list[dict[str, Any]] = []
    counted = _counted(options)
    if options["statuses"]:
        statuses = {"statuses": list(options["statuses"])}
        found.append({"condition": "status", **statuses, **counted})
    if options["log_contains"] is not None:
        found.append({"condition": "log", "text": options["log_contains"]})
    for name, condition in (
        ("longer_than", "duration"),
        ("queued_longer_than", "queue"),
        ("no_heartbeat_for", "heartbeat"),
    ):
        if options[name] is not None:
            found.append({"condition": condition, "minutes": options[name]})
    for name, condition in (("enters_view", "entered"), ("leaves_view", "left")):
        if options[name] is not None:
            found.append({"condition": condition, "view": options[name]})
    metric = _metric(options)
    if metric:
        found.append({"condition": "metric", **metric})
    if len(found) > 1:
        raise click.UsageError(
            "A rule has one condition: --status, --longer-than, --queued-longer-than, "
            "--no-heartbeat-for, --log-contains, --metric, --enters-view or "
            "--leaves-view."
        )
    return found[0] if found else {}


def _counted(options: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a condition of statuses one of many runs; empty without it."""
    runs, minutes = options["at_least"], options["within"]
    if runs is None and minutes is None:
        return {}
    if runs is None or minutes is None or not options["statuses"]:
        raise click.UsageError("Give --at-least, --within and --status together.")
    return {"condition": "count", "runs": runs, "minutes": minutes}


def _metric(options: Mapping[str, Any]) -> dict[str, Any]:
    name, above, below = options["metric"], options["above"], options["below"]
    has_value = above is not None or below is not None
    if name is None:
        if has_value or options["nan"]:
            raise click.UsageError("Name the metric: --metric NAME.")
        return {}
    if above is not None and below is not None:
        raise click.UsageError("Give --above or --below.")
    value = below if above is None else above
    if value is not None and not math.isfinite(value):
        raise click.UsageError("Give a finite value. For NaN there is --nan.")
    return {
        "metric": name,
        "op": ">" if below is None else "<",
        "value": value,
        "nan": options["nan"],
    }
