"""Expressions of Vega-Lite, such as `datum.loss < 0.5 && isValid(datum.step)`.

They are parsed to functions of a row. Nothing is run as a program: there are the fields
of the row, literals, operators and the functions named here, without loops, names of
the page, or calls of anything else. Values are those of JSON.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runs.render.formats import nonfinite_word
from runs.render.previews.vega_times import TIME_PARTS, read_time

#: What one expression, and one text that it makes, may have at most.
MAX_CHARS, MAX_DEPTH, MAX_TEXT = 2000, 40, 10_000
Row = Mapping[str, Any]
Compiled = Callable[[Row], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<sign>===|!==|==|!=|<=|>=|&&|\|\||[-+*/%<>!?:(),.\[\]]))"
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
#: From loose to tight, each level from left to right.
_LEVELS = (
    ("||",),
    ("&&",),
    ("==", "!=", "===", "!=="),
    ("<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)
_CONSTANTS: Mapping[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": None,
    "NaN": math.nan,
    "Infinity": math.inf,
    "PI": math.pi,
    "E": math.e,
    "LN2": math.log(2),
    "LN10": math.log(10),
    "SQRT2": math.sqrt(2),
}


class BadExpression(Exception):
    """The text is what can't be computed here."""


def compile_expression(text: object) -> Compiled:
    """Return the function of a row. Raises BadExpression, as the function does."""
    if not isinstance(text, str) or len(text) > MAX_CHARS:
        raise BadExpression("expression")
    parser = _Parser(_tokens(text))
    found = parser.condition(0)
    if parser.next:
        raise BadExpression(parser.next[1])
    return found


def is_true(value: object) -> bool:
    """As in JavaScript: NaN and the empty text are not."""
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value) or isinstance(value, list | dict)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadExpression(text[at : at + 20])
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _takes(self, *signs: str) -> str:
        """Take the next sign if it is one of these; else return nothing."""
        if self.next and self.next[0] == "sign" and self.next[1] in signs:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return ""

    def _must(self, sign: str) -> None:
        if not self._takes(sign):
            raise BadExpression(self.next[1] if self.next else sign)

    def condition(self, depth: int) -> Compiled:
        if depth > MAX_DEPTH:
            raise BadExpression("(")
        test = self._binary(0, depth)
        if not self._takes("?"):
            return test
        yes = self.condition(depth + 1)
        self._must(":")
        no = self.condition(depth + 1)
        return lambda row: yes(row) if is_true(test(row)) else no(row)

    def _binary(self, level: int, depth: int) -> Compiled:
        if level == len(_LEVELS):
            return self._unary(depth)
        left = self._binary(level + 1, depth)
        # Each operator adds a call below the last one.
        while sign := self._takes(*_LEVELS[level]):
            depth += 1
            if depth > MAX_DEPTH:
                raise BadExpression(sign)
            left = _operation(sign, left, self._binary(level + 1, depth))
        return left

    def _unary(self, depth: int) -> Compiled:
        if depth > MAX_DEPTH:
            raise BadExpression("-")
        sign = self._takes("-", "+", "!")
        if not sign:
            return self._member(depth)
        of = self._unary(depth + 1)
        if sign == "!":
            return lambda row: not is_true(of(row))
        if sign == "-":
            return lambda row: -to_number(of(row))
        return lambda row: to_number(of(row))

    def _member(self, depth: int) -> Compiled:
        found = self._primary(depth)
        while sign := self._takes(".", "["):
            depth += 1
            if depth > MAX_DEPTH:
                raise BadExpression(sign)
            if sign == ".":
                key: Compiled = _constant(self._name())
            else:
                key = self.condition(depth)
                self._must("]")
            found = _member_of(found, key)
        return found

    def _name(self) -> str:
        if not self.next or self.next[0] != "name":
            raise BadExpression(self.next[1] if self.next else ".")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _primary(self, depth: int) -> Compiled:
        if self._takes("("):
            found = self.condition(depth + 1)
            self._must(")")
            return found
        if self._takes("["):
            parts = self._list("]", depth)
            return lambda row: [part(row) for part in parts]
        if not self.next or self.next[0] == "sign":
            raise BadExpression(self.next[1] if self.next else "expression")
        kind, text = self.next
        self._at += 1
        if kind != "name":
            is_text = kind == "text"
            return _constant(_plain_text(text) if is_text else float(text))
        return self._named(text, depth)

    def _named(self, text: str, depth: int) -> Compiled:
        if text == "datum":
            return lambda row: row
        if self._takes("("):
            return _call(text, self._list(")", depth))
        if text in _CONSTANTS:
            return _constant(_CONSTANTS[text])
        raise BadExpression(text)

    def _list(self, end: str, depth: int) -> list[Compiled]:
        found: list[Compiled] = []
        if self._takes(end):
            return found
        while True:
            found.append(self.condition(depth + 1))
            if self._takes(end):
                return found
            self._must(",")


