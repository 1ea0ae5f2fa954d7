"""What scripts log -> what is kept: numbers, text, booleans, None; and back.

numpy's scalars become Python's, all widths; what is none of these is logged as its
`repr`, with a warning. Nothing here imports numpy.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any, Union

from studio.sdk.errors import UserErrorException
from studio.sdk.telling import warn

Scalar = Union[float, int, str, bool, None]

PLAIN = frozenset({float, int, str, bool, type(None)})


def scalar(value: Any, place: str) -> Scalar:
    """`value` as it is kept; `place` names it in a warning, such as `metric 'loss'`."""
    if type(value) in PLAIN:
        return value  # type: ignore[no-any-return]
    if isinstance(value, str):
        # A kind of str, such as numpy's or a member of an Enum.
        return str.__str__(value)
    found = _unwrapped(value)
    if type(found) in PLAIN:
        return found  # type: ignore[no-any-return]
    if isinstance(found, numbers.Integral):
        return int(found)
    if isinstance(found, numbers.Real):
        return float(found)
    kind = type(value).__name__
    warn(
        f"{place} is of type {kind} and is logged as text; log a number, or str(value)."
    )
    return repr(value)


def _unwrapped(value: Any) -> Any:
    """The Python value of a numpy scalar, or of an array or tensor without axes."""
    shape = getattr(value, "shape", None)
    if shape is None or len(shape) or not hasattr(value, "item"):
        return value
    found = value.item()
    # numpy's long double has no Python type of its own.
    return float(found) if type(found) is type(value) else found


def is_listlike(value: Any) -> bool:
    """Whether `run.log` must refuse it: a list, a range, an array, a function …"""
    if isinstance(value, (str, bytes)) or callable(value):
        return callable(value)
    if len(getattr(value, "shape", None) or ()):
        return True
    return hasattr(value, "__iter__") and getattr(value, "shape", None) is None


def whole(step: Any) -> int:
    """A step as a whole number. Raises UserErrorException."""
    if isinstance(step, numbers.Integral):
        return int(step)
    if isinstance(step, numbers.Real) and float(step).is_integer():
        return int(float(step))
    found = _unwrapped(step)
    if isinstance(found, int):
        return found
    raise UserErrorException(
        f"The step of a metric must be a whole number, not {step!r}"
    )


def one_type(values: list[Any], name: str) -> list[Scalar]:
    """The values of a list; whole numbers among fractions become fractions too."""
    found = [scalar(value, f"A value of list {name!r}") for value in values]
    kinds = set(map(type, found))
    if kinds == {int, float}:
        return [float(value) for value in found]  # type: ignore[arg-type]
    return found


def wire(value: Any) -> Any:
    """A value as JSON carries it, at any depth: NaN and infinities by their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, Mapping):
        return {str(key): wire(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [wire(member) for member in value]
    return value


_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def unwire(value: Any) -> Any:
    """The reverse of `wire`."""
    if isinstance(value, str):
        return _SPECIAL.get(value, value)
    if isinstance(value, dict):
        return {key: unwire(member) for key, member in value.items()}
    if isinstance(value, list):
        return [unwire(member) for member in value]
    return value
