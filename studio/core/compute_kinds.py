"""The kinds of compute targets, and the settings that targets of each kind have.

`agents` starts processes where the agent runs. The other kinds name an engine that the
agent reaches. The server stores the settings; only agents use them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.errors import InvalidValue
from studio.core.messages import message

#: More lines than any target needs, and longer ones.
MAX_LINES, MAX_LINE = 50, 1000
MAX_JOBS = 1000
DEFAULT_MAX_JOBS = 100
#: What the engines' commands take as one word; no blank, so that it stays one option.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:,@%=+*\[\]-]{0,254}")


@dataclass(frozen=True)
class Setting:
    """One setting of a kind: a `word`, a `count`, a `flag`, or `lines` of text."""

    name: str
    type: str
    label: str
    help: str


@dataclass(frozen=True)
class ComputeKind:
    """A kind of compute targets, as pages and the command line present it."""

    name: str
    label: str
    help: str
    settings: tuple[Setting, ...] = ()


_SLURM = (
    Setting(
        "partition", "word", message("Partition"), message("default: the cluster's")
    ),
    Setting("account", "word", message("Account"), message("who is charged")),
    Setting("qos", "word", message("Quality of service"), message("such as normal")),
    Setting("cpus", "count", message("Processors per run"), message("such as 8")),
    Setting("gpus", "word", message("GPUs per run"), message("such as 1 or a100:2")),
    Setting("memory", "word", message("Memory per run"), message("such as 16G")),
    Setting(
        "time_limit",
        "word",
        message("Time limit"),
        message("minutes, or days-hours:minutes:seconds"),
    ),
    Setting(
        "max_jobs",
        "count",
        message("Runs in the engine"),
        message("how many runs are queued or running there at a time; default 100"),
    ),
    Setting(
        "can_requeue",
        "flag",
        message("Queue lost runs again"),
        message("after a preemption or the loss of a node; else they are Failed"),
    ),
    Setting(
        "options",
        "lines",
        message("Further options"),
        message("one per line, such as --constraint=a100"),
    ),
    Setting(
        "setup",
        "lines",
        message("Setup"),
        message("shell lines before each run, such as module load cuda"),
    ),
)

#: One entry for each kind. `studio.agent.executors` has an executor for each.
COMPUTE_KINDS = {
    kind.name: kind
    for kind in (
        ComputeKind(
            "agents",
            message("Agents"),
            message("processes on the machines where agents run"),
        ),
        ComputeKind(
            "slurm",
            message("Slurm"),
            message("jobs of a Slurm cluster, submitted by an agent on a login node"),
            _SLURM,
        ),
    )
}


def check_kind(name: str) -> ComputeKind:
    """The kind of this name. Raises InvalidValue that lists the kinds."""
    if name not in COMPUTE_KINDS:
        raise InvalidValue(
            message("kind must be one of %(kinds)s.", kinds=", ".join(COMPUTE_KINDS)),
            field="kind",
        )
    return COMPUTE_KINDS[name]


def check_settings(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without empty ones. Raises InvalidValue that names the setting."""
    known = {one.name: one for one in check_kind(kind).settings}
    checked = {}
    for name, value in settings.items():
        if name not in known:
            raise InvalidValue(
                message(
                    "Compute targets of the kind %(kind)s have no %(name)s.",
                    kind=kind,
                    name=name,
                ),
                field=f"settings.{name}"[:100],
            )
        if value not in (None, "", []):
            checked[name] = _CHECKS[known[name].type](f"settings.{name}", value)
    return checked


def _check_word(field: str, value: Any) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise InvalidValue(
            message("%(field)s must be one word, without blanks.", field=field),
            field=field,
        )
    return value


def _check_count(field: str, value: Any) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not 1 <= value <= MAX_JOBS:
        raise InvalidValue(
            message(
                "%(field)s must be a whole number from 1 to %(limit)s.",
                field=field,
                limit=MAX_JOBS,
            ),
            field=field,
        )
    return int(value)


def _check_flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(
            message("%(field)s must be true or false.", field=field),
            field=field,
        )
    return value


def _check_lines(field: str, value: Any) -> list[str]:
    is_list = isinstance(value, list) and len(value) <= MAX_LINES
    if not is_list or not all(_is_line(line) for line in value):
        raise InvalidValue(
            message(
                "%(field)s must be a list of at most %(count)s lines of at most "
                "%(length)s characters.",
                field=field,
                count=MAX_LINES,
                length=MAX_LINE,
            ),
            field=field,
        )
    return list(value)


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_LINE and value.isprintable()


_CHECKS = {
    "word": _check_word,
    "count": _check_count,
    "flag": _check_flag,
    "lines": _check_lines,
}
