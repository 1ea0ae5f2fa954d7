"""What the address of the Compute page chooses: the queue and the lists' lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

#: Queued runs of each target; and of one target, or after *Show more*.
QUEUE_ROWS, MORE_QUEUE_ROWS = 5, 100
#: Running runs that are shown; and after *Show more*.
RUNNING_ROWS, MORE_RUNNING_ROWS = 10, 200
#: Changes of targets, agents, secrets and environments; and after *Show older*.
CHANGE_ROWS, MORE_CHANGE_ROWS = 10, 100
#: The limit of rows of one list on a page.
MAX_ROWS = 2_000
#: Targets with more agents are closed until they are opened.
MAX_OPEN_AGENTS = 8


@dataclass(frozen=True)
class ComputeState:
    #: The target whose queue is shown; empty for all.
    target: str = ""
    queue: int = 0
    running: int = RUNNING_ROWS
    changes: int = CHANGE_ROWS
    #: Targets that are open although they have many agents, or closed otherwise.
    toggled: frozenset[str] = frozenset()

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> ComputeState:
        """Read the state; what can't be read means the default."""
        target = parameters.get("target", "")
        return cls(
            target,
            _read_count(parameters.get("queue", "")),
            _read_count(parameters.get("running", "")) or RUNNING_ROWS,
            _read_count(parameters.get("changes", "")) or CHANGE_ROWS,
            frozenset(filter(None, parameters.get("toggle", "").split(","))),
        )

    @property
    def queue_rows(self) -> int:
        """How many queued runs of each target are shown."""
        return self.queue or (MORE_QUEUE_ROWS if self.target else QUEUE_ROWS)

    def is_open(self, target: str, agents: int) -> bool:
        return bool(agents) and (agents <= MAX_OPEN_AGENTS) != (target in self.toggled)

    def query(self) -> str:
        pairs = {
            "target": self.target,
            "queue": self.queue,
            "running": self.running if self.running != RUNNING_ROWS else 0,
            "changes": self.changes if self.changes != CHANGE_ROWS else 0,
            "toggle": ",".join(sorted(self.toggled)),
        }
        query = urlencode({k: v for k, v in pairs.items() if v}, safe=",")
        return f"?{query}" if query else ""

    def toggle(self, target: str) -> ComputeState:
        return replace(self, toggled=self.toggled ^ {target})

    def with_queue_of(self, target: str) -> ComputeState:
        return replace(self, target=target, queue=0)

    def with_more_queued(self, target: str) -> ComputeState:
        """Show more of one target's queue: the first step shows it alone."""
        more = self.queue_rows + MORE_QUEUE_ROWS if self.target == target else 0
        return replace(self, target=target, queue=min(more, MAX_ROWS))

    def with_more_running(self) -> ComputeState:
        more = self.running + MORE_RUNNING_ROWS
        return replace(self, running=min(more, MAX_ROWS))

    def with_more_changes(self) -> ComputeState:
        more = self.changes + MORE_CHANGE_ROWS
        return replace(self, changes=min(more, MAX_ROWS))


def _read_count(text: str) -> int:
    is_count = text.isascii() and text.isdigit() and len(text) <= 5
    return min(int(text), MAX_ROWS) if is_count else 0
