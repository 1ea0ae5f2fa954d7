"""One process that mpirun starts: `python -m studio.runner.mpi_rank -- WORDS`.

Its output goes to the log of its rank. A process that fails also prints the end of its
log, so that the run's own log shows the error.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from studio.runner.ranks import LOG_FOLDER, RANK_LOGS_VARIABLE, log_path, print_end
from studio.sdk.process_tree import die_with_parent

MPIRUN = "mpirun"
#: The number of a process, as Open MPI, MPICH and its variants, and Slurm name it.
RANK_VARIABLES = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID")


def mpi_command(
    count: int, words: Sequence[str], python: str = sys.executable
) -> list[str]:
    """The command that starts the words `count` times with mpirun."""
    rank = [python, "-m", "studio.runner.mpi_rank", "--", *words]
    return [MPIRUN, "-n", str(count), *rank]


def find_rank(environment: Mapping[str, str]) -> int:
    """The number of this process; 0 if no MPI numbers it."""
    found = [environment[name] for name in RANK_VARIABLES if name in environment]
    return int(found[0]) if found and found[0].isdigit() else 0


def run_rank(words: Sequence[str]) -> int:
    """Run the words to their end; return the exit code."""
    rank = find_rank(os.environ)
    Path(LOG_FOLDER).mkdir(exist_ok=True)
    # All that it prints goes to its log.
    os.environ.pop(RANK_LOGS_VARIABLE, None)
    with Path(log_path(rank)).open("ab") as log:
        process = subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, pass_on)
    code = process.wait()
    if code:
        print_end(rank, code)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(run_rank(sys.argv[2:]))
