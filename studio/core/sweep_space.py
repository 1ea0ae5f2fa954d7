"""The values that the runs of a sweep try: a grid, or a random sample of a space.

A space maps the names of arguments to lists of values, or to ranges
`{"from": 1, "to": 5}`. A range of whole numbers has every whole number from `from` to
`to`; any other range can only be sampled.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Union

from studio.core.errors import InvalidValue
from studio.core.messages import message
from studio.core.names import check_characters

MAX_SWEEP_RUNS = 1_000
GRID, RANDOM = "grid", "random"
SAMPLINGS = (GRID, RANDOM)

#: The values of one argument.
Values = Union[list[str], dict[str, Union[int, float]]]

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})")
#: A range that is one of several values, not in quotes.
_RANGE_IN_LIST = re.compile(rf"(?:^|[\s,]){_NUMBER}\.\.{_NUMBER}(?:$|[\s,])")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
#: How often a random sample is drawn again before fewer runs are accepted.
_DRAWS_PER_RUN = 20


def argument_name(name: str) -> str:
    """`lr` and `--lr` mean the same argument; `-n` keeps its single dash."""
    return name if name.startswith("-") else f"--{name}"


def parse_values(text: str) -> Values:
    """The values of `3e-4, 6e-4` or `1..5`; quotes keep commas and blanks.

    Raises InvalidValue for an unclosed quote and for no value at all.
    """
    found = _RANGE.fullmatch(text.strip())
    if found:
        return {"from": _to_number(found[1]), "to": _to_number(found[2])}
    if _RANGE_IN_LIST.search(text):
        raise InvalidValue(
            message(
                "%(text)r has a range and other values. List all values, or put quotes "
                "around a value with two dots.",
                text=text,
            ),
            field="space",
        )
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace += ","
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        values = list(lexer)
    except ValueError as error:
        raise InvalidValue(
            message("A quote in %(text)r is not closed", text=text), field="space"
        ) from error
    if not values:
        raise InvalidValue(message("A sweep needs values to try"), field="space")
    return values


def check_space(space: object) -> dict[str, Values]:
    """The space with full names of arguments and with values as text.

    Raises InvalidValue for an empty space, a repeated argument, or values that are
    neither a list nor a range.
    """
    if not isinstance(space, Mapping) or not space:
        raise InvalidValue(
            message("A sweep needs at least one argument with values"), field="space"
        )
    checked: dict[str, Values] = {}
    for given, values in space.items():
        name = argument_name(check_characters(str(given), "space").strip())
        if not name.strip("-"):
            raise InvalidValue(
                message("An argument of a sweep needs a name"), field="space"
            )
        if name in checked:
            raise InvalidValue(
                message("The argument %(name)s is in the sweep twice", name=name),
                field="space",
            )
        checked[name] = _check_values(name, values)
    return checked


def expand_space(
    space: object, sampling: str, count: int | None = None, seed: int | None = None
) -> list[dict[str, str]]:
    """The values of each run, in a fixed order for a grid or a seed.

    A grid has every combination. A random sample has `count` different ones, or fewer
    if the space has fewer. Raises InvalidValue for more than MAX_SWEEP_RUNS.
    """
    checked = check_space(space)
    if sampling == GRID:
        return _expand_grid(checked)
    if sampling != RANDOM:
        raise InvalidValue(
            message(
                "sampling must be one of %(allowed)s, not %(given)r",
                allowed=", ".join(SAMPLINGS),
                given=str(sampling)[:100],
            ),
            field="sampling",
        )
    if count is None or count < 1:
        raise InvalidValue(
            message("A random sweep needs the number of runs (count)"), field="count"
        )
    _check_count(count)
    return _draw_sample(checked, count, random.Random(seed))  # noqa: S311


def count_values(values: Values) -> int | None:
    """How many values there are; None for a range that can only be sampled."""
    if isinstance(values, list):
        return len(values)
    if _is_whole(values):
        return int(values["to"]) - int(values["from"]) + 1
    return None


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Replace `{lr}` by the value of `--lr`; unknown names in braces stay."""
    known = {name.lstrip("-"): value for name, value in values.items()}
    return _PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), template)


