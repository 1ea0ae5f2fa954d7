"""Processes of one distributed training: torchrun, mpirun, srun.

They are started by one command and share no process with a run. Rank 0 creates it, the
others find it by an id that all derive from what the command gave them.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: The variables of each launcher: rank, number of ranks, number of those on this
#: machine.
_LAUNCHERS = (
    ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    ("PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"),
    ("PMIX_RANK", "PMIX_SIZE", "PMIX_LOCAL_SIZE"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE"),
)
#: What the ranks of one start share, and another start does not.
_SHARED_BY_RANKS = (
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "MASTER_ADDR",
    "MASTER_PORT",
    "PMIX_NAMESPACE",
    "OMPI_MCA_ess_base_jobid",
    "PMI_JOBID",
    "SLURM_JOB_ID",
    "SLURM_STEP_ID",
    "SLURM_RESTART_COUNT",
)
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_NAMESPACE = uuid.UUID("6f0a3d0e-6c4e-4a53-9f0b-0d7b6f1c2a55")


@dataclass(frozen=True)
class RankGroup:
    """The ranks of one start, as one of them sees it."""

    rank: int
    key: str

    def run_id(self, attempt: int) -> str:
        """The id of their run; the next attempt where the run of that id has ended."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.key}\n{attempt}"))


def find_rank_group(
    environment: Mapping[str, str] | None = None,
) -> RankGroup | None:
    """The group of this process; None if it is no rank, or the only one."""
    env = os.environ if environment is None else environment
    for rank_name, size_name, local_name in _LAUNCHERS:
        rank, size = _read_number(env, rank_name), _read_number(env, size_name)
        if rank is not None and size is not None and size > 1:
            return RankGroup(rank, _shared_key(env, size, env.get(local_name, "")))
    return None


def _read_number(env: Mapping[str, str], name: str) -> int | None:
    text = env.get(name, "").strip()
    return int(text) if text.isdecimal() else None


def _shared_key(env: Mapping[str, str], size: int, local_size: str) -> str:
    parts = [f"{name}={env.get(name, '')}" for name in _SHARED_BY_RANKS]
    is_one_machine = env.get("MASTER_ADDR", "") in _LOCAL_NAMES
    if is_one_machine or local_size == str(size):
        # All ranks are on this machine and were started by one process.
        parts += [socket.gethostname(), _identify_parent()]
    return "\n".join(parts)


def _identify_parent() -> str:
    """The parent's process id and start: another process can get the same id."""
    parent = os.getppid()
    try:
        stat = Path(f"/proc/{parent}/stat").read_text(encoding="utf-8")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8")
    except OSError:
        return str(parent)
    # The name of the command can contain blanks and parentheses.
    started = stat.rpartition(")")[2].split()[19]
    return f"{boot.strip()} {parent} {started}"
