"""Whether the system killed a process because memory ran out, and the peak before.

Linux counts such kills: for the control group of this process (cgroup v2:
`memory.events`, v1: `memory.oom_control`), and for the whole machine (`/proc/vmstat`).
"""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
#: What a shell, or a container's engine, makes of a process that was killed.
KILLED_EXIT_CODE = 128 + signal.SIGKILL
#: A kill that was counted up to twice as long ago can be that of a process just ended.
RECENT_SECONDS = 5.0


@dataclass(frozen=True)
class MemoryWatch:
    """The counts when a command begins."""

    group: Path | None
    kills_in_group: int
    kills_on_machine: int

    @classmethod
    def begin(cls) -> MemoryWatch:
        group = find_group()
        return cls(group, _kills_in(group), _kills_on_machine())

    def explain(self, code: int, *, is_in_container: bool = False) -> str:
        """Why a command with this exit status was killed; empty if not for memory.

        A negative status is that of a signal. A container has a limit of its own.
        """
        if code not in (-signal.SIGKILL, KILLED_EXIT_CODE):
            return ""
        if _kills_in(self.group) > self.kills_in_group:
            used, limit = _peak_of(self.group), _limit_of(self.group)
            return f"the memory limit was reached.{_describe_peak(used, limit)}"
        if _kills_on_machine() > self.kills_on_machine and is_in_container:
            return "memory ran out in the container or on its machine."
        if _kills_on_machine() > self.kills_on_machine:
            return f"the machine ran out of memory.{_describe_peak(peak_of_commands())}"
        return ""


class RecentMemory:
    """What `MemoryWatch` counted shortly before now, for a process that runs for long.

    Kills that are older can be those of other processes.
    """

    def __init__(self) -> None:
        self._older = self._newer = MemoryWatch.begin()
        self._since = time.monotonic()

    def note_life(self) -> None:
        """The process lives; call it repeatedly."""
        now = time.monotonic()
        if now - self._since > RECENT_SECONDS:
            # The system counts a kill before the process is gone.
            self._older, self._newer = self._newer, MemoryWatch.begin()
            self._since = now

    def explain(self, code: int) -> str:
        """As MemoryWatch.explain."""
        return self._older.explain(code)


def find_group() -> Path | None:
    """The folder of this process's control group for memory; None if it has none."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _number, controllers, path = line.split(":", 2)
            root = _CGROUPS if not controllers else _CGROUPS / "memory"
            folder = root / path.lstrip("/")
            names = ("memory.events",) if not controllers else ("memory.oom_control",)
            is_for_memory = not controllers or "memory" in controllers.split(",")
            if is_for_memory and all((folder / name).exists() for name in names):
                return folder
    return None


def peak_of_commands() -> int:
    """The most bytes that one process below this one had."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    # macOS counts bytes, Linux KiB.
    return peak if sys.platform == "darwin" else peak * 1024


def _kills_in(group: Path | None) -> int:
    if group is None:
        return 0
    names = ("memory.events", "memory.oom_control")
    return max(_read_count(group / name, "oom_kill") for name in names)


def _kills_on_machine() -> int:
    return _read_count(Path("/proc/vmstat"), "oom_kill")


def _read_count(path: Path, name: str) -> int:
    """The number after the name in a file of `name number` lines; 0 without it."""
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            words = line.split()
            if len(words) == 2 and words[0] == name:
                return int(words[1])
    return 0


def _peak_of(group: Path | None) -> int:
    return _read_number(group, "memory.peak", "memory.max_usage_in_bytes")


def _limit_of(group: Path | None) -> int:
    return _read_number(group, "memory.max", "memory.limit_in_bytes")


def _read_number(group: Path | None, *names: str) -> int:
    """The content of the first of these files that is a number; else 0."""
    for name in names if group else ():
        with contextlib.suppress(OSError, ValueError):
            return int((Path(str(group)) / name).read_text())
    return 0


def _describe_peak(used: int, limit: int = 0) -> str:
    if not used:
        return ""
    mib = 1024 * 1024
    # Without a limit, version 1 has a number that no machine reaches.
    of_limit = f" of {limit // mib} MB" if 0 < limit < 1 << 60 else ""
    return f" The peak was {used // mib} MB{of_limit}."
