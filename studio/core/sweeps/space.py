"""The values that the runs of a sweep try: lists, ranges and distributions.

A space maps the names of arguments to their values:

- a list of values
- a range `{"from": 1, "to": 5}`. One of whole numbers has every whole number from
  `from` to `to`. Any other range is uniform and can only be sampled.
- a distribution of v1 with its arguments, such as `{"loguniform": [-9, -2]}`
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Union

from studio.core.errors import InvalidValue
from studio.core.messages import message
from studio.core.names import check_characters

#: The values of one argument.
Values = Union[list[str], dict[str, Any]]

#: The arguments of each distribution, as in v1. `q` rounds to its multiples.
DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "randint": ("upper",),
    "uniform": ("min", "max"),
    "quniform": ("min", "max", "q"),
    "loguniform": ("min", "max"),
    "qloguniform": ("min", "max", "q"),
    "normal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "lognormal": ("mu", "sigma"),
    "qlognormal": ("mu", "sigma", "q"),
}
#: Larger numbers lose their meaning on the way: what is computed of them is not finite.
MAX_NUMBER, MIN_STEP, MAX_EXPONENT = 1e100, 1e-100, 200
MAX_WHOLE = 2**63
#: More steps than a float tells apart.
MAX_STEPS = 2**53

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})")
#: A range that is one of several values, not in quotes.
_RANGE_IN_LIST = re.compile(rf"(?:^|[\s,]){_NUMBER}\.\.{_NUMBER}(?:$|[\s,])")
_DISTRIBUTION = re.compile(rf"({'|'.join(DISTRIBUTIONS)})\s*\(([^()]*)\)")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def argument_name(name: str) -> str:
    """`lr` and `--lr` mean the same argument; `-n` keeps its single dash."""
    return name if name.startswith("-") else f"--{name}"


def parse_values(text: str) -> Values:
    """The values of `3e-4, 6e-4`, `1..5` or `loguniform(-9, -2)`.

    Quotes keep commas and blanks. Raises InvalidValue for an unclosed quote and for no
    value at all.
    """
    found = _RANGE.fullmatch(text.strip())
    if found:
        return {"from": _to_number(found[1]), "to": _to_number(found[2])}
    drawn = _DISTRIBUTION.fullmatch(text.strip())
    if drawn:
        words = [word for word in re.split(r"[\s,]+", drawn[2]) if word]
        return {drawn[1]: words}
    if _RANGE_IN_LIST.search(text):
        raise InvalidValue(
            message(
                "%(text)r has a range and other values. List all values, or put quotes "
                "around a value with two dots.",
                text=text,
            ),
            field="space",
        )
    return _parse_list(text)


def _parse_list(text: str) -> list[str]:
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


def values_text(values: Any) -> str:
    """The text from which `parse_values` reads these values."""
    distribution = distribution_of(values)
    if distribution is not None:
        name, numbers = distribution
        return f"{name}({', '.join(map(exact_text, numbers))})"
    if isinstance(values, dict):
        return f"{values['from']}..{values['to']}"
    return ", ".join(_quoted(str(value)) for value in values)


def exact_text(number: float) -> str:
    """The number with all of its digits; true is 1."""
    is_whole = float(number).is_integer() and abs(number) < MAX_STEPS
    return str(int(number)) if is_whole else repr(number)


def _quoted(value: str) -> str:
    # To a shell neither a comma nor two dots are special; here they are.
    is_special = "," in value or ".." in value
    return f"'{value}'" if is_special and "'" not in value else shlex.quote(value)


def check_space(space: object) -> dict[str, Values]:
    """The space with full names of arguments and with values as text.

    Raises InvalidValue for an empty space, a repeated argument, or values that are
    neither a list nor a range nor a distribution.
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


def count_values(values: Values) -> int | None:
    """How many values there are; None for those that can only be sampled."""
    if isinstance(values, list):
        return len(values)
    if is_whole_range(values):
        return int(values["to"]) - int(values["from"]) + 1
    return None


def distribution_of(values: Values) -> tuple[str, list[float]] | None:
    """The name and the arguments of a distribution; None for a list or a range."""
    if isinstance(values, Mapping) and "from" not in values:
        [(name, numbers)] = values.items()
        return name, numbers
    return None


