"""`studio alert`: alert rules, by options and as YAML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from studio.cli.command_group import CommandGroup, suggest
from studio.cli.notify.alert_files import (
    merge,
    read_rule_file,
    rule_body,
    rule_record,
    rule_text,
)
from studio.cli.notify.alert_options import changes_of_options, rule_options
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.words import refuse_words, take_query, words_argument
from studio.core.errors import NotFound

_STATES = {"queue": "queued", "heartbeat": "no heartbeat"}


def _condition_text(rule: Any) -> str:
    if rule["condition"] == "status":
        return ", ".join(rule["statuses"])
    if rule["condition"] in ("entered", "left"):
        return f"{rule['condition']} view {rule['view']}"
    if rule["condition"] == "count":
        statuses = ", ".join(rule["statuses"])
        return f"{rule['runs']} runs {statuses} in {rule['minutes']} min"
    if rule["condition"] == "log":
        return f"log contains {rule['text']!r}"
    if rule["condition"] != "metric":
        state = _STATES.get(rule["condition"], "duration")
        return f"{state} > {rule['minutes']} min"
    texts = []
    if rule["value"] is not None:
        texts.append(f"{rule['metric']} {rule['op']} {rule['value']}")
    if rule["nan"]:
        texts.append(f"{rule['metric']} is NaN")
    return " or ".join(texts)


def _state_text(rule: Any) -> str:
    if not rule["is_enabled"]:
        return "disabled"
    return "error" if rule["error"] else "enabled"


LIST_COLUMNS: tuple[Column, ...] = (
    ("Number", lambda rule: str(rule["number"])),
    ("Name", lambda rule: rule["name"]),
    ("State", _state_text),
    ("Severity", lambda rule: str(rule["severity"])),
    ("Condition", _condition_text),
    ("Filter", lambda rule: rule["filter"]),
    (
        "Recipients",
        lambda rule: ", ".join(
            [
                *rule["recipients"],
                *["submitter"] * rule["to_submitter"],
                *rule.get("channels", ()),
            ]
        ),
    ),
)


DELIVERY_COLUMNS: tuple[Column, ...] = (
    ("Number", lambda row: str(row["number"])),
    ("State", lambda row: row["state"]),
    ("Recipient", lambda row: row["user"] or row["channel"]),
    ("Attempts", lambda row: str(row["attempts"])),
    ("Reason", lambda row: row["error"]),
)


@click.group("alert", cls=CommandGroup)
def alert_group() -> None:
    """List, create, change and test alert rules."""


@alert_group.command("list", epilog="Example: studio alert list")
@output_options
@workspace_options
@words_argument("[QUERY]")
def list_rules(target: Target, output: Output, words: Sequence[str]) -> None:
    """List the alert rules of the workspace by name."""
    refuse_words(take_query(words, output))
    output.emit(
        [rule_record(rule) for rule in _read_rules(target)], columns=LIST_COLUMNS
    )


@alert_group.command(
    epilog="Examples: studio alert show Nightly · "
    "studio alert show Nightly --yaml > nightly.yml"
)
@output_options
@workspace_options
@click.option(
    "--yaml", "as_file", is_flag=True, help="As the file that `create -f` reads."
)
@click.argument("name")
def show(target: Target, output: Output, as_file: bool, name: str) -> None:
    """Show the alert rule of this name or number."""
    rule = _find_rule(target, name)
    if as_file:
        output.format = output.format or "yaml"
        output.emit(rule_text(rule))
        return
    output.emit(rule_record(rule))


@alert_group.command(
    epilog="Examples: studio alert create Nightly -q tag:nightly --status Failed "
    "--to ben · studio alert create -f nightly.yml"
)
@output_options
@workspace_options
@rule_options
@click.argument("name", required=False)
def create(
    target: Target, output: Output, name: str | None, file: Any, **options: Any
) -> None:
    """Create an alert rule. Its filter finds the runs that you can see."""
    body = read_rule_file(file) if file else {}
    body = merge(merge({}, body), changes_of_options(options))
    if name is not None:
        body["name"] = name
    if not body.get("name"):
        raise click.UsageError("Name the rule, or a --file with its name.")
    if not body.get("condition"):
        raise click.UsageError(
            "Choose when it fires: --status, --longer-than, --queued-longer-than, "
            "--metric, --enters-view or --leaves-view."
        )
    created = target.client.post("alert-rules", body)
    output.emit(
        rule_record(created),
        summary=f"Alert rule {created['name']!r} created. To try it: "
        f"studio alert test {created['number']}",
    )


@alert_group.command(
    epilog="Examples: studio alert update Nightly --throttle 60 · "
    "studio alert update Nightly -f nightly.yml"
)
@output_options
@workspace_options
@rule_options
@click.option("--name", "new_name", metavar="NEW", help="The new name.")
@click.argument("name")
def update(
    target: Target,
    output: Output,
    name: str,
    file: Any,
    new_name: str | None,
    **options: Any,
) -> None:
    """Change an alert rule. You become its author.

    What neither the options nor the file name stays as it is. Recipients are replaced
    as a whole, and so is a condition with its settings.
    """
    of_file = read_rule_file(file) if file else {}
    of_options = changes_of_options(options)
    if new_name is not None:
        of_options["name"] = new_name
    if not (of_file or of_options):
        raise click.UsageError("Say what to change.")
    rule = _find_rule(target, name)
    body = merge(merge(rule_body(rule), of_file), of_options)
    changed = target.client.put(_path(rule), body)
    output.emit(
        rule_record(changed), summary=f"Alert rule {changed['name']!r} changed."
    )


@alert_group.command(epilog="Example: studio alert delete Nightly")
@output_options
@workspace_options
@click.argument("name")
def delete(target: Target, output: Output, name: str) -> None:
    """Delete an alert rule; its open alerts are resolved."""
    rule = _find_rule(target, name)
    deleted = target.client.delete(_path(rule))
    output.emit(rule_record(deleted), summary=f"Alert rule {rule['name']!r} deleted.")


@alert_group.command(epilog="Example: studio alert enable Nightly")
@output_options
@workspace_options
@click.argument("name")
def enable(target: Target, output: Output, name: str) -> None:
    """Enable an alert rule: it fires for what happens from now on."""
    _switch(target, output, name, True)


@alert_group.command(epilog="Example: studio alert disable Nightly")
@output_options
@workspace_options
@click.argument("name")
def disable(target: Target, output: Output, name: str) -> None:
    """Disable an alert rule: it does not fire until it is enabled."""
    _switch(target, output, name, False)


@alert_group.command(epilog="Example: studio alert test Nightly")
@output_options
@workspace_options
@click.argument("name")
def test(target: Target, output: Output, name: str) -> None:
    """Send a test message of an alert rule to you, and to no other recipient."""
    rule = _find_rule(target, name)
    # Repeating the request would send a second message.
    sent = target.client.json("POST", f"{_path(rule)}/test", attempts=1)
    output.emit(
        sent, summary=f"Test message of {rule['name']!r} sent to {sent['user']}."
    )


@alert_group.command(epilog="Example: studio alert deliveries --dead")
@output_options
@workspace_options
@click.option("--dead", is_flag=True, help="Only those that were given up.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
def deliveries(target: Target, output: Output, dead: bool, limit: int) -> None:
    """List mails and messages to webhooks, the newest first."""
    rows: list[dict[str, Any]] = []
    parameters: dict[str, Any] = {}
    while len(rows) < limit:
        page = target.client.get("alert-deliveries", **parameters)
        found = page["deliveries"]
        rows += [row for row in found if not dead or row["state"] == "dead"]
        if page["before"] is None:
            break
        parameters["before"] = page["before"]
    output.emit(rows[:limit], columns=DELIVERY_COLUMNS)


@alert_group.command("send-again", epilog="Example: studio alert send-again 12")
@output_options
@workspace_options
@click.argument("number", type=click.IntRange(1))
def send_again(target: Target, output: Output, number: int) -> None:
    """Send a delivery again that was given up. Only owners can."""
    sent = target.client.post(f"alert-deliveries/{number}/send", {})
    output.emit(sent, summary=f"Delivery {number} is sent again.")


def _switch(target: Target, output: Output, name: str, on: bool) -> None:
    rule = _find_rule(target, name)
    changed = target.client.patch(_path(rule), {"enabled": on})
    done = "enabled" if on else "disabled"
    output.emit(rule_record(changed), summary=f"Alert rule {rule['name']!r} {done}.")


def _read_rules(target: Target) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = target.client.get("alert-rules")["rules"]
    return found


def _find_rule(target: Target, word: str) -> dict[str, Any]:
    """The rule of this name, else of this number. Raises NotFound."""
    rules = _read_rules(target)
    for key in ("name", "number"):
        for rule in rules:
            if str(rule[key]) == word:
                return rule
    names = [str(rule["name"]) for rule in rules]
    raise NotFound(f"There is no alert rule {word!r}. {suggest(word, names)}".rstrip())


def _path(rule: dict[str, Any]) -> str:
    return f"alert-rules/{rule['number']}"
