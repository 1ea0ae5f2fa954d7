"""The handler of a signal logs and prints, in the middle of whatever is logged."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import studio.sdk
from studio.sdk.delivery import background, spool
from studio.sdk.delivery.stream_capture import StreamCapture
from studio.sdk.delivery.writer import Writer
from tests.delivery.fake_client import Fake
from tests.parts.interrupting import happens_at

SDK = str(Path(studio.sdk.__file__).parent)


def is_ours(name: str) -> bool:
    return name.startswith(SDK)


@pytest.fixture
def fake() -> Any:
    return Fake()


@pytest.fixture
def writer(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Writer]:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path))
    monkeypatch.setattr(background, "POLL_SECONDS", 0.002)
    # Segments end and begin in between, too.
    monkeypatch.setattr(spool, "SEGMENT_BYTES", 100)
    opened = Writer.open(fake, "r1")
    yield opened
    opened.close()


def test_points_logged_by_a_signal_handler_arrive_once(
    fake: Any, writer: Writer
) -> None:
    caught: list[int] = []

    def log() -> None:
        caught.append(len(caught))
        writer.add_point("caught", -len(caught))

    logged = 0
    for number in itertools.count():
        did = False
        for _ in range(4):
            now = happens_at(number, lambda: writer.add_point("loss", 1), is_ours, log)
            did, logged = did or now, logged + 1
        if not did:
            break
    assert number > 5
    assert writer.close().is_whole
    values = fake.points()
    assert values.count(1) == logged
    assert [value for value in values if value < 0] == [-1 - at for at in caught]


def test_lines_printed_by_a_signal_handler_arrive_once(
    fake: Any, writer: Writer
) -> None:
    caught = 0

    def say() -> None:
        nonlocal caught
        caught += 1
        print("caught")

    with StreamCapture(writer):
        for number in itertools.count():
            if not happens_at(number, lambda: print("usual"), is_ours, say):
                break
    assert number > 20
    assert writer.close().is_whole
    lines = fake.log().decode().split("\n")
    assert "".join(lines).count("usual") == number + 1
    assert "".join(lines).count("caught") == caught == number
    assert len(lines) == 2 * number + 2


def test_points_logged_by_an_exit_handler_are_stored(fake: Any, writer: Writer) -> None:
    def give_up() -> None:
        writer.add_point("caught", -1)
        writer.append_log("logs/user_log.txt", b"caught\n")
        raise SystemExit

    ends = 0
    for number in itertools.count():
        try:
            happens_at(number, lambda: writer.add_point("loss", 1), is_ours, give_up)
        except SystemExit:
            ends += 1
        else:
            break
    for number in itertools.count():
        act = lambda: writer.append_log("logs/user_log.txt", b"usual\n")  # noqa: E731
        try:
            happens_at(number, act, is_ours, give_up)
        except SystemExit:
            ends += 1
        else:
            break
    assert writer.close().is_whole
    assert fake.points().count(-1) == fake.log().count(b"caught\n") == ends
