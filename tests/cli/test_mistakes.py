"""Mistakes: one sentence on stderr that says what to do, and the right exit code."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from studio.cli import target
from studio.cli.commands import studio as studio_group
from tests.cli.command import STUDIO, CommandLine, command_line, new_run
from tests.parts.server import Server
from tests.parts.wire import Connection

RUN = f"mistake-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def _run(server: Server) -> None:
    new_run(server, RUN, "mistakes")


@pytest.fixture
def studio(server: Server, _run: None, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("rnu",), 2, "There is no command 'rnu'. Did you mean 'run'?"),
        (("run", "lst"), 2, "Did you mean 'list'?"),
        (("ml", "run", "canel"), 2, "Did you mean 'cancel'?"),
        (("experiment", "lsit"), 2, "Did you mean 'list'? See `studio experiment"),
        (("run", "show"), 2, "Name the run: its id, or -r RUN."),
        (("run", "show", RUN, "extra"), 2, "Unexpected argument 'extra'."),
        (("run", "show", RUN, "--querry", "x"), 2, "'--query'"),
        (("run", "show", RUN, "-o"), 2, "Option '-o' requires an argument."),
        (("run", "show", RUN, "-o", "xml"), 2, "'xml' is not one of 'json'"),
        (("run", "show", "nosuch"), 3, "There is no run 'nosuch' in the workspace"),
        (("run", "show", "no such/../x"), 3, "There is no run 'no such/../x'"),
        (("run", "show", RUN, "-e", "other"), 3, "is in the experiment 'mistakes'"),
        (("run", "cancel", "nosuch"), 3, "There is no run 'nosuch'"),
        (("run", "list", "-e", "mistake"), 3, "Did you mean 'mistakes'?"),
        (("run", "list", "-q", "a b c ("), 2, "at character"),
        (("run", "list", "--last", "0"), 2, "--last"),
        (("run", "list", "--tags", "=x"), 2, "has no key. Write KEY=VALUE."),
        (("run", "list", "[?a=='b'", "c"), 2, "Put the query in double quotes."),
        (("run", "list", "[?a", "--query", "x"), 2, "Give one query"),
        (("run", "list", "p"), 2, "'p'. Put a query in double quotes."),
        (("run", "list", "--path", "nosuch"), 2, "There is no folder 'nosuch'."),
        (("run", "tag", RUN), 2, "Name a tag: KEY or KEY=VALUE."),
        (("run", "tag", RUN, f"{'k' * 300}=x"), 2, "255"),
        (("run", "untag", RUN, "nosuch"), 1, "has no tag 'nosuch'. Its tags: none."),
        (("run", "update", RUN), 2, "Name a change: --add-tag KEY=VALUE."),
        (("run", "update", RUN, "--add-tag", "x"), 2, "'x' has no value."),
        (("run", "rename", RUN, "two", "words"), 2, "Put a name with spaces in quotes"),
        (("run", "rename", RUN, "a\x1bb"), 2, "control character"),
        (("run", "rename", RUN, "a\udcff"), 2, "is not valid Unicode"),
        (("run", "tag", RUN, "a=\udcff"), 2, "is not valid Unicode"),
        (("run", "export", "--columns", "nosuch"), 2, "Unknown field 'nosuch'"),
        (("run", "export", "--sort", "nosuch"), 2, "Unknown field 'nosuch'"),
        (("run", "export", "-f", "."), 2, ". is a folder. Name a file."),
        (("run", "--kill-after", "nan", "true"), 2, "See `studio run --help`."),
        (("run", "--kill-after", "inf", "true"), 2, "'inf' is not a number of seconds"),
        (("ml", "run", "submit-script", "nosuch.py"), 1, "script path doesn't exist"),
        (("run", "--"), 2, "Which program should run?"),
        (("run", "--", ""), 127, "The program's name is empty."),
        (("run", "compare", RUN), 2, "Name 2 to 20 different runs."),
        (("run", "compare", RUN, "nosuch"), 3, "There is no run 'nosuch'"),
        (("run", "logs", RUN, "--file", "x"), 3, "has no log 'x'. Its logs: none."),
        (("run", "download-logs", RUN), 2, "--output-dir"),
        (("experiment", "show"), 2, "Name the experiment."),
        (("experiment", "show", "mistake"), 3, "Did you mean 'mistakes'?"),
        (("token", "create", "x", "--role", "owner"), 1, "more permissions"),
        (("token", "revoke", "999999"), 3, "You have no token 999999."),
        (("completion", "tcsh"), 2, "'tcsh' is not one of"),
    ],
)
def test_a_mistake_is_explained(
    studio: CommandLine, words: tuple[str, ...], code: int, sentence: str
) -> None:
    found, line = studio.refused(*words)
    assert sentence in line
    assert line.startswith("Error: ")
    assert found == code


def test_a_missing_workspace_is_replaced_with_one_warning(studio: CommandLine) -> None:
    done = studio("run", "show", RUN, "-w", "nosuch")
    assert json.loads(done.stdout)["run_id"] == RUN
    assert done.stderr == (
        "Warning: There is no workspace 'nosuch' here. Using 'default' "
        "(STUDIO_WORKSPACE).\n"
    )
    quiet = studio("run", "show", RUN, "-w", "nosuch", "--only-show-errors")
    assert (quiet.returncode, quiet.stderr) == (0, "")


def test_a_file_of_azure_names_a_missing_workspace(
    studio: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / ".azureml/config.json"
    file.parent.mkdir()
    file.write_text(
        '{"subscription_id": "s", "resource_group": "g", "workspace_name": "azure"}'
    )
    done = studio("run", "show", RUN)
    assert json.loads(done.stdout)["run_id"] == RUN
    assert done.stderr.startswith("Warning: There is no workspace 'azure' of ")
    file.write_text("{")
    assert "is not JSON" in studio.refused("run", "show", RUN)[1]


def test_without_a_server_the_sentence_says_what_to_run(tmp_path: Path) -> None:
    code, sentence = CommandLine(tmp_path).refused("run", "list")
    assert code == 1
    assert 'run `eval "$(studio env)"` in this shell' in sentence


def test_an_unreachable_server_is_named(studio: CommandLine) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        code, sentence = studio.refused("run", "list", STUDIO_URL=url)
    assert (code, f"{url} cannot be reached" in sentence) == (1, True)


def test_a_revoked_token_is_named(studio: CommandLine) -> None:
    created = studio.json("token", "create", "short", "--days", "1")
    secret = created["token"]
    assert studio("run", "list", STUDIO_TOKEN=secret).returncode == 0
    studio.json("token", "revoke", str(created["id"]))
    code, sentence = studio.refused("run", "list", STUDIO_TOKEN=secret)
    assert code == 1
    assert "mistyped, revoked or expired" in sentence
    assert secret not in sentence


class OtherProgram(BaseHTTPRequestHandler):
    content = b"<html>"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_words: object) -> None:
        pass


class JsonProgram(OtherProgram):
    content = b"{}"


@contextmanager
def other_program(handler: type[OtherProgram]) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), handler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{other.server_port}"
        other.shutdown()


@pytest.mark.parametrize("handler", [OtherProgram, JsonProgram])
@pytest.mark.parametrize(
    "words",
    [
        ("run", "list"),
        ("run", "show", RUN),
        ("run", "logs", "-f", RUN),
        ("run", "export", "-f", "runs.csv"),
        ("token", "list"),
        ("account", "show"),
    ],
)
def test_another_program_is_recognized(
    studio: CommandLine,
    tmp_path: Path,
    handler: type[OtherProgram],
    words: tuple[str, ...],
) -> None:
    (tmp_path / "runs.csv").write_text("earlier")
    with other_program(handler) as url:
        code, sentence = studio.refused(*words, STUDIO_URL=url)
    assert (code, "is not a Run Studio server" in sentence) == (1, True)
    assert (tmp_path / "runs.csv").read_text() == "earlier"


def test_a_silent_server_is_not_awaited_for_long(
    studio: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        env = {**studio.base_environment(), "STUDIO_URL": url}
        done = CliRunner().invoke(studio_group, ["run", "list"], env=env)
    assert done.exit_code == 1
    assert f"{url} cannot be reached (timed out)" in done.stderr


def test_a_file_that_cannot_be_written_is_named(
    studio: CommandLine, server: Server, tmp_path: Path
) -> None:
    code, sentence = studio.refused("run", "export", "-f", "nosuch/runs.csv")
    assert (code, "There is no folder nosuch." in sentence) == (2, True)
    (tmp_path / "file").write_text("")
    log = f"/api/v1/workspaces/default/runs/{RUN}/files/logs/a.txt"
    Connection(server).ask("PUT", log, b"x")
    words = ("run", "download-logs", "-r", RUN, "-d", "file")
    code, sentence = studio.refused(*words)
    assert (code, sentence) == (1, "Error: file/logs: Not a directory.")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [("run", "list"), ("run", "export")])
def test_a_full_disk_of_the_output_is_named(
    studio: CommandLine, words: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*STUDIO, *words],
            env=studio.base_environment(),
            cwd=studio.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Error: The output cannot be written: No space left" in done.stderr
    assert "Traceback" not in done.stderr
