"""The command line that submits the same run or sweep."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.core.run_definition import environment_variables
from studio.core.sweeps import (
    GRID,
    MAXIMIZE,
    swept_definition,
    values_of_arguments,
    without_arguments,
)

_CONTINUED = " \\\n  "


@dataclass(frozen=True)
class Submission:
    """What a form or a run has that a command can say."""

    definition: Mapping[str, Any]
    experiment: str
    name: str
    tags: Mapping[str, str | None]


@dataclass(frozen=True)
class TerminalSweep:
    """The values as they were typed, by the names of their arguments."""

    values: Mapping[str, str]
    sampling: str
    count: str
    at_once: str
    metric: str = ""
    goal: str = MAXIMIZE
    #: As a command writes it.
    policy: str = ""
    minutes: str = ""


def submit_command(new: Submission) -> str:
    """Return `studio run submit-script …` for a script of the reader's folder.

    Empty if no command says the same: it has no option for packages and durations.
    """
    definition = new.definition
    has_more = definition.get("environment") or definition.get("maxRunDurationSeconds")
    if not definition.get("script") or has_more:
        return ""
    options = [_target_option(definition)]
    if new.experiment:
        options.append(["--experiment-name", new.experiment])
    if new.name:
        options.append(["--name", new.name])
    tags = _tag_options(new.tags)
    if tags is None:
        return ""
    options += tags
    options += _variable_options(environment_variables(definition))
    options += [["--secret", name] for name in definition.get("secrets") or ()]
    options += _number_options({}, definition)
    words = [definition["script"], *definition.get("arguments", ())]
    return _joined(["studio run submit-script"], options, words)


def resubmit_command(
    run_id: str, before: Submission, now: Submission, sweep: TerminalSweep | None
) -> str:
    """Return `studio run resubmit …` with an option for each difference.

    `before` has the tags that the command keeps. Empty if no command says the same:
    arguments, variables or tags were removed, or the environment, the secrets or the
    program were changed.
    """
    values = _changed_values(before.definition, now.definition, sweep)
    variables = _changed_variables(before.definition, now.definition)
    tags = _changed_tags(before.tags, now.tags)
    is_same = _is_same_otherwise(before.definition, now.definition)
    if values is None or variables is None or tags is None or not is_same:
        return ""
    options = [_target_option(now.definition)]
    if now.experiment != before.experiment:
        options.append(["--experiment-name", now.experiment])
    options += [["--set", f"{key}={value}"] for key, value in values.items()]
    options += _variable_options(variables)
    options += _number_options(before.definition, now.definition)
    if sweep is not None:
        options += _sweep_options(sweep)
    # Without it, the new run gets a name of its own.
    if now.name:
        options.append(["--name", now.name])
    options += tags
    return _joined(["studio run resubmit", shlex.quote(run_id)], options, [])


def _target_option(definition: Mapping[str, Any]) -> list[str]:
    return ["--target", str(definition.get("target") or "local")]


def _variable_options(variables: Mapping[str, str]) -> list[list[str]]:
    return [["--env", f"{name}={value}"] for name, value in variables.items()]


def _tag_options(tags: Mapping[str, str | None]) -> list[list[str]] | None:
    """Return the options; None for a tag whose key has an equals sign."""
    if any("=" in key for key in tags):
        return None
    return [
        ["--tag", key if value is None else f"{key}={value}"]
        for key, value in tags.items()
    ]


def _number_options(
    before: Mapping[str, Any], now: Mapping[str, Any]
) -> list[list[str]]:
    numbers = (("--max-attempts", "maxAttempts", 1), ("--priority", "priority", 0))
    return [
        [option, str(now.get(key) or default)]
        for option, key, default in numbers
        if (now.get(key) or default) != (before.get(key) or default)
    ]


def _changed_variables(
    before: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, str] | None:
    """Return the variables that were added or changed; None if some were removed."""
    old, new = environment_variables(before), environment_variables(now)
    if not old.keys() <= new.keys():
        return None
    return {name: value for name, value in new.items() if old.get(name) != value}


def _changed_tags(
    kept: Mapping[str, str | None], now: Mapping[str, str | None]
) -> list[list[str]] | None:
    """Return options for tags that were added or changed; None if some were removed."""
    if not kept.keys() <= now.keys():
        return None
    return _tag_options(
        {
            key: value
            for key, value in now.items()
            if key not in kept or kept[key] != value
        }
    )


def _sweep_options(sweep: TerminalSweep) -> list[list[str]]:
    options = [
        ["--sweep", f"{name.lstrip('-')}={_compact(text)}"]
        for name, text in sweep.values.items()
    ]
    if sweep.sampling != GRID:
        options.append(["--sampling", sweep.sampling])
    found = {
        "--count": sweep.count if sweep.sampling != GRID else "",
        "--at-once": sweep.at_once,
        "--metric": sweep.metric,
        "--goal": sweep.goal if sweep.metric and sweep.goal != MAXIMIZE else "",
        "--stop-early": sweep.policy,
        "--max-minutes": sweep.minutes,
    }
    return [*options, *([name, value] for name, value in found.items() if value)]


def _compact(text: str) -> str:
    """Values without blanks after commas, where nothing is quoted."""
    return (
        text if "'" in text or '"' in text else ",".join(text.replace(",", " ").split())
    )


def _changed_values(
    before: Mapping[str, Any], now: Mapping[str, Any], sweep: TerminalSweep | None
) -> dict[str, str] | None:
    """Return the arguments whose values changed; None if more than values did."""
    swept = set(sweep.values) if sweep else set()
    old = values_of_arguments(before.get("arguments", ()))
    changed = {
        name: value
        for name, value in values_of_arguments(now.get("arguments", ())).items()
        if name not in swept and old.get(name) != value
    }
    expected = swept_definition(before, changed)
    is_same = without_arguments(expected["arguments"], swept) == without_arguments(
        now.get("arguments", ()), swept
    )
    if not is_same or expected.get("command") != now.get("command"):
        return None
    return {name.lstrip("-"): value for name, value in changed.items()}


def _is_same_otherwise(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    ignored = ("arguments", "target", "maxAttempts", "priority")
    keys = {*before, *now} - {*ignored, "environment", "environmentVariables"}
    is_same = all((before.get(key) or None) == (now.get(key) or None) for key in keys)
    return is_same and _environment_of(before) == _environment_of(now)


def _environment_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    environment = dict(definition.get("environment") or {})
    environment.pop("environmentVariables", None)
    return environment


def _joined(command: list[str], options: list[list[str]], words: Sequence[str]) -> str:
    parts = [" ".join(command)]
    parts += [shlex.join(option) for option in options]
    if words:
        parts.append(shlex.join(words))
    text = " ".join(parts)
    return text if len(text) <= 60 else _CONTINUED.join(parts)
