"""What the sender makes of answers that are none, and of spools that cannot be read."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.sdk.client import Client
from studio.sdk.delivery import background, shutdown
from studio.sdk.delivery.background import Sender, find_leftovers
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.sender import Courier
from studio.sdk.delivery.shutdown import Progress
from studio.sdk.delivery.spool_folder import Place, abandoned, roots


class Portal(http.server.BaseHTTPRequestHandler):
    """Answers everything with 200 and words that no server of ours says."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        content = json.dumps({"welcome": "Please accept our terms"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def portal() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def courier(portal: str, tmp_path: Path) -> Courier:
    place = Place.make(portal, "default", "ada", "r1", tmp_path)
    courier = Courier(place, Client(portal, "rs_token", "default"), living=True)
    courier.rows.append(b'["loss",0.5]')
    return courier


def test_an_answer_of_something_else_blocks_and_keeps_all(
    courier: Courier, capfd: pytest.CaptureFixture[str]
) -> None:
    assert courier.step() is False
    assert courier.is_blocked
    assert courier.rows.waiting == 1
    assert "not understood" in capfd.readouterr().err


def test_segments_that_somebody_removed_block_without_an_end(courier: Courier) -> None:
    for path in courier.place.folder.glob("*.seg"):
        path.unlink()
    assert courier.step() is False
    assert courier.is_blocked


def test_a_spool_in_use_is_nobody_elses(
    courier: Courier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    mine = courier.place.owner.writer
    assert mine not in [place.owner.writer for place in abandoned()]
    courier.release()
    found = [place for place in abandoned() if place.owner.writer == mine]
    assert len(found) == 1


def test_a_spool_that_is_just_being_removed_is_gone_afterwards(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody looks whether it is left while its files go, one after another."""
    folder, open_now = courier.place.folder, os.open

    def open_late(path: Path, *words: int) -> int:
        (folder / "lock").unlink()
        return open_now(path, *words)

    monkeypatch.setattr(os, "open", open_late)
    assert Place.take(folder) is None
    monkeypatch.undo()
    assert not (folder / "lock").exists()


def test_a_spool_that_somebody_else_made_is_not_sent(
    courier: Courier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the temporary folder anybody may make one of that name."""
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    courier.release()
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    assert tmp_path not in roots()
    assert list(abandoned()) == []


def test_what_cannot_be_read_of_an_earlier_process_stops_nobody(
    courier: Courier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    monkeypatch.setattr(background, "user_of", lambda _client: "ada")
    (courier.place.folder / "rows.odd.seg").write_bytes(b"")
    courier.release()
    assert find_leftovers(courier.client) == []
    assert courier.place.folder.is_dir()


def test_nothing_is_sent_while_it_is_not_known_whose_token_it_is(
    courier: Courier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    courier.release()
    monkeypatch.setattr(background, "user_of", lambda _client: "")
    assert find_leftovers(courier.client) is None
    monkeypatch.setattr(background, "user_of", lambda _client: "ada")
    assert len(find_leftovers(courier.client) or []) == 1


def test_a_heart_beat_outlives_an_answer_that_is_none(courier: Courier) -> None:
    sender = Sender()
    monitored = {id(courier): 0.0}
    sender._couriers, sender._beats = [courier], monitored
    sender._beat()
    assert monitored[id(courier)] > 0
    assert not courier.cancel


def test_what_is_refused_of_a_million_names_is_one_sentence(
    capfd: pytest.CaptureFixture[str],
) -> None:
    for number in range(3):
        tell(f"The run has 7 names: 'odd {number}' was not kept", once=True)
    tell("The run has another trouble", once=True)
    said = capfd.readouterr().err
    assert said.count("was not kept") == 1
    assert "'odd 0'" in said
    assert "another trouble" in said


def test_a_long_drain_says_how_much_is_left(
    courier: Courier,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patient = Progress(courier)
    patient.update()
    patient.end()
    assert capfd.readouterr().err == ""
    monkeypatch.setattr(shutdown, "FIRST_SECONDS", 0.0)
    shown = Progress(courier)
    shown.update()
    shown.update()
    courier.rows.acknowledge(1)
    shown.end()
    assert capfd.readouterr().err == (
        "Run Studio: delivering 1 point of run r1 …\nRun Studio: delivered.\n"
    )
