"""A clock that jumps, a disk that is really full."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.script_actor import Actor


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("There is no mount here")
    if done.returncode:
        pytest.skip(f"No file system may be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_file_system_loses_only_what_is_reported(
    actor: Actor, small_disk: Path
) -> None:
    run_id = actor.new_run()
    done = actor.run(
        """
        writer = Writer.open(client, run_id, offline=True)
        for number in range(100_000):
            writer.add_point("loss", number)
        print(writer.close("Completed").waiting)
        """,
        run_id,
        STUDIO_SPOOL=str(small_disk),
    )
    kept = int(done.stdout)
    assert 10_000 < kept < 100_000
    assert done.returncode == 74
    assert f"The disk was full; lost: {100_000 - kept:,} points." in done.stderr
    synced = actor.sync(STUDIO_SPOOL=str(small_disk))
    assert actor.values(run_id) == list(range(kept))
    assert f"missing: {100_000 - kept:,} points" in synced.stdout
    assert actor.status(run_id) == "Completed"


def test_a_full_file_system_reports_each_kind_of_loss_once(
    actor: Actor, small_disk: Path
) -> None:
    run_id = actor.new_run()
    done = actor.run(
        """
        import json
        writer = Writer.open(client, run_id, offline=True)
        Path("model.bin").write_bytes(b"w" * 3000)
        for number in range(4000):
            for _ in range(10):
                writer.add_point("loss", number)
            writer.append_log("logs/user_log.txt", b"x" * 2999 + b"\\n")
            if number % 10 == 0:
                writer.add_file("model.bin", f"outputs/{number}.bin")
                body = {"set": {f"tag{number % 90}": "v" * 500}}
                writer.record_request("POST", f"runs/{run_id}/tags", body)
        receipt = writer.close("Completed")
        gone = receipt.gone
        print(json.dumps([gone.points, gone.files, gone.log_bytes, gone.changes]))
        sent = (receipt.points.sent, receipt.files.sent, receipt.log_bytes.sent)
        assert sent == (40_000, 400, 12_000_000), sent
        """,
        run_id,
        STUDIO_SPOOL=str(small_disk),
    )
    assert done.returncode == 74, done.stderr
    points, files, log_bytes, changes = json.loads(done.stdout)
    assert points
    assert log_bytes > 2_000_000
    synced = actor.sync(STUDIO_SPOOL=str(small_disk))
    receipt = actor.client.get(f"runs/{run_id}/receipt")
    for sort, sent, gone in (
        ("points", 40_000, points),
        ("files", 400, files),
        ("log_bytes", 12_000_000, log_bytes),
    ):
        assert receipt[sort] == {"sent": sent, "stored": sent - gone, "missing": gone}
    assert ("change" in synced.stdout) == bool(changes)
    assert actor.status(run_id) == "Completed"


#: A system clock that changes while the script runs.
CLOCK = """
import time
class clock:
    true, jump = time.time, 0
time.time = lambda: clock.true() + clock.jump
"""


def test_a_clock_that_jumps_delays_nothing(actor: Actor) -> None:
    """A year back, then seventy on."""
    run_id = actor.new_run()
    done = actor.run(
        """
        writer = Writer.open(client, run_id)
        writer.add_point("loss", 0)
        for years in (-1, 70, -56):
            clock.jump = years * 365 * 86_400
            writer.add_point("loss", years)
            assert writer.flush(20)
        receipt = writer.close("Completed")
        print(receipt.is_whole)
        """,
        run_id,
        before=CLOCK,
    )
    assert done.stdout == "True\n", done.stderr
    assert actor.values(run_id) == [0, -1, 70, -56]
    assert actor.status(run_id) == "Completed"
