"""The settings of compute targets: checked, read from lines, and printed as lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from studio.core.compute_kinds.kinds import check_kind
from studio.core.compute_kinds.quantities import parse_duration, parse_size
from studio.core.errors import InvalidValue
from studio.core.messages import message

#: More lines than any target needs, and longer ones.
MAX_LINES, MAX_LINE = 50, 1000
MAX_COUNT, MAX_PORT = 1000, 65535
#: What the engines' commands take as one word; no blank, so that it stays one option.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:,@%=+*\[\]-]{0,254}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._\[\]:-]{1,255}(/[A-Za-z0-9._/-]{0,200})?")
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,4})?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*")
_NAMED_NUMBER = re.compile(r"[A-Za-z0-9_.:-]+=\d{1,6}(\.\d{1,4})?")
_PATH = re.compile(r"[A-Za-z0-9/~._][A-Za-z0-9/~._@+ -]{0,499}")


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
    for setting in known.values():
        if setting.is_required and setting.name not in checked:
            raise InvalidValue(
                message(
                    "Compute targets of the kind %(kind)s need %(name)s.",
                    kind=kind,
                    name=setting.name,
                ),
                field=f"settings.{setting.name}",
            )
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
        if types.get(name) in _LIST_TYPES:
            found.setdefault(name, []).append(value)
        elif (
            types.get(name) in ("count", "port")
            and value.isdecimal()
            and len(value) < 10
        ):
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


def _check_path(field: str, value: Any) -> str:
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise InvalidValue(
            message(
                "%(field)s must be a path of letters, digits, blanks and / ~ . _ - + @",
                field=field,
            ),
            field=field,
        )
    return value


def _check_count(field: str, value: Any, limit: int = MAX_COUNT) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not 1 <= value <= limit:
        raise InvalidValue(
            message(
                "%(field)s must be a whole number from 1 to %(limit)s.",
                field=field,
                limit=limit,
            ),
            field=field,
        )
    return int(value)


def _check_port(field: str, value: Any) -> int:
    return _check_count(field, value, MAX_PORT)


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


def _check_address(field: str, value: Any) -> str:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise InvalidValue(
            message(
                "%(field)s must be an address such as http://127.0.0.1:8265.",
                field=field,
            ),
            field=field,
        )
    return value


def _check_number(field: str, value: Any) -> str:
    """The number as a text, as lines of settings have it."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = str(value) if is_number else value
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise InvalidValue(
            message("%(field)s must be a number such as 0.5 or 4.", field=field),
            field=field,
        )
    return text


def _check_size(field: str, value: Any) -> str:
    try:
        parse_size(value)
    except (TypeError, ValueError) as error:
        raise InvalidValue(
            message("%(field)s must be a size such as 512MB or 4GB.", field=field),
            field=field,
        ) from error
    return str(value)


def _check_duration(field: str, value: Any) -> str:
    try:
        parse_duration(value)
    except (TypeError, ValueError) as error:
        raise InvalidValue(
            message(
                "%(field)s must be a duration such as 4:00:00 or 2-12:00:00, with "
                "hours, minutes and seconds.",
                field=field,
            ),
            field=field,
        ) from error
    return str(value)


def _check_variables(field: str, value: Any) -> list[str]:
    return _check_pairs(field, value, _VARIABLE, "MODE=fast")


def _check_numbers(field: str, value: Any) -> list[str]:
    return _check_pairs(field, value, _NAMED_NUMBER, "tpu=1")


def _check_pairs(
    field: str, value: Any, pattern: re.Pattern[str], example: str
) -> list[str]:
    lines = _check_lines(field, value)
    if not all(pattern.fullmatch(line) for line in lines):
        raise InvalidValue(
            message(
                "%(field)s must be lines such as %(example)s.",
                field=field,
                example=example,
            ),
            field=field,
        )
    return lines


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "address": _check_address,
    "count": _check_count,
    "duration": _check_duration,
    "flag": _check_flag,
    "path": _check_path,
    "port": _check_port,
    "lines": _check_lines,
    "number": _check_number,
    "numbers": _check_numbers,
    "size": _check_size,
    "variables": _check_variables,
    "word": _check_word,
}
_LIST_TYPES = ("lines", "numbers", "variables")
