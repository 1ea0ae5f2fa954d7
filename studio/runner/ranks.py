"""The ranks of one training on a machine: `python -m studio.runner.ranks N -- WORDS`.

Each gets PyTorch's variables, and a log of its own. A rank
that fails ends the others, which would wait for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: The logs, in the working copy and in the run.
LOG_FOLDER = "user_logs"
#: The folder for logs of ranks that the command starts itself.
RANK_LOGS_VARIABLE = "STUDIO_RANK_LOGS"
#: How long other ranks have to end after SIGTERM, once one has failed.
TERMINATE_SECONDS = 10.0
POLL_SECONDS = 0.1
#: How much later than its ranks a process may receive the signal that stops them all.
SIGNAL_SECONDS = 1.0
TAIL_BYTES = 8 * 1024


@dataclass(frozen=True)
class RankPlacement:
    """The ranks of this machine, of `world_size` in all, and where rank 0 listens."""

    ranks: range
    world_size: int
    node: int
    address: str
    port: int


def log_path(rank: int) -> str:
    return f"{LOG_FOLDER}/std_log_process_{rank}.txt"


def ranks_command(
    count: int, words: Sequence[str], python: str = sys.executable
) -> list[str]:
    """The command that starts the words `count` times."""
    return [python, "-m", "studio.runner.ranks", str(count), "--", *words]


def run_ranks(placement: RankPlacement, words: Sequence[str]) -> int:
    """Run these ranks to their end; the exit code of the first that fails, else 0."""
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # The ranks are in the same process group and get it, too.
        signal.signal(number, lambda number, _frame: received.append(number))
    Path(LOG_FOLDER).mkdir(exist_ok=True)
    ranks = [_start_rank(rank, placement, words) for rank in placement.ranks]
    failed = _wait_for_failure(ranks)
    if failed is None:
        return 0
    _end_others(ranks)
    code = ranks[failed].returncode
    # A rank that was stopped has no error that explains anything. Who stops all
    # processes of a node may reach the rank some moments before this one.
    if code >= 0 or not _receives(received):
        print_end(placement.ranks[failed], code)
    return 128 - code if code < 0 else code


def print_end(rank: int, code: int) -> None:
    """Print the end of the rank's log, and its exit code."""
    with Path(log_path(rank)).open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL_BYTES))
        sys.stdout.buffer.write(log.read())
    sys.stdout.write(f"\nRank {rank} ended with exit code {code}.\n")
    sys.stdout.flush()


def _start_rank(
    rank: int, placement: RankPlacement, words: Sequence[str]
) -> subprocess.Popen[bytes]:
    variables = {
        "RANK": rank,
        "LOCAL_RANK": rank - placement.ranks.start,
        "NODE_RANK": placement.node,
        "WORLD_SIZE": placement.world_size,
        "LOCAL_WORLD_SIZE": len(placement.ranks),
        "MASTER_ADDR": placement.address,
        "MASTER_PORT": placement.port,
    }
    environment = {**os.environ, **{key: str(one) for key, one in variables.items()}}
    # All that it prints goes to its log.
    environment.pop(RANK_LOGS_VARIABLE, None)
    with Path(log_path(rank)).open("ab") as log:
        return subprocess.Popen(
            list(words),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _wait_for_failure(ranks: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """The first rank that fails; None if all succeed."""
    while True:
        codes = [one.poll() for one in ranks]
        for rank, code in enumerate(codes):
            if code:
                return rank
        if None not in codes:
            return None
        time.sleep(POLL_SECONDS)


def _receives(received: Sequence[int]) -> bool:
    """Whether a signal has come, or comes within SIGNAL_SECONDS."""
    end = time.monotonic() + SIGNAL_SECONDS
    while not received and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    return bool(received)


def _end_others(ranks: Sequence[subprocess.Popen[bytes]]) -> None:
    end = time.monotonic() + TERMINATE_SECONDS
    for one in ranks:
        one.terminate()
    for one in ranks:
        with contextlib.suppress(subprocess.TimeoutExpired):
            one.wait(max(0.0, end - time.monotonic()))
        one.kill()
        one.wait()


def find_free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as found:
        found.bind(("", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    count = int(sys.argv[1])
    here = RankPlacement(range(count), count, 0, "127.0.0.1", find_free_port())
    sys.exit(run_ranks(here, sys.argv[3:]))