def _constant(value: Any) -> Compiled:
    return lambda _row: value


def _plain_text(quoted: str) -> str:
    return re.sub(
        r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), quoted[1:-1]
    )


def _member_of(of: Compiled, key: Compiled) -> Compiled:
    def member(row: Row) -> Any:
        value, name = of(row), key(row)
        if isinstance(value, Mapping):
            return value.get(to_text(name))
        if isinstance(value, str | list):
            if name == "length":
                return len(value)
            number = to_number(name)
            is_index = number.is_integer() and 0 <= number < len(value)
            return value[int(number)] if is_index else None
        return None

    return member


def _operation(sign: str, left: Compiled, right: Compiled) -> Compiled:
    if sign == "&&":
        return lambda row: right(row) if is_true(value := left(row)) else value
    if sign == "||":
        return lambda row: value if is_true(value := left(row)) else right(row)
    operate = _OPERATIONS[sign]
    return lambda row: operate(left(row), right(row))


def to_number(value: object) -> float:
    if isinstance(value, bool) or value is None:
        return float(bool(value))
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str):
        try:
            return float(value) if value.strip() else 0.0
        except ValueError:
            return math.nan
    return math.nan


def to_text(value: object) -> str:
    """Write a value as JavaScript does: `1`, not `1.0`."""
    if isinstance(value, str):
        return _limited(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return _number_text(to_number(value))
    if isinstance(value, list):
        return _limited(",".join(to_text(each) for each in value[:1000]))
    return "[object Object]"


def _number_text(value: float) -> str:
    if not math.isfinite(value):
        return nonfinite_word(value)
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return repr(value)


def _limited(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise BadExpression("+")
    return text


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str | list) or isinstance(right, str | list):
        return _limited(to_text(left) + to_text(right))
    return to_number(left) + to_number(right)


def _divide(left: Any, right: Any) -> float:
    over, under = to_number(left), to_number(right)
    if under:
        return over / under
    if not over or math.isnan(over):
        return math.nan
    return math.copysign(math.inf, over) * math.copysign(1, under)


def _remainder(left: Any, right: Any) -> float:
    try:
        return math.fmod(to_number(left), to_number(right))
    except ValueError:
        return math.nan


def equals(left: Any, right: Any) -> bool:
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def _loosely_equal(left: Any, right: Any) -> bool:
    if left is None or right is None or isinstance(left, str) == isinstance(right, str):
        return equals(left, right)
    return to_number(left) == to_number(right)


def _compare(how: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return how(left, right)
        return how(to_number(left), to_number(right))

    return compare


_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": _loosely_equal,
    "!=": lambda left, right: not _loosely_equal(left, right),
    "===": equals,
    "!==": lambda left, right: not equals(left, right),
    "<": _compare(lambda left, right: left < right),
    "<=": _compare(lambda left, right: left <= right),
    ">": _compare(lambda left, right: left > right),
    ">=": _compare(lambda left, right: left >= right),
    "+": _add,
    "-": lambda left, right: to_number(left) - to_number(right),
    "*": lambda left, right: to_number(left) * to_number(right),
    "/": _divide,
    "%": _remainder,
}


def _of_number(compute: Callable[[float], float]) -> Callable[..., float]:
    def computed(value: Any) -> float:
        try:
            return float(compute(to_number(value)))
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return computed


def _log(value: float) -> float:
    return -math.inf if value == 0 else math.log(value)


def _round(value: float) -> float:
    return value if math.isinf(value) else float(math.floor(value + 0.5))


def _power(base: Any, exponent: Any) -> float:
    try:
        found = to_number(base) ** to_number(exponent)
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return found if isinstance(found, float) else math.nan


def _whole(of: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: value if math.isinf(value) else float(of(value))


def _indexof(value: Any, sought: Any) -> int:
    if isinstance(value, str):
        return value.find(to_text(sought))
    if isinstance(value, list):
        return next((at for at, each in enumerate(value) if equals(each, sought)), -1)
    return -1


def _slice(value: Any, start: Any = 0, end: Any = None) -> Any:
    if not isinstance(value, str | list):
        return None
    ends = [None if each is None else to_number(each) for each in (start, end)]
    first, last = (
        int(each) if each is not None and math.isfinite(each) else None for each in ends
    )
    return value[first:last]


def _is_in_range(value: Any, ends: Any) -> bool:
    if not isinstance(ends, list) or len(ends) != 2:
        raise BadExpression("inrange")
    low, high = sorted(map(to_number, ends))
    return low <= to_number(value) <= high


def is_valid(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _time_part(name: str) -> Callable[..., float]:
    part = TIME_PARTS[name]

    def of_time(value: Any) -> float:
        time = read_time(value)
        return math.nan if time is None else float(part(time))

    return of_time


def _milliseconds(value: Any) -> float:
    time = read_time(value)
    return math.nan if time is None else time.timestamp() * 1000


_FUNCTIONS: Mapping[str, tuple[int, int, Callable[..., Any]]] = {
    **{
        name: (1, 1, _of_number(compute))
        for name, compute in {
            "abs": math.fabs,
            "ceil": _whole(math.ceil),
            "floor": _whole(math.floor),
            "round": _round,
            "sqrt": math.sqrt,
            "exp": math.exp,
            "log": _log,
            "sin": math.sin,
            "cos": math.cos,
            "tan": math.tan,
        }.items()
    },
    **{name: (1, 1, _time_part(name)) for name in TIME_PARTS},
    **{f"utc{name}": (1, 1, _time_part(name)) for name in TIME_PARTS},
    "pow": (2, 2, _power),
    "min": (1, 50, lambda *values: min(map(to_number, values))),
    "max": (1, 50, lambda *values: max(map(to_number, values))),
    "clamp": (
        3,
        3,
        lambda value, low, high: min(
            max(to_number(value), to_number(low)), to_number(high)
        ),
    ),
    "isValid": (1, 1, is_valid),
    "isNumber": (
        1,
        1,
        lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    ),
    "isString": (1, 1, lambda value: isinstance(value, str)),
    "isBoolean": (1, 1, lambda value: isinstance(value, bool)),
    "isArray": (1, 1, lambda value: isinstance(value, list)),
    "isNaN": (1, 1, lambda value: math.isnan(to_number(value))),
    "isFinite": (1, 1, lambda value: math.isfinite(to_number(value))),
    "toNumber": (1, 1, to_number),
    "toString": (1, 1, to_text),
    "toBoolean": (1, 1, is_true),
    "length": (1, 1, lambda value: len(value) if isinstance(value, str | list) else 0),
    "lower": (1, 1, lambda value: to_text(value).lower()),
    "upper": (1, 1, lambda value: to_text(value).upper()),
    "trim": (1, 1, lambda value: to_text(value).strip()),
    "indexof": (2, 2, _indexof),
    "slice": (2, 3, _slice),
    "substring": (2, 3, _slice),
    "inrange": (2, 2, _is_in_range),
    "toDate": (1, 1, _milliseconds),
    "time": (1, 1, _milliseconds),
}


def _call(name: str, parts: Sequence[Compiled]) -> Compiled:
    if name == "if" and len(parts) == 3:
        test, yes, no = parts
        return lambda row: yes(row) if is_true(test(row)) else no(row)
    fewest, most, compute = _FUNCTIONS.get(name, (1, 0, _add))
    if not fewest <= len(parts) <= most:
        raise BadExpression(f"{name}()")
    return lambda row: compute(*(part(row) for part in parts))