def is_whole_range(values: Mapping[str, Any]) -> bool:
    """Whether it is a range of whole numbers."""
    return isinstance(values.get("from"), int) and isinstance(values.get("to"), int)


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Replace `{lr}` by the value of `--lr`; unknown names in braces stay."""
    known = {name.lstrip("-"): value for name, value in values.items()}
    return _PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), template)


def default_template(name: str, arguments: Iterable[str]) -> str:
    """`NAME lr={lr} seed={seed}`."""
    plain = [argument.lstrip("-") for argument in arguments]
    return " ".join([*filter(None, [name]), *(f"{each}={{{each}}}" for each in plain)])


def _check_values(name: str, values: object) -> Values:
    if isinstance(values, Mapping):
        kind = next(iter(values), None)
        is_distribution = len(values) == 1 and kind in DISTRIBUTIONS
        if is_distribution:
            return _check_distribution(name, str(kind), values[kind])
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


def _check_range(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    low, high = values.get("from"), values.get("to")
    for bound in (low, high):
        is_number = isinstance(bound, (int, float)) and not isinstance(bound, bool)
        # Not of huge whole numbers, which no float can be.
        if not is_number or (isinstance(bound, float) and math.isnan(bound)):
            raise InvalidValue(
                message(
                    "The range of %(name)s needs the numbers from and to", name=name
                ),
                field="space",
            )
    is_whole = isinstance(low, int) and isinstance(high, int)
    limit = MAX_WHOLE if is_whole else MAX_NUMBER
    if max(abs(low), abs(high)) > limit:  # type: ignore[arg-type]
        raise _too_large(name)
    if low > high:  # type: ignore[operator]
        raise _reversed_range(name)
    return {"from": low, "to": high}


def _check_distribution(name: str, kind: str, given: object) -> dict[str, Any]:
    """A uniform one becomes the range that it is."""
    words = given if isinstance(given, (list, tuple)) else [given]
    needed = DISTRIBUTIONS[kind]
    numbers = [_finite_number(word) for word in words]
    if len(numbers) != len(needed) or None in numbers:
        raise InvalidValue(
            message(
                "%(kind)s of %(name)s needs the numbers %(needed)s",
                kind=kind,
                name=name,
                needed=", ".join(needed),
            ),
            field="space",
        )
    found = dict(zip(needed, numbers))
    _check_numbers(name, kind, found)
    if kind == "randint":
        return {"from": 0, "to": int(found["upper"] or 0) - 1}
    if kind == "uniform":
        return {"from": found["min"], "to": found["max"]}
    return {kind: numbers}


def _check_numbers(name: str, kind: str, found: Mapping[str, Any]) -> None:
    if max(map(abs, found.values())) > MAX_NUMBER:
        raise _too_large(name)
    if "min" in found and found["min"] > found["max"]:
        raise _reversed_range(name)
    for key in ("q", "sigma", "upper"):
        if key in found and found[key] < MIN_STEP:
            raise InvalidValue(
                message(
                    "%(key)s of %(name)s must be greater than 0", key=key, name=name
                ),
                field="space",
            )
    # In steps of q. The log distributions have exponents as arguments.
    largest = max(abs(number) for key, number in found.items() if key != "q")
    if "q" in found and "log" not in kind and largest / found["q"] > MAX_STEPS:
        raise InvalidValue(
            message("q of %(name)s is too small for its other numbers", name=name),
            field="space",
        )
    if "upper" in found and not found["upper"].is_integer():
        raise InvalidValue(
            message("upper of %(name)s must be a whole number", name=name),
            field="space",
        )
    if "log" in kind and max(map(abs, found.values())) > MAX_EXPONENT:
        raise InvalidValue(
            message(
                "%(kind)s of %(name)s has the exponents of e as arguments, at most "
                "%(limit)s",
                kind=kind,
                name=name,
                limit=MAX_EXPONENT,
            ),
            field="space",
        )


def _finite_number(word: object) -> float | None:
    if isinstance(word, bool) or not isinstance(word, (int, float, str)):
        return None
    try:
        number = float(word)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _too_large(name: str) -> InvalidValue:
    return InvalidValue(
        message("The numbers of %(name)s are too large", name=name), field="space"
    )


def _reversed_range(name: str) -> InvalidValue:
    return InvalidValue(
        message("The range of %(name)s ends before it begins", name=name),
        field="space",
    )


def _to_number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
