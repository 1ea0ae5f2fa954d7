"""The spool's files: records are told from what a kill or damage leaves."""

from __future__ import annotations

import errno
import itertools
import os
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.sdk.delivery import spool as module
from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.spool_segments import pack_frame, read_frames
from tests.parts.interrupting import interrupted_at


def drained(spool: Spool) -> list[bytes]:
    found: list[bytes] = []
    while True:
        first, payloads = spool.read(7, 64)
        assert first == spool.delivered
        if not payloads:
            return found
        found += payloads
        spool.acknowledge(first + len(payloads))


def fill(folder: Path, count: int) -> Spool:
    spool = Spool(folder, "rows")
    for number in range(count):
        assert spool.append(b"record %d" % number)
    return spool


def records(count: int) -> list[bytes]:
    return [b"record %d" % number for number in range(count)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 100)


def test_records_are_read_in_order(tmp_path: Path, small: None) -> None:
    assert drained(fill(tmp_path, 100)) == records(100)


def test_a_later_process_reads_the_records(tmp_path: Path, small: None) -> None:
    fill(tmp_path, 100)
    assert drained(Spool.reopen(tmp_path, "rows")) == records(100)


def test_delivered_segments_are_removed_except_the_last(
    tmp_path: Path, small: None
) -> None:
    spool = fill(tmp_path, 100)
    drained(spool)
    assert len(list(tmp_path.iterdir())) == 1
    assert Spool.reopen(tmp_path, "rows").appended == 100


@pytest.mark.parametrize("cut", range(1, 17))
def test_an_incomplete_last_record_is_ignored(tmp_path: Path, cut: int) -> None:
    fill(tmp_path, 10)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    assert drained(Spool.reopen(tmp_path, "rows")) == records(9)


def test_damaged_records_are_counted_and_the_rest_is_delivered(
    tmp_path: Path, small: None
) -> None:
    fill(tmp_path, 100)
    path = sorted(tmp_path.iterdir())[1]
    path.write_bytes(b"\0" * 50)
    spool = Spool.reopen(tmp_path, "rows")
    found: list[bytes] = []
    while spool.waiting:
        first, payloads = spool.read(7, 64)
        found += payloads
        spool.acknowledge(first + len(payloads))
    assert spool.damaged > 0
    assert len(found) + spool.damaged == 100
    assert set(found) < set(records(100))


def test_a_segment_ends_with_the_record_that_fills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_records = 2 * len(pack_frame(b"record 0"))
    monkeypatch.setattr(module, "SEGMENT_BYTES", two_records)
    fill(tmp_path, 4)
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert sizes == [two_records, two_records]


def test_a_count_that_is_interrupted_too_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_words: object) -> bytes:
        raise KeyboardInterrupt

    def write_and_interrupt(handle: int, data: bytes) -> int:
        os.write(handle, data)
        raise KeyboardInterrupt

    spool = fill(tmp_path, 3)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_write", write_and_interrupt)
        patch.setattr(module, "read_bytes", interrupt)
        with pytest.raises(KeyboardInterrupt):
            spool.append(b"record 3")
    assert spool.append(b"record 4")
    assert drained(spool) == records(5)
    assert spool.lost == spool.damaged == 0


def test_memory_holds_no_more_than_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_MEMORY_BYTES", 20)
    monkeypatch.setattr(module, "_write", no_room)
    spool = Spool(tmp_path, "rows", len)
    assert [spool.append(b"0123456789") for _ in range(3)] == [True, True, False]
    assert (spool.waiting, spool.lost) == (2, 10)
    # What is delivered from memory makes room.
    assert spool.read(1, 1) == (0, [b"0123456789"])
    spool.acknowledge(1)
    assert [spool.append(b"9876543210") for _ in range(2)] == [True, False]
    assert spool.read(9, 1) == (1, [b"0123456789", b"9876543210"])
    spool.close()
    assert (spool.waiting, spool.lost, spool.appended) == (0, 40, 1)


def test_the_disk_is_tried_again_a_while_after_it_was_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock:
        now = 1000.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "_write", no_room)
    spool = Spool(tmp_path, "rows")
    assert spool.append(b"record 0")
    monkeypatch.setattr(module, "_write", os.write)
    clock.now += module.RETRY_SECONDS / 2
    assert spool.append(b"record 1")
    assert drained(Spool.reopen(tmp_path, "rows")) == []
    clock.now += module.RETRY_SECONDS
    assert spool.append(b"record 2")
    assert drained(Spool.reopen(tmp_path, "rows")) == records(3)
    assert spool.lost == 0


@given(
    st.lists(st.binary(min_size=1, max_size=60), max_size=60),
    st.lists(st.integers(0, 12), min_size=1, max_size=30),
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_records_can_be_acknowledged_in_any_steps(
    tmp_path_factory: pytest.TempPathFactory,
    payloads: list[bytes],
    parts: list[int],
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool"), "rows")
    for payload in payloads:
        spool.append(payload)
    taken = 0
    for part in parts:
        first, some = spool.read(10, 100)
        assert first == taken
        assert list(some) == payloads[taken : taken + len(some)]
        taken = min(len(payloads), taken + part)
        spool.acknowledge(taken)
    spool.close()


def test_reading_stops_at_a_wrong_checksum() -> None:
    data = pack_frame(b"one") + pack_frame(b"two")
    broken = data[:-1] + b"?"
    assert read_frames(broken) == ([b"one"], len(pack_frame(b"one")))


def no_room(_handle: int, _data: bytes) -> int:
    raise OSError(errno.ENOSPC, "full")


HERE = str(module.__file__)


@pytest.mark.parametrize("waits", [False, True], ids=["on disk", "after a full disk"])
def test_an_interrupt_at_any_step_neither_loses_nor_repeats_records(
    tmp_path: Path, small: None, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    for number in itertools.count():
        folder = tmp_path / str(number)
        folder.mkdir()
        # The next record fills the first segment.
        spool, kept = fill(folder, 6), records(6)
        if waits:
            monkeypatch.setattr(module, "_write", no_room)
            assert spool.append(b"first in memory")
            assert spool.append(b"second")
            kept += [b"first in memory", b"second"]
            monkeypatch.setattr(module, "_write", os.write)
        was_stopped = interrupted_at(
            number, partial(spool.append, b"stopped"), lambda name: name == HERE
        )
        assert spool.append(b"after")
        found = drained(spool)
        assert found in ([*kept, b"after"], [*kept, b"stopped", b"after"])
        assert spool.waiting == spool.lost == spool.damaged == 0
        if not was_stopped:
            break
    assert number > 5
