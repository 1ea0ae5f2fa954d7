"""Where the values of a sweep stand: in the command line, the definition, the tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


def swept_arguments(words: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The command line with these values: in their places, or else at its end."""
    result = list(words)
    for name, value in values.items():
        _set_argument(result, name, value)
    return result


def swept_definition(
    definition: Mapping[str, Any], values: Mapping[str, str]
) -> dict[str, Any]:
    """A run's definition with these values, each where its argument stands.

    That is in `arguments`, or else in a `command` of words. Other arguments are added
    at the end.
    """
    command = definition.get("command")
    words = list(command) if isinstance(command, list) else None
    arguments = list(definition.get("arguments") or ())
    for name, value in values.items():
        is_in_command = (
            words is not None
            and _find_argument(arguments, name) is None
            and _find_argument(words, name) is not None
        )
        _set_argument(words if words and is_in_command else arguments, name, value)
    changed: dict[str, Any] = {**definition, "arguments": arguments}
    return changed if words is None else {**changed, "command": words}


def without_arguments(words: Sequence[str], names: Iterable[str]) -> list[str]:
    """The command line without these arguments and their values."""
    result = list(words)
    for name in names:
        at = _find_argument(result, name)
        while at is not None:
            takes_next = result[at] == name and _has_value(result, at)
            del result[at : at + (2 if takes_next else 1)]
            at = _find_argument(result, name)
    return result


def values_of_arguments(words: Sequence[str]) -> dict[str, str]:
    """The values of the arguments of a command line that begin with two dashes."""
    found: dict[str, str] = {}
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if not name.startswith("--"):
            continue
        if equals:
            found[name] = value
        elif _has_value(words, at):
            found[name] = words[at + 1]
    return found


def named_values(definition: Mapping[str, Any]) -> dict[str, str]:
    """The values of the arguments of a run, in its command and its arguments."""
    command = definition.get("command")
    words = command if isinstance(command, list) else ()
    arguments = definition.get("arguments") or ()
    return {**values_of_arguments(words), **values_of_arguments(arguments)}


def tags_after_change(
    tags: Mapping[str, str | None],
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    swept: Iterable[str] = (),
) -> dict[str, str | None]:
    """The tags of a definition that was changed.

    Those that repeat an argument's value follow the argument. They are left out if it
    was removed, or if a sweep has it.
    """
    values = {**named_values(now), **dict.fromkeys(swept)}
    result = dict(tags)
    for name, value in named_values(before).items():
        key, changed = name.lstrip("-"), values.get(name)
        if key not in result or result[key] != value or changed == value:
            continue
        if changed is None:
            del result[key]
        else:
            result[key] = changed
    return result


def _set_argument(words: list[str], name: str, value: str) -> None:
    at = _find_argument(words, name)
    if at is None:
        words += [name, value]
    elif words[at] != name:
        words[at] = f"{name}={value}"
    elif _has_value(words, at):
        words[at + 1] = value
    else:
        words.insert(at + 1, value)


def _find_argument(words: Sequence[str], name: str) -> int | None:
    return next(
        (
            at
            for at, word in enumerate(words)
            if word == name or word.startswith(f"{name}=")
        ),
        None,
    )


def _has_value(words: Sequence[str], at: int) -> bool:
    """Whether the word after an argument is its value, not another argument."""
    if at + 1 >= len(words):
        return False
    following = words[at + 1]
    return not following.startswith("-") or bool(re.fullmatch(_NUMBER, following))
