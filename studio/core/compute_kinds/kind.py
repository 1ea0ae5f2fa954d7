"""What a kind of compute targets is: its name, its settings, a preview of a start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: How many jobs an engine gets at a time, unless the target sets `max_jobs`.
DEFAULT_MAX_JOBS = 100


@dataclass(frozen=True)
class Setting:
    """One setting of a kind.

    `type` is an address, a count, a duration, a flag, a number, a path, a port, a size
    or a word. The types lines, numbers and variables are lists of texts.
    """

    name: str
    type: str
    is_required: bool = False


@dataclass(frozen=True)
class ComputeKind:
    """A kind of compute targets, as pages and the command line present it.

    `preview` returns what an agent would give to the engine for a run.
    """

    name: str
    label: str
    help: str
    settings: tuple[Setting, ...] = ()
    preview: Callable[[Mapping[str, Any]], str] | None = None
    default_jobs: int = DEFAULT_MAX_JOBS
