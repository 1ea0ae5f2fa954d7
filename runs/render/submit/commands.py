"""The command line that submits the same run or sweep."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.core.sweep_space import (
    RANDOM,
    swept_arguments,
    values_of_arguments,
    without_arguments,
)

_CONTINUED = " \\\n  "


@dataclass(frozen=True)
class TerminalSweep:
    """The values as they were typed, by the names of their arguments."""

    values: Mapping[str, str]
    sampling: str
    count: str
    at_once: str


def terminal_command(
    definition: Mapping[str, Any],
    *,
    experiment: str,
    run_id: str = "",
    before: Mapping[str, Any] | None = None,
    experiment_before: str = "",
    sweep: TerminalSweep | None = None,
    name: str = "",
) -> str:
    """Return `studio run resubmit …` for a known run, else `submit-script …`.

    Empty if no command says the same: arguments were removed, or the environment or
    the program was changed.
    """
    options: list[list[str]] = [["--target", str(definition.get("target") or "local")]]
    if experiment and experiment != experiment_before:
        options.append(["--experiment-name", experiment])
    if before is None:
        if sweep is not None or not definition.get("script"):
            return ""
        words = [definition["script"], *definition.get("arguments", ())]
        return _joined(["studio run submit-script"], options, words)
    changed = _changed_arguments(before, definition, sweep)
    if changed is None or not _is_same_otherwise(before, definition):
        return ""
    options += [["--set", f"{key}={value}"] for key, value in changed.items()]
    if sweep is not None:
        options += _sweep_options(sweep)
    if name:
        options.append(["--name", name])
    return _joined(["studio run resubmit", shlex.quote(run_id)], options, [])


def _sweep_options(sweep: TerminalSweep) -> list[list[str]]:
    options = [
        ["--sweep", f"{name.lstrip('-')}={_compact(text)}"]
        for name, text in sweep.values.items()
    ]
    if sweep.sampling == RANDOM:
        options.append(["--sampling", RANDOM])
        options.append(["--count", sweep.count])
    if sweep.at_once:
        options.append(["--at-once", sweep.at_once])
    return options


def _compact(text: str) -> str:
    """Values without blanks after commas, where nothing is quoted."""
    return (
        text if "'" in text or '"' in text else ",".join(text.replace(",", " ").split())
    )


def _changed_arguments(
    before: Mapping[str, Any], now: Mapping[str, Any], sweep: TerminalSweep | None
) -> dict[str, str] | None:
    """Return the arguments whose values changed; None if more than values did."""
    swept = set(sweep.values) if sweep else set()
    old, new = list(before.get("arguments", ())), list(now.get("arguments", ()))
    changed = {
        name.lstrip("-"): value
        for name, value in values_of_arguments(new).items()
        if name not in swept and values_of_arguments(old).get(name) != value
    }
    replaced = swept_arguments(old, {f"--{k}": v for k, v in changed.items()})
    same = without_arguments(replaced, swept) == without_arguments(new, swept)
    return changed if same else None


def _is_same_otherwise(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    ignored = ("arguments", "target", "maxAttempts")
    keys = {*before, *now} - set(ignored)
    return all((before.get(key) or None) == (now.get(key) or None) for key in keys)


def _joined(command: list[str], options: list[list[str]], words: Sequence[str]) -> str:
    parts = [" ".join(command)]
    parts += [shlex.join(option) for option in options]
    if words:
        parts.append(shlex.join(words))
    text = " ".join(parts)
    return text if len(text) <= 60 else _CONTINUED.join(parts)
