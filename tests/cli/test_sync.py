"""`studio sync`: changed addresses, several workspaces, what is given up."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from studio.core.connection import is_same_address
from tests.delivery.script_actor import Actor, unreachable_server
from tests.parts.clients import ROOT
from tests.parts.manage import manage
from tests.parts.server import Server, running

KILLED = 'Writer.open(client, run_id).add_point("loss", 1); kill()'
OFFLINE = """
writer = Writer.open(client, run_id, offline=True)
body = {"experiment": "promises", "id": run_id}
writer.record_request("POST", "runs", body, essential=True)
writer.add_point("loss", 0.5)
writer.close("Completed")
"""


@pytest.fixture
def user_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server and no login of the person who runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def actor(server: Server, tmp_path: Path) -> Actor:
    return Actor(server, tmp_path / "spool")


pytestmark = pytest.mark.usefixtures("user_files")


def owner_file(actor: Actor) -> Path:
    [name] = actor.waiting()
    return actor.spool / name / "owner.json"


def change_owner(actor: Actor, **fields: str) -> None:
    path = owner_file(actor)
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_server_with_a_new_port_gets_what_was_written_for_it(tmp_path: Path) -> None:
    home, spool = tmp_path / "home", tmp_path / "spool"
    with running(home) as server:
        before = Actor(server, spool)
        run_id = before.new_run()
        before.run(KILLED, run_id)
    with running(home) as server:
        after = Actor(server, spool)
        assert server.url != before.server.url
        # As a client wrote it that had not reached the server yet.
        after.run(OFFLINE, "offline", STUDIO_URL=before.server.url)
        done = after.sync()
        assert done.returncode == 0, done.stderr
        assert "for another server" in done.stderr
        assert after.values(run_id) == [1]
        assert len(after.waiting()) == 1
        done = after.sync("--to", server.url, "--yes")
        assert done.returncode == 0, done.stderr
        assert f"Run offline: 2 records for {before.server.url}" in done.stderr
        assert after.values("offline") == [0.5]
        assert after.waiting() == []


def test_a_new_run_delivers_what_was_written_for_the_old_address(
    actor: Actor, tmp_path: Path
) -> None:
    run_id, following = actor.new_run(), actor.new_run()
    actor.run(KILLED, run_id)
    change_owner(actor, server=unreachable_server())
    done = actor.run('Writer.open(client, run_id).add_point("loss", 2)', following)
    assert done.returncode == 0, done.stderr
    assert actor.values(run_id) == [1]


@pytest.mark.parametrize("offline", [False, True])
def test_all_names_of_this_machine_are_the_same_server(
    actor: Actor, offline: bool
) -> None:
    run_id = "names_of_the_machine" if offline else actor.new_run()
    port = urlsplit(actor.server.url).port
    here = f"http://localhost:{port}"
    actor.run(OFFLINE if offline else KILLED, run_id, STUDIO_URL=here)
    owner = json.loads(owner_file(actor).read_text())
    assert (owner["server"], bool(owner["identity"])) == (here, not offline)
    assert actor.sync().returncode == 0
    assert len(actor.values(run_id)) == 1


def test_another_server_at_the_same_address_gets_nothing(actor: Actor) -> None:
    run_id = actor.new_run()
    actor.run(KILLED, run_id)
    change_owner(actor, identity="0" * 32)
    assert actor.sync().returncode == 0
    following = actor.new_run()
    actor.run('Writer.open(client, run_id).add_point("loss", 2)', following)
    assert len(actor.waiting()) == 1
    assert actor.client.get(f"runs/{run_id}/metrics")["metrics"] == []


def test_each_spool_goes_to_its_own_workspace(tmp_path: Path) -> None:
    with running(tmp_path / "home") as server:
        actor = Actor(server, tmp_path / "spool")
        name = actor.client.json("GET", "/api/v1/workspaces")["user"]
        manage(server.home, "member", name, "--workspace", "second", "--role", "owner")
        actor.run(OFFLINE, "there", STUDIO_WORKSPACE="second")
        done = actor.sync()
        assert done.returncode == 0, done.stderr
        path = "/api/v1/workspaces/second/runs/there"
        assert actor.client.json("GET", path)["status"] == "Completed"


def test_only_the_named_runs_are_sent(actor: Actor) -> None:
    for run_id in ("chosen", "other"):
        actor.run(OFFLINE, run_id)
    assert actor.sync("chosen").returncode == 0
    assert actor.values("chosen") == [0.5]
    assert "Run other: 2 records" in actor.sync("--list").stdout
    done = actor.sync("nosuch")
    assert done.returncode == 3
    assert done.stderr.startswith("Error: Nothing of run nosuch waits on this machine")


def test_what_waits_is_deleted_only_after_a_confirmation(actor: Actor) -> None:
    actor.run(OFFLINE, "given_up", STUDIO_URL=unreachable_server())
    # Without a terminal there is no answer.
    done = actor.sync("--discard")
    assert done.returncode == 1
    assert "Run given_up: 2 records for" in done.stderr
    assert "Delete 1 spool? What was not sent is lost." in done.stderr
    assert "Error: Nothing was changed: the question needs a terminal" in done.stderr
    assert len(actor.waiting()) == 1
    # No server is needed.
    done = actor.sync("--discard", "--yes", STUDIO_URL="", STUDIO_TOKEN="")
    assert (done.returncode, done.stdout) == (0, "Deleted 1 spool.\n")
    assert actor.waiting() == []


def test_a_living_script_is_never_discarded(actor: Actor) -> None:
    done = actor.run(
        """
        import subprocess
        writer = Writer.open(client, run_id)
        writer.add_point("loss", 1)
        words = [sys.executable, "-m", "studio.cli", "sync", "--discard", "--yes"]
        print(subprocess.run(words, capture_output=True, text=True).stdout)
        """,
        run_id := actor.new_run(),
    )
    assert done.stdout.strip() == "Nothing waits on this machine."
    assert actor.values(run_id) == [1]


def test_nothing_is_redirected_without_a_confirmation(actor: Actor) -> None:
    actor.run(OFFLINE, "undecided", STUDIO_URL=unreachable_server())
    done = actor.sync("--to", actor.server.url)
    assert done.returncode == 1
    assert f"Send this to {actor.server.url}, workspace default, as " in done.stderr
    assert len(actor.waiting()) == 1


def test_a_token_is_never_sent_to_an_unknown_server(actor: Actor) -> None:
    actor.run(OFFLINE, "undecided")
    other = unreachable_server()
    done = actor.sync("--to", other, "--yes")
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: No token is known for {other}: run `studio login {other}` first.\n"
    )


def test_only_one_of_the_actions_can_be_chosen(actor: Actor) -> None:
    done = actor.sync("--list", "--discard")
    assert done.returncode == 2
    assert "Give only one of --list, --to and --discard." in done.stderr


@pytest.mark.parametrize(("answer", "code", "left"), [("n", 1, 1), ("y", 0, 0)])
def test_the_answer_is_read_from_the_terminal(
    actor: Actor, answer: str, code: int, left: int
) -> None:
    actor.run(OFFLINE, "answered")
    keyboard, terminal = pty.openpty()
    # The terminal keeps it until the command reads.
    os.write(keyboard, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "studio.cli", "sync", "--discard"],
        env=actor.environment(),
        cwd=ROOT,
        stdin=terminal,
        capture_output=True,
        timeout=120,
        check=False,
    )
    os.close(keyboard)
    os.close(terminal)
    assert done.returncode == code, done.stderr
    assert len(actor.waiting()) == left


def test_names_of_the_same_server_are_known() -> None:
    here = "http://localhost:8000"
    assert is_same_address(here, "HTTP://127.0.0.1:8000/")
    assert is_same_address(here, "http://[::1]:8000")
    assert is_same_address("https://a.example", "https://A.example.:443/")
    for other in (
        "http://localhost:8001",
        "https://localhost:8000",
        "http://localhost:8000/studio",
        "http://127.0.0.2:8000",
        "http://localhost:port",
    ):
        assert not is_same_address(here, other)
