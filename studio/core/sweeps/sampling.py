"""Which combinations of values the runs of a sweep have: a grid, or a random sample."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from studio.core.errors import InvalidValue
from studio.core.messages import message
from studio.core.sweeps.space import (
    MAX_EXPONENT,
    MAX_STEPS,
    Values,
    check_space,
    count_values,
    distribution_of,
    is_whole_range,
)

MAX_SWEEP_RUNS = 1_000
GRID, RANDOM, BAYESIAN = "grid", "random", "bayesian"
SAMPLINGS = (GRID, RANDOM, BAYESIAN)

#: How often a random sample is drawn again before fewer runs are accepted.
_DRAWS_PER_RUN = 20
#: A space of at most this size is drawn from without repetition, so no draw is lost.
_MAX_WITHOUT_REPETITION = 2**62


def expand_space(
    space: object, sampling: str, count: int | None = None, seed: int | None = None
) -> list[dict[str, str]]:
    """The values of each run, in a fixed order for a grid or a seed.

    A grid has every combination, or the first `count`. A random sample has `count`
    different ones, or fewer if the space has fewer. Raises InvalidValue for more than
    MAX_SWEEP_RUNS, and for a Bayesian sample, which depends on results.
    """
    checked = check_space(space)
    if sampling == GRID:
        total = count_grid(checked, count)
        return [_combination(checked, at) for at in range(total)]
    if sampling != RANDOM:
        raise InvalidValue(
            message(
                "sampling must be one of %(allowed)s, not %(given)r",
                allowed=f"{GRID}, {RANDOM}",
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


def count_grid(space: Mapping[str, Values], count: int | None = None) -> int:
    """How many runs the grid of a checked space has, at most `count`."""
    for name, values in space.items():
        if count_values(values) is None:
            raise InvalidValue(
                message(
                    "A grid can't have the range of %(name)s, which is not of whole "
                    "numbers. List its values, or choose random sampling.",
                    name=name,
                ),
                field="space",
            )
    total = count_combinations(space) or 0
    if count is not None:
        total = min(total, max(count, 1))
    _check_count(total)
    return total


def count_combinations(space: Mapping[str, Values]) -> int | None:
    """How many combinations a space has; None if it has endlessly many."""
    total = 1
    for values in space.values():
        count = count_values(values)
        if count is None:
            return None
        total *= count
    return total


def draw_combination(
    space: Mapping[str, Values], chance: random.Random
) -> dict[str, str]:
    """One combination of a checked space."""
    return {name: draw_value(values, chance) for name, values in space.items()}


def draw_value(values: Values, chance: random.Random) -> str:
    """One value, as the text of an argument."""
    if isinstance(values, list):
        return chance.choice(values)
    if is_whole_range(values):
        return str(chance.randint(int(values["from"]), int(values["to"])))
    drawn = distribution_of(values)
    if drawn is None:
        low, high = values["from"], values["to"]
        return number_text(chance.uniform(low, high), high - low)
    kind, numbers = drawn
    first, second = numbers[0], numbers[1]
    is_normal = kind.endswith("normal")
    value = chance.gauss(first, second) if is_normal else chance.uniform(first, second)
    width = second if is_normal else second - first
    if "log" in kind:
        value = math.exp(min(value, MAX_EXPONENT))
        width = value * min(width, 1.0)
    if kind.startswith("q"):
        width = numbers[2]
        value = round(value / width) * width
    return number_text(value, width)


def number_text(number: float, width: float) -> str:
    """A number as an argument: whole ones without an exponent.

    Others have six digits more than `width`, by which the numbers of a sweep differ.
    """
    if number.is_integer() and abs(number) < MAX_STEPS:
        return str(int(number))
    size = abs(number) / width if width else math.inf
    more = math.ceil(math.log10(size)) if 1 < size < math.inf else 0
    digits = 17 if size == math.inf else min(17, 6 + more)
    return f"{number:.{digits}g}"


def _draw_sample(
    space: Mapping[str, Values], count: int, chance: random.Random
) -> list[dict[str, str]]:
    total = count_combinations(space)
    if total is not None and total <= _MAX_WITHOUT_REPETITION:
        chosen = chance.sample(range(total), min(count, total))
        return [_combination(space, at) for at in chosen]
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for _ in range(count * _DRAWS_PER_RUN):
        drawn = draw_combination(space, chance)
        found.setdefault(tuple(drawn.values()), drawn)
        if len(found) == count:
            break
    return list(found.values())


def _combination(space: Mapping[str, Values], at: int) -> dict[str, str]:
    """The combination at a position of the grid, whose last argument changes first."""
    found = {}
    for name, values in reversed(list(space.items())):
        at, own = divmod(at, count_values(values) or 1)
        if isinstance(values, list):
            found[name] = values[own]
        else:
            found[name] = str(int(values["from"]) + own)
    return {name: found[name] for name in space}


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
