"""Bytes of logs, each once, wherever an interrupt, a kill or a lost answer comes."""

from __future__ import annotations

import itertools
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import studio.sdk
from studio.sdk.delivery import background, log_delivery
from studio.sdk.delivery.log_delivery import LogBuffer
from studio.sdk.delivery.sender import Sender
from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.spool_folder import SpoolFolder
from studio.sdk.delivery.spool_records import LogPiece, pack_log
from studio.sdk.delivery.stream_capture import StreamCapture
from studio.sdk.delivery.writer import Writer
from tests.delivery.fake_client import Fake
from tests.parts.interrupting import interrupted_at

SDK = str(Path(studio.sdk.__file__).parent)
LOG = "logs/user_log.txt"


@pytest.fixture
def fake() -> Any:
    return Fake()


def is_ours(name: str) -> bool:
    return name.startswith(SDK)


def test_an_interrupted_log_call_neither_skips_nor_repeats_points(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    monkeypatch.setattr(background, "POLL_SECONDS", 0.002)
    for number in itertools.count():
        fake.logs.clear()
        writer = Writer.open(fake, "r1")
        writer.append_log(LOG, b"before\n")
        stopped = partial(writer.append_log, LOG, b"stopped\n")
        was_stopped = interrupted_at(number, stopped, is_ours)
        if number % 2:
            # Without it the end settles what became of the last piece.
            writer.append_log(LOG, b"after\n")
        receipt = writer.close()
        kept = fake.log().replace(b"after\n", b"")
        assert kept in (b"before\n", b"before\nstopped\n")
        assert fake.log().endswith(b"after\n") == bool(number % 2)
        assert receipt.log_bytes.sent == receipt.log_bytes.stored == len(fake.log())
        if not was_stopped:
            break
    assert number > 20


def test_interrupted_output_arrives_once(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    monkeypatch.setattr(background, "POLL_SECONDS", 0.002)
    for number in itertools.count():
        fake.logs.clear()
        writer = Writer.open(fake, "r1")
        streams = StreamCapture(writer)
        print("before")
        print("half a line", end="")
        was_stopped = interrupted_at(number, streams.close, is_ours)
        streams.close()
        receipt = writer.close()
        assert fake.log() == b"before\nhalf a line"
        assert receipt.log_bytes.sent == receipt.log_bytes.stored == len(fake.log())
        if not was_stopped:
            break
    assert number > 20


def test_an_interrupted_long_log_piece_continues_in_the_middle(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    monkeypatch.setattr(log_delivery, "MAX_PIECE_BYTES", 4)
    monkeypatch.setattr(background, "POLL_SECONDS", 0.002)
    for number in itertools.count(step=5):
        fake.logs.clear()
        writer, buffer = Writer.open(fake, "r1"), LogBuffer(b"0123456789")
        was_stopped = interrupted_at(
            number, partial(writer.append_log, LOG, buffer), is_ours
        )
        buffer.add(b"abc")
        writer.append_log(LOG, buffer)
        assert writer.close().is_whole
        assert fake.log() == b"0123456789abc"
        if not was_stopped:
            break


def die(*_words: object) -> None:
    raise KeyboardInterrupt


def test_after_the_server_lost_log_bytes_later_bytes_arrive_once_despite_a_kill(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its backup was restored: it has 60 of the 100 bytes before them."""
    folder = SpoolFolder.create(fake.url, "default", "ada", "r1", tmp_path)
    sender = Sender(folder, fake, is_live=True)
    fresh = bytes(range(100))
    sender.logs.append(pack_log(LogPiece(100, 100, LOG, fresh)))
    fake.logs[f"{folder.owner.writer} {LOG}"] = b"-" * 60
    sender.send_without_delay()
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "acknowledge", die)
        with pytest.raises(KeyboardInterrupt):
            sender.send_due()
    assert fake.log() == b"-" * 60 + fresh
    sender.leave_to_later_process()
    taken = SpoolFolder.claim(folder.path)
    assert taken is not None
    later = Sender(taken, fake, is_live=False)
    while later.receipt is None:
        assert later.send_due()
    assert fake.log() == b"-" * 60 + fresh
    assert later.receipt.log_bytes.missing == 40


def test_captured_output_is_still_a_stream_like_the_original(
    fake: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = sys.stdout
    writer = Writer.open(fake, "r1", root=tmp_path, offline=True)
    with StreamCapture(writer):
        assert sys.stdout is not original
        assert sys.stdout.encoding == original.encoding
        assert sys.stdout.isatty() is original.isatty()
        sys.stdout.writelines(["one\n", "two\n"])
    assert sys.stdout is original
    assert capsys.readouterr().out == "one\ntwo\n"
    assert writer.close().log_bytes.sent == 8
