"""`studio run …` on a real server: what it prints, and what it changed."""

from __future__ import annotations

import csv
import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from studio.sdk.client import Client
from tests.cli.command import CommandLine, command_line, new_run
from tests.parts.owner_token import owner_token
from tests.parts.server import Server
from tests.parts.wire import Connection


@pytest.fixture
def studio(server: Server, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


@pytest.fixture
def run(server: Server) -> str:
    """A run of an experiment of its own, named like the run."""
    run_id = f"cli-{uuid.uuid4().hex[:8]}"
    more = {"params": {"lr": "0.1"}, "properties": {"author": "me"}}
    new_run(server, run_id, run_id, **more)
    return run_id


def put_file(server: Server, run_id: str, path: str, content: bytes) -> None:
    path = f"/api/v1/workspaces/default/runs/{run_id}/files/{path}"
    Connection(server).ask("PUT", path, content)


def test_a_run_is_shown_with_everything(studio: CommandLine, run: str) -> None:
    shown = studio.json("run", "show", run)
    assert shown["run_id"] == shown["root_run_id"] == run
    assert shown["parameters"] == {"lr": "0.1"}
    assert (shown["tags"], shown["properties"]) == ({}, {"author": "me"})
    assert shown["portal_url"].endswith(f"/w/default/runs/{run}/")


def test_a_run_is_named_by_its_number_with_the_experiment(
    studio: CommandLine, run: str
) -> None:
    assert studio.json("run", "show", "1", "-e", run)["run_id"] == run
    assert studio.json("run", "tag", "1", "x", "-e", run)["tags"] == {"x": None}
    assert studio("run", "show", "1").returncode == 3


def test_ml_and_the_options_of_az_mean_the_same(studio: CommandLine, run: str) -> None:
    words = ("show", "-r", run, "-e", run, "-w", "default", "-g", "group")
    azure = studio.json("ml", "run", *words, "--subscription-id", "x", "--debug")
    assert azure == studio.json("run", "show", run)


def test_the_list_finds_runs_in_every_way(
    studio: CommandLine, server: Server, run: str
) -> None:
    for child in ("a", "b"):
        new_run(server, f"{run}-{child}", run, parent=run, tags={"child": child})
    found = lambda *words: [  # noqa: E731
        one["run_id"] for one in studio.json("run", "list", "-e", run, *words)
    ]
    assert found() == [run]
    assert found("--children", "--last", "2") == [f"{run}-b", f"{run}-a"]
    assert found("--children", "--tags", "child=a") == [f"{run}-a"]
    assert found("--status", "completed") == []
    assert found("-q", "params.lr = '0.1'") == [run]
    parent = studio.json("run", "list", "--parent-run-id", run, "--query", "[].run_id")
    assert parent == [f"{run}-b", f"{run}-a"]


def test_a_query_sees_only_the_runs_that_were_read(
    studio: CommandLine, server: Server, run: str
) -> None:
    new_run(server, f"{run}-2", run)
    done = studio("run", "list", "-e", run, "--last", "1", "[?run_number==1]")
    assert json.loads(done.stdout) == []
    assert done.stderr == "The newest 1 of 2 runs. For more: --last N.\n"
    quiet = studio("run", "list", "-e", run, "--last", "1", "--only-show-errors")
    assert quiet.stderr == ""


def test_fields_are_listed_in_the_requested_order(
    studio: CommandLine, server: Server, run: str
) -> None:
    new_run(server, f"{run}-2", run, params={"lr": "0.5"})
    words = (
        "run",
        "list",
        "-e",
        run,
        "--columns",
        "params.lr, target",
        "--sort=-params.lr",
    )
    query = ("--query", "[].values")
    assert studio.json(*words, *query) == [
        {"params.lr": "0.5", "target": None},
        {"params.lr": "0.1", "target": None},
    ]
    table = studio(*words, "-o", "table").stdout.splitlines()
    assert table[0].split() == ["Run", "Status", "params.lr", "target"]
    code, sentence = studio.refused("run", "list", "--columns", "nosuch")
    assert (code, "Unknown field 'nosuch'" in sentence) == (2, True)


def test_more_runs_than_a_page_are_listed(
    studio: CommandLine, server: Server, run: str
) -> None:
    children = [{"id": f"{run}-{number}"} for number in range(100)]
    path = f"/runs/{run}/children"
    Connection(server).rest("POST", path, {"children": children})
    words = ("run", "list", "-e", run, "--children", "--last", "101")
    assert len(studio.json(*words, "--query", "[].run_id")) == 101


def test_tags_are_set_and_removed(studio: CommandLine, run: str) -> None:
    tags = studio.json("run", "tag", run, "quality=a=b c", "名", "'x\"=y")["tags"]
    assert tags == {"quality": "a=b c", "名": None, "'x\"": "y"}
    words = ("run", "update", "-r", run, "--add-tag", "quality=fantastic run")
    assert studio.json(*words)["tags"]["quality"] == "fantastic run"
    assert studio.json("run", "untag", run, "名", "'x\"")["tags"] == {
        "quality": "fantastic run"
    }


def test_words_after_two_hyphens_are_no_options(studio: CommandLine, run: str) -> None:
    assert studio.json("run", "tag", "--", run, "--x=1")["tags"] == {"--x": "1"}
    assert studio.json("run", "rename", run, "--", "-y")["display_name"] == "-y"


def test_name_and_description_are_changed(studio: CommandLine, run: str) -> None:
    name = 'it\'s "quoted" 名前'
    assert studio.json("run", "rename", run, name)["display_name"] == name
    done = studio("run", "describe", run, "-", given="# Notes\n\nSeed 2\n")
    assert json.loads(done.stdout)["description"] == "# Notes\n\nSeed 2"


@pytest.mark.parametrize(
    ("words", "status"), [(("complete",), "Completed"), (("fail",), "Failed")]
)
def test_a_run_is_ended_once(
    studio: CommandLine, run: str, words: tuple[str, ...], status: str
) -> None:
    assert studio.json("run", *words, run)["status"] == status
    code, sentence = studio.refused("run", "complete", run)
    assert (code, sentence) == (
        1,
        f"Error: {run} has ended as {status}, which never changes.",
    )


def test_the_message_of_a_failure_is_kept(studio: CommandLine, run: str) -> None:
    done = studio.json("run", "fail", run, "--message", "wrong data")
    assert done["error"]["error"]["message"] == "wrong data"


def test_a_canceled_sweep_ends_with_its_runs(
    studio: CommandLine, server: Server
) -> None:
    owner = Client(server.url, owner_token(server.home, server.environment), "default")
    name = f"sweep-{uuid.uuid4().hex[:8]}"
    owner.post("compute", {"name": name})
    token = owner.post(f"compute/{name}/agent-tokens", {})["token"]
    agent = Client(server.url, token, "default")
    body = {"name": "one", "instance": "one", "slots": 1, "version": "0.2.0"}
    path = f"agents/{agent.post('agents', body)['id']}"
    base = {"id": name, "experiment": "sweeps", "definition": {"command": "true"}}
    owner.post("runs", {**base, "status": "NotStarted"})
    space = {"lr": ["1", "2"]}
    made = owner.post("sweeps", {"run": name, "space": space, "target": name})
    parent = made["run"]["id"]
    [job] = agent.post(f"{path}/take", {"free": 1})["jobs"]
    done = studio("run", "cancel", parent)
    assert done.stdout == f"Cancel requested: {parent} ends when its runs have ended.\n"
    assert "heartbeats" not in done.stderr
    ended = {"attempt": 1, "outcome": "Canceled"}
    agent.post(f"{path}/jobs/{job['run']}/end", ended)
    assert owner.get(f"runs/{parent}")["status"] == "Canceled"
    owner.delete(f"compute/{name}")


def test_a_cancel_is_requested_or_forced(studio: CommandLine, run: str) -> None:
    done = studio("run", "cancel", run)
    assert done.stdout.startswith("Cancel requested")
    assert "sends no heartbeats" in done.stderr
    assert studio.json("run", "show", run)["status"] == "CancelRequested"
    forced = studio("run", "cancel", run, "--force")
    assert forced.stdout == "Experiment run canceled successfully.\n"
    assert studio.json("run", "show", run)["status"] == "Canceled"


def test_runs_are_compared(studio: CommandLine, server: Server, run: str) -> None:
    other = f"{run}-2"
    new_run(server, other, run, params={"lr": "0.2"}, tags={"baseline": None})
    rows = studio.json("run", "compare", run, other, "--differences")
    fields = {row["field"]: (row[run], row[other]) for row in rows}
    assert fields["params.lr"] == ("0.1", "0.2")
    assert fields["tags.baseline"] == (None, "(no value)")
    assert "experiment" not in fields


def test_runs_are_exported(studio: CommandLine, run: str, tmp_path: Path) -> None:
    columns = ("--columns", "name,params.lr")
    text = studio("run", "export", "-e", run, *columns).stdout
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["id"], row["params.lr"]) == (run, "0.1")
    done = studio("run", "export", "-e", run, "-f", "runs.json")
    assert done.stderr.startswith("Exported ")
    exported = json.loads((tmp_path / "runs.json").read_text())
    assert exported["total"] == 1
    assert [file.name for file in tmp_path.glob("*runs.json*")] == ["runs.json"]


