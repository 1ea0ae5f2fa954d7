"""The values of one parameter: lists and distributions, as v1 writes them.

Each is the list of its name and its arguments: `["uniform", [0.0, 1.0]]`.
"""

from __future__ import annotations

from typing import Any

from studio.core.sweeps import DISTRIBUTIONS
from studio.sdk.hyperdrive.errors import HyperDriveConfigException

Expression = list[Any]


def choice(*options: Any) -> Expression:
    """One of the options: `choice(0.1, 0.01)`, or `choice([0.1, 0.01])`."""
    return ["choice", [list(options)]]


def randint(upper: int) -> Expression:
    """A whole number from 0 to `upper` - 1."""
    return ["randint", [upper]]


def uniform(min_value: float, max_value: float) -> Expression:
    """A number between two others, each as likely."""
    return ["uniform", [min_value, max_value]]


def quniform(min_value: float, max_value: float, q: float) -> Expression:
    """As `uniform`, rounded to a multiple of `q`."""
    return ["quniform", [min_value, max_value, q]]


def loguniform(min_value: float, max_value: float) -> Expression:
    """exp() of a uniform number: `loguniform(-9, -2)` is from 0.00012 to 0.14."""
    return ["loguniform", [min_value, max_value]]


def qloguniform(min_value: float, max_value: float, q: float) -> Expression:
    """As `loguniform`, rounded to a multiple of `q`."""
    return ["qloguniform", [min_value, max_value, q]]


def normal(mu: float, sigma: float) -> Expression:
    """A normal number with this mean and standard deviation."""
    return ["normal", [mu, sigma]]


def qnormal(mu: float, sigma: float, q: float) -> Expression:
    """As `normal`, rounded to a multiple of `q`."""
    return ["qnormal", [mu, sigma, q]]


def lognormal(mu: float, sigma: float) -> Expression:
    """exp() of a normal number."""
    return ["lognormal", [mu, sigma]]


def qlognormal(mu: float, sigma: float, q: float) -> Expression:
    """As `lognormal`, rounded to a multiple of `q`."""
    return ["qlognormal", [mu, sigma, q]]


def values_of(name: str, expression: object) -> Any:
    """The values of a parameter as the server has them.

    Raises HyperDriveConfigException for what is no expression.
    """
    if (
        not isinstance(expression, (list, tuple))
        or len(expression) != 2
        or not isinstance(expression[1], (list, tuple))
    ):
        raise HyperDriveConfigException(
            f"{name} needs an expression such as choice(0.1, 0.01) or uniform(0, 1)."
        )
    kind, words = expression[0], list(expression[1])
    if kind == "choice":
        # `choice([1, 2])` has its options in a list.
        while len(words) == 1 and _is_list(words[0]):
            words = list(words[0])
        return [_plain_value(word) for word in words]
    if kind not in DISTRIBUTIONS:
        known = ", ".join(["choice", *DISTRIBUTIONS])
        raise HyperDriveConfigException(
            f"The expression {kind} of {name} is not available. Use one of {known}."
        )
    return {kind: [_plain_value(word) for word in words]}


def _is_list(value: Any) -> bool:
    """Whether it has several values: a list, or an array of NumPy."""
    return isinstance(value, (list, tuple, range)) or bool(getattr(value, "shape", ()))


def _plain_value(value: Any) -> Any:
    """A number of NumPy as Python's, and True as `str` writes it, as in v1."""
    plain = value.item() if hasattr(value, "item") else value
    return str(plain) if isinstance(plain, bool) else plain
