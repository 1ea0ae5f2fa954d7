"""The kinds of compute targets, and the settings that targets of each kind have.

`agents` starts processes where the agent runs. The other kinds name an engine that the
agent reaches. The server stores the settings; only agents use them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True)
class ComputeKind:
    """A kind of compute targets, as pages and the command line present it."""

    name: str
    label: str
    help: str
    settings: tuple[Setting, ...] = ()


#: What each means stands in docs/user/compute.md.
_SLURM = (
    Setting("partition", "word"),
    Setting("account", "word"),
    Setting("qos", "word"),
    Setting("cpus", "count"),
    Setting("gpus", "word"),
    Setting("memory", "word"),
    Setting("time_limit", "word"),
    Setting("max_jobs", "count"),
    Setting("can_requeue", "flag"),
    Setting("options", "lines"),
    Setting("setup", "lines"),
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


def parse_settings(kind: str, lines: Sequence[str]) -> dict[str, Any]:
    """The settings of lines `NAME=VALUE`; names of lists can be repeated.

    Raises InvalidValue.
    """
    types = {one.name: one.type for one in check_kind(kind).settings}
    found: dict[str, Any] = {}
    for line in lines:
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            raise InvalidValue(
                message(
                    "Settings are lines NAME=VALUE, not %(line)s.", line=line[:100]
                ),
                field="settings",
            )
        if types.get(name) == "lines":
            found.setdefault(name, []).append(value)
        elif types.get(name) == "count" and value.isdecimal() and len(value) < 10:
            found[name] = int(value)
        elif types.get(name) == "flag" and value in ("true", "false"):
            found[name] = value == "true"
        else:
            found[name] = value
    return check_settings(kind, found)


def print_settings(settings: Mapping[str, Any]) -> list[str]:
    """The lines that `parse_settings` reads."""
    lines = []
    for name, value in settings.items():
        for one in value if isinstance(value, list) else [value]:
            text = str(one).lower() if isinstance(one, bool) else str(one)
            lines.append(f"{name}={text}")
    return lines


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