def test_a_refused_export_leaves_the_file(studio: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("old")
    code, sentence = studio.refused("run", "export", "-q", "nosuch:1", "-f", "runs.csv")
    assert code == 2
    assert "Unknown field 'nosuch'" in sentence
    assert (tmp_path / "runs.csv").read_text() == "old"


def test_logs_are_printed_and_downloaded(
    studio: CommandLine, server: Server, run: str, tmp_path: Path
) -> None:
    log = "epoch 1\nпример 名\n".encode()
    put_file(server, run, "logs/user_log.txt", log)
    put_file(server, run, "outputs/model.bin", b"x")
    assert studio("run", "logs", run).stdout.encode() == log
    assert studio("run", "logs", run, "--file", "outputs/model.bin").stdout == "x"
    written = studio.json("run", "download-logs", "-r", run, "-d", "lo gs")
    assert written == ["lo gs/logs/user_log.txt"]
    assert (tmp_path / written[0]).read_bytes() == log


def test_a_log_is_searched_and_shown_from_its_end(
    studio: CommandLine, server: Server, run: str
) -> None:
    log = b"epoch 1\nepoch 2\r\nloss 3\n"
    put_file(server, run, "user_logs/std_log.txt", log)
    assert studio("run", "logs", run, "--tail", "2").stdout == "epoch 2\nloss 3\n"
    found = studio("run", "logs", run, "--search", "EPOCH").stdout
    assert found == "1: epoch 1\n2: epoch 2\n"
    found = studio("run", "logs", run, "--regex", "--search", r"\w+ [23]$").stdout
    assert found == "2: epoch 2\n3: loss 3\n"


def test_a_log_is_monitored_until_the_end(
    studio: CommandLine, server: Server, run: str
) -> None:
    put_file(server, run, "logs/user_log.txt", b"epoch 1\n")
    studio.json("run", "fail", run, "--message", "no data")
    done = studio("ml", "run", "monitor-logs", "-r", run)
    assert f"RunId: {run}\nWeb View: {server.url}" in done.stdout
    assert "Streaming logs/user_log.txt\n===" in done.stdout
    assert "epoch 1\n\nExecution Summary\n" in done.stdout
    assert '"message": "no data"' in done.stdout
    assert studio("run", "logs", "-f", run).stdout == "epoch 1\n"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("tsv", "a b\t2\t\n"),
        ("yaml", "- name: a b\n  list:\n  - 1\n  - 2\n  object: {}\n"),
        ("none", ""),
        ("table", "name  list    object\n----  ------  ------\na b   [1, 2]\n"),
        ("jsonc", '[\n  {\n    "name": "a b",\n    "list": [\n'),
    ],
)
def test_every_format_is_printed(
    studio: CommandLine, run: str, form: str, expected: str
) -> None:
    query = "[].{name: 'a b', list: [`1`, `2`], object: `{}`}"
    done = studio("run", "list", "-e", run, "--query", query, "-o", form)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(expected)
    assert "\x1b" not in done.stdout


def test_the_result_is_also_written_to_a_new_file(
    studio: CommandLine, run: str, tmp_path: Path
) -> None:
    words = ("run", "tag", run, "x=1", "-t", "result.json")
    printed: Any = studio.json(*words)
    assert json.loads((tmp_path / "result.json").read_text()) == printed
    code, sentence = studio.refused("run", "tag", run, "y=1", "-t", "result.json")
    assert (code, "result.json exists" in sentence) == (2, True)
    # Nothing is done if the result cannot be written.
    assert studio.json("run", "show", run)["tags"] == {"x": "1"}


def test_comments_are_written_and_listed(studio: CommandLine, run: str) -> None:
    made: Any = studio.json("run", "comment", run, "Worth *another* look")
    assert made["text"] == "Worth *another* look"
    assert studio.json("run", "comments", run) == [made]
    assert "Worth *another* look" in studio("run", "comments", run).stdout
