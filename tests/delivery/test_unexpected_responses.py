"""The sender with invalid responses, and with spools that cannot be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.sdk.client import Client
from studio.sdk.delivery import background, shutdown
from studio.sdk.delivery.account import Account
from studio.sdk.delivery.background import BackgroundDelivery, find_leftovers
from studio.sdk.delivery.notices import print_notice
from studio.sdk.delivery.sender import Sender
from studio.sdk.delivery.shutdown import DrainProgress
from studio.sdk.delivery.spool_folder import (
    SpoolFolder,
    existing_roots,
    list_abandoned_folders,
)
from studio.sdk.delivery.spool_records import RecordedRequest, pack_request
from tests.parts.fake_http import FixedResponse, serving

ADA = Account("ada", "")


class Portal(FixedResponse):
    """Responds with 200 and a body that the server never sends."""

    def on_post(self) -> None:
        self.respond(200, {"welcome": "Please accept our terms"})


@pytest.fixture
def portal() -> Iterator[str]:
    with serving(Portal) as address:
        yield address


@pytest.fixture
def sender(portal: str, tmp_path: Path) -> Sender:
    folder = SpoolFolder.create(portal, "default", "ada", "r1", tmp_path)
    sender = Sender(folder, Client(portal, "rs_token", "default"), is_live=True)
    sender.rows.append(b'["loss",0.5]')
    return sender


def test_a_response_of_another_service_blocks_delivery_and_keeps_everything(
    sender: Sender, capfd: pytest.CaptureFixture[str]
) -> None:
    assert sender.send_due() is False
    assert sender.is_blocked
    assert sender.rows.waiting == 1
    said = capfd.readouterr().err
    assert "not understood" in said
    assert f"What is logged waits in {sender.folder.path}." in said
    sender.send_without_delay()
    assert sender.send_due() is False
    assert capfd.readouterr().err == ""


def test_deleted_segments_block_delivery_permanently(sender: Sender) -> None:
    for path in sender.folder.path.glob("*.seg"):
        path.unlink()
    assert sender.send_due() is False
    assert sender.is_blocked


def test_a_spool_in_use_is_not_sent_by_another_process(
    sender: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    mine = sender.folder.owner.writer
    assert mine not in [folder.owner.writer for folder in list_abandoned_folders()]
    sender.leave_to_later_process()
    found = [one for one in list_abandoned_folders() if one.owner.writer == mine]
    assert len(found) == 1


def test_a_spool_that_is_being_removed_is_removed_completely(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process checks the spool while its files are removed one by one."""
    folder, open_now = sender.folder.path, os.open

    def open_late(path: Path, *words: int) -> int:
        (folder / "lock").unlink()
        return open_now(path, *words)

    monkeypatch.setattr(os, "open", open_late)
    assert SpoolFolder.claim(folder) is None
    monkeypatch.undo()
    assert not (folder / "lock").exists()


def test_a_spool_of_another_user_is_not_sent(
    sender: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the temporary folder every user can create one of that name."""
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    sender.leave_to_later_process()
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    assert tmp_path not in existing_roots()
    assert list(list_abandoned_folders()) == []


def test_an_unreadable_spool_stops_no_other_delivery(
    sender: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    monkeypatch.setattr(background, "read_account_if_reachable", lambda _client: ADA)
    (sender.folder.path / "rows.odd.seg").write_bytes(b"")
    sender.leave_to_later_process()
    assert find_leftovers(sender.client) == []
    assert sender.folder.path.is_dir()


def test_nothing_is_sent_before_the_user_of_the_token_is_known(
    sender: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    sender.leave_to_later_process()
    monkeypatch.setattr(background, "read_account_if_reachable", lambda _client: None)
    assert find_leftovers(sender.client) is None
    monkeypatch.setattr(background, "read_account_if_reachable", lambda _client: ADA)
    assert len(find_leftovers(sender.client) or []) == 1


def test_heartbeats_continue_after_an_invalid_response(sender: Sender) -> None:
    delivery = BackgroundDelivery()
    monitored = {id(sender): 0.0}
    delivery._senders, delivery._next_heartbeats = [sender], monitored
    delivery._send_heartbeats()
    assert monitored[id(sender)] > 0
    assert not sender.cancel_requested


def test_a_run_that_is_not_created_yet_has_no_heartbeat(sender: Sender) -> None:
    sender.requests.append(pack_request(RecordedRequest("POST", "runs", {"id": "r1"})))
    delivery = BackgroundDelivery()
    next_heartbeats = {id(sender): 0.0}
    delivery._senders, delivery._next_heartbeats = [sender], next_heartbeats
    delivery._send_heartbeats()
    assert next_heartbeats == {id(sender): 0.0}


def test_many_refused_names_print_one_message(
    capfd: pytest.CaptureFixture[str],
) -> None:
    for number in range(3):
        print_notice(f"The run has 7 names: 'odd {number}' was not kept", once=True)
    print_notice("The run has another trouble", once=True)
    said = capfd.readouterr().err
    assert said.count("was not kept") == 1
    assert "'odd 0'" in said
    assert "another trouble" in said


def test_a_long_wait_at_exit_reports_what_is_left(
    sender: Sender,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patient = DrainProgress(sender)
    patient.update()
    patient.finish()
    assert capfd.readouterr().err == ""
    monkeypatch.setattr(shutdown, "FIRST_REPORT_SECONDS", 0.0)
    shown = DrainProgress(sender)
    shown.update()
    shown.update()
    sender.rows.acknowledge(1)
    shown.finish()
    patient.finish()
    assert capfd.readouterr().err == (
        "Run Studio: delivering 1 point of run r1 …\nRun Studio: delivered.\n"
    )


def test_a_notice_cannot_control_the_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    print_notice("cannot be reached (SSH-2.0\x1b[31m\r\u202e): 中文\n\tNext line")
    printed = capfd.readouterr().err
    assert "SSH-2.0\\u001b[31m\\u000d\\u202e): 中文\n\tNext line" in printed