def default_template(name: str, arguments: Iterable[str]) -> str:
    """`NAME lr={lr} seed={seed}`."""
    plain = [argument.lstrip("-") for argument in arguments]
    return " ".join([*filter(None, [name]), *(f"{each}={{{each}}}" for each in plain)])


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


def _check_values(name: str, values: object) -> Values:
    if isinstance(values, Mapping):
        return _check_range(name, values)
    if not isinstance(values, (list, tuple)) or not values:
        raise InvalidValue(
            message(
                "The values of %(name)s must be a list or a range such as "
                '{"from": 1, "to": 5}',
                name=name,
            ),
            field="space",
        )
    return [_value_text(name, value) for value in values]


def _value_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (str, int, float)):
        raise InvalidValue(
            message("The values of %(name)s must be text or numbers", name=name),
            field="space",
        )
    return check_characters(str(value), "space")


def _check_range(name: str, values: Mapping[str, Any]) -> dict[str, int | float]:
    low, high = values.get("from"), values.get("to")
    for bound in (low, high):
        is_number = isinstance(bound, (int, float)) and not isinstance(bound, bool)
        if not is_number or not math.isfinite(bound):  # type: ignore[arg-type]
            raise InvalidValue(
                message(
                    "The range of %(name)s needs the numbers from and to", name=name
                ),
                field="space",
            )
    if low > high:  # type: ignore[operator]
        raise InvalidValue(
            message("The range of %(name)s ends before it begins", name=name),
            field="space",
        )
    return {"from": low, "to": high}  # type: ignore[dict-item]


def _expand_grid(space: Mapping[str, Values]) -> list[dict[str, str]]:
    total = 1
    for name, values in space.items():
        count = count_values(values)
        if count is None:
            raise InvalidValue(
                message(
                    "A grid can't have the range of %(name)s, which is not of whole "
                    "numbers. List its values, or choose random sampling.",
                    name=name,
                ),
                field="space",
            )
        total *= count
        _check_count(total)
    lists = [_listed(values) for values in space.values()]
    return [dict(zip(space, combined)) for combined in itertools.product(*lists)]


def _draw_sample(
    space: Mapping[str, Values], count: int, chance: random.Random
) -> list[dict[str, str]]:
    sizes = [count_values(values) for values in space.values()]
    known = [size for size in sizes if size is not None]
    # A small space is drawn from without repetition, so that no draw is lost.
    if len(known) == len(sizes) and math.prod(known) <= MAX_SWEEP_RUNS:
        combinations = _expand_grid(space)
        return chance.sample(combinations, min(count, len(combinations)))
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for _ in range(count * _DRAWS_PER_RUN):
        drawn = {name: _draw_value(values, chance) for name, values in space.items()}
        found.setdefault(tuple(drawn.values()), drawn)
        if len(found) == count:
            break
    return list(found.values())


def _draw_value(values: Values, chance: random.Random) -> str:
    if isinstance(values, list):
        return chance.choice(values)
    if _is_whole(values):
        return str(chance.randint(int(values["from"]), int(values["to"])))
    return f"{chance.uniform(values['from'], values['to']):.6g}"


def _listed(values: Values) -> list[str]:
    if isinstance(values, list):
        return values
    return [str(n) for n in range(int(values["from"]), int(values["to"]) + 1)]


def _is_whole(values: Mapping[str, int | float]) -> bool:
    return isinstance(values["from"], int) and isinstance(values["to"], int)


def _to_number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def _check_count(count: int) -> None:
    if count > MAX_SWEEP_RUNS:
        raise InvalidValue(
            message(
                "A sweep can have at most %(limit)s runs. Try fewer values, or a "
                "random sample.",
                limit=MAX_SWEEP_RUNS,
            ),
            field="space",
            limit=MAX_SWEEP_RUNS,
        )
