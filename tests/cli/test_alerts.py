"""`studio alert` against a live server: options, files, and mistakes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.command import CommandLine, command_line
from tests.parts.server import Server
from tests.parts.wire import Connection


@pytest.fixture
def studio(server: Server, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


@pytest.fixture
def name(server: Server) -> Iterator[str]:
    """A name for rules, which are deleted at the end: other tests have failed runs."""
    name = f"Nightly {uuid.uuid4().hex[:8]} 名"
    yield name
    rest = Connection(server).rest
    for rule in rest("GET", "/alert-rules")["rules"]:
        if name in rule["name"]:
            rest("DELETE", f"/alert-rules/{rule['number']}")


@pytest.fixture
def me(studio: CommandLine) -> str:
    user: str = studio.json("account", "show", "--query", "user")
    return user


CONDITIONS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (
        ("--status", "failed", "--status", "NotResponding", "--severity", "0"),
        {"condition": "status", "statuses": ["Failed", "NotResponding"], "severity": 0},
    ),
    (
        ("--longer-than", "90", "--resolve-after", "60", "--throttle", "0"),
        {"condition": "duration", "minutes": 90, "resolve_after_minutes": 60},
    ),
    (
        ("--queued-longer-than", "5", "--disabled"),
        {"condition": "queue", "minutes": 5, "is_enabled": False},
    ),
    (
        ("--no-heartbeat-for", "7"),
        {"condition": "heartbeat", "minutes": 7},
    ),
    (
        ("--log-contains", "CUDA out of memory"),
        {"condition": "log", "text": "CUDA out of memory"},
    ),
    (
        ("--status", "Failed", "--at-least", "5", "--within", "60"),
        {"condition": "count", "statuses": ["Failed"], "runs": 5, "minutes": 60},
    ),
    (
        ("--metric", "val/loss", "--above", "2.5", "--nan", "--to-submitter"),
        {"condition": "metric", "metric": "val/loss", "op": ">", "value": 2.5}
        | {"nan": True, "to_submitter": True},
    ),
]


def test_rules_go_through_files(
    studio: CommandLine, name: str, me: str, tmp_path: Path
) -> None:
    for number, (words, expected) in enumerate(CONDITIONS):
        one, file = f"{name} {number}", tmp_path / f"{number}.yml"
        more = ("-q", 'tag:nightly -tag:"x: y"', "--to", me)
        created = studio.json("alert", "create", one, *more, *words)
        assert expected.items() <= created.items()
        assert (created["recipients"], created["author"]) == ([me], me)
        text = studio("alert", "show", one, "--yaml").stdout
        content = yaml.safe_load(text)
        assert content.items() <= created.items()
        studio.json("alert", "delete", one)
        assert studio("alert", "show", one).returncode == 3
        file.write_text(text)
        again = studio.json("alert", "create", "-f", str(file))
        assert {**again, "number": 0} == {**created, "number": 0}
        # Options override the file, which can come through a pipe.
        piped = studio("alert", "create", f"{one}b", "-f", "-", given=text)
        assert piped.returncode == 0, piped.stderr
        other = yaml.safe_load(studio("alert", "show", f"{one}b", "--yaml").stdout)
        assert other == {**content, "name": f"{one}b"}


def test_a_rule_is_changed_switched_and_tested(
    studio: CommandLine, server: Server, name: str, me: str, tmp_path: Path
) -> None:
    words = ("--status", "Failed", "--to", me, "--throttle", "7")
    number = studio.json("alert", "create", name, *words)["number"]
    # What the options do not name stays.
    longer = studio.json("alert", "update", name, "--longer-than", "10")
    assert (longer["condition"], longer["minutes"]) == ("duration", 10)
    assert (longer["throttle_minutes"], longer["recipients"]) == (7, [me])
    assert "statuses" not in longer
    file = tmp_path / "rule.yml"
    file.write_text("filter: tag:b\nminutes: 20\n")
    # The number stands for the name, too.
    by_file = studio.json("alert", "update", str(number), "-f", str(file))
    assert (by_file["filter"], by_file["minutes"]) == ("tag:b", 20)
    # Another condition starts without settings.
    below = ("--metric", "loss", "--below", "1", "--nan")
    assert studio.json("alert", "update", name, *below)["nan"] is True
    file.write_text("condition: metric\nmetric: loss\nvalue: 3\n")
    above = studio.json("alert", "update", name, "-f", str(file))
    assert (above["op"], above["value"], above["nan"]) == (">", 3.0, False)
    renamed = studio.json("alert", "update", name, "--name", f"{name} 2")
    assert (renamed["name"], renamed["number"]) == (f"{name} 2", number)
    for word, is_on in (("disable", False), ("enable", True)):
        assert studio.json("alert", word, f"{name} 2")["is_enabled"] is is_on
        listed = studio.json("alert", "list", f"[?number==`{number}`]")
        assert [rule["is_enabled"] for rule in listed] == [is_on]
    row = studio("alert", "list", "-o", "table", COLUMNS="200").stdout
    assert "loss > 3.0" in row
    assert studio.json("alert", "test", f"{name} 2") == {"user": me}
    rest = Connection(server).rest
    [sent, *_] = rest("GET", "/notifications")["notifications"]
    assert sent["reason"] == "rule"
    studio.json("alert", "delete", f"{name} 2")
    code, sentence = studio.refused("alert", "enable", f"{name} 2")
    assert code == 3
    assert sentence.startswith(f"Error: There is no alert rule '{name} 2'.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("condtion: status", "no 'condtion'. Did you mean 'condition'?"),
        ("condition: status\nminutes: 3", "condition status has no 'minutes'"),
        ("name: 2026-12-02", "in quotes"),
        ("value: .inf", "must be a text, a number"),
        ("condition: status\nrecipients: [unknown-member]", "not a member"),
        ("- name", "names no keys"),
        ("name: [", "is not YAML"),
    ],
)
def test_a_bad_file_creates_nothing(
    studio: CommandLine, name: str, tmp_path: Path, text: str, reason: str
) -> None:
    file = tmp_path / "rule.yml"
    file.write_text(f"statuses: [Failed]\n{text}\n" if "- " not in text else text)
    words = () if text.startswith("name") else (name,)
    _code, sentence = studio.refused("alert", "create", *words, "-f", str(file))
    assert reason in sentence
    assert name not in studio.json("alert", "list", "[].name")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--status", "Faild"), "'Faild' is not one of"),
        (("--status", "Failed", "--nan"), "Name the metric"),
        (("--status", "Failed", "--longer-than", "3"), "A rule has one condition"),
        (("--metric", "a", "--above", "1", "--below", "2"), "--above or --below."),
        (("--metric", "a", "--above", "inf"), "Give a finite value"),
        ((), "Choose when it fires"),
    ],
)
def test_wrong_options_are_explained(
    studio: CommandLine, words: tuple[str, ...], reason: str
) -> None:
    code, sentence = studio.refused("alert", "create", "x", "--to", "ada", *words)
    assert code == 2
    assert reason in sentence


def test_deliveries_are_listed_and_only_owners_send_again(
    studio: CommandLine,
) -> None:
    found = studio.json("alert", "deliveries", "--limit", "5")
    assert isinstance(found, list)
    assert studio.json("alert", "deliveries", "--dead") == []
    _code, text = studio.refused("alert", "send-again", "1")
    assert "owner" in text
