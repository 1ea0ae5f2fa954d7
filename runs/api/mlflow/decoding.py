"""Decode requests into Structs: JSON bodies, query strings, numbers in all formats.

Unknown fields are ignored, null means absent, an integer can be a decimal string, and a
body can be JSON that contains JSON as text.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec
from django.conf import settings
from django.http import HttpRequest, QueryDict

from runs.api.mlflow.errors import invalid_parameter, missing_parameter
from runs.api.request_bodies import read_body
from studio.core.errors import InvalidRequest
from studio.core.names import check_int64, check_time

#: int64 and double as they arrive; `read_int` and `read_float` convert them.
WireNumber = int | float | str

Body = TypeVar("Body", bound=msgspec.Struct)

#: Not `\d`, which matches the digits of all scripts.
_DECIMAL_DIGITS = re.compile(r"[+-]?[0-9]+")
_ERROR_PATH = re.compile(
    r"(?P<text>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?", re.DOTALL
)
_MISSING_FIELD = re.compile(r"Object missing required field `([^`]*)`")
_PATH_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+|\.\.\.)\]")
_JSON_TYPE_NAMES = {"dict": "dict", "list": "list", "NoneType": "null"}


def decode(request: HttpRequest, body: type[Body]) -> Body:
    """Decode the request as a `body`; raise InvalidValue or InvalidRequest."""
    if request.method in ("GET", "HEAD"):
        return decode_query(request, body)
    raw = read_body(request, limit=settings.MAX_BODY)
    # A request without a body has no content type to check either.
    if not raw.strip():
        return convert_body({}, body)
    check_content_type(request)
    try:
        return msgspec.json.decode(raw, type=body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The slow path: nulls, JSON in JSON, and errors that need their value.
        return convert_body(without_nulls(parse_json(raw)), body)


def decode_query(request: HttpRequest, body: type[Body]) -> Body:
    """Decode the query string as a `body`; raise InvalidValue."""
    return convert_body(query_as_body(request.GET, body), body)


def check_content_type(request: HttpRequest) -> None:
    """Accept only plain JSON, like MLflow's own server."""
    if request.content_type != "application/json":
        raise InvalidRequest(
            "Bad Request. Content-Type must be one of ['application/json']."
        )
    if request.META.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise InvalidRequest("Bad Request. Compressed request bodies are not read.")


def parse_json(raw: bytes | str) -> Any:
    """Parse JSON to plain values; raise InvalidRequest with the problem and its
    position.
    """
    try:
        value = msgspec.json.decode(raw)
    except RecursionError as error:
        raise nested_too_deeply() from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"The body cannot be read: {error}. NaN and infinite numbers are sent as "
            'the strings "NaN", "Infinity" and "-Infinity".'
        ) from error
    # Some clients send the body as JSON within a JSON string.
    return parse_json(value) if isinstance(value, str) else value


def without_nulls(value: Any) -> Any:
    """Drop fields that are null: clients send null for what is not set.

    Raise InvalidRequest for a value that is nested too deeply.
    """
    try:
        return _without_nulls(value)
    except RecursionError as error:
        raise nested_too_deeply() from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def nested_too_deeply() -> InvalidRequest:
    return InvalidRequest("The body's JSON is nested too deeply")


def query_as_body(query: QueryDict, body: type[msgspec.Struct]) -> dict[str, Any]:
    """Convert the query string to the form of a body: repeated keys become a list."""
    hints = get_type_hints(body)
    return {
        # The type of the field decides: a list of one value looks like a single value
        # here.
        name: query.getlist(name) if get_origin(hints[name]) is list else query[name]
        for name in query
        if name in hints
    }


def convert_body(value: Any, body: type[Body]) -> Body:
    """Convert plain values to a `body`; raise InvalidValue or InvalidRequest."""
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object")
    try:
        return msgspec.convert(value, body)
    except msgspec.ValidationError as error:
        raise decoding_error(str(error), value) from error


def decoding_error(text: str, body: Any) -> Exception:
    """Convert msgspec's message to MLflow's wording, with the value and its path."""
    found = _ERROR_PATH.fullmatch(text)
    assert found is not None
    path = (found["path"] or "").removeprefix(".")
    absent = _MISSING_FIELD.match(found["text"])
    if absent:
        return missing_parameter(f"{path}.{absent[1]}" if path else absent[1])
    value = value_at_path(body, found["path"] or "")
    kind = _JSON_TYPE_NAMES.get(type(value).__name__, type(value).__name__)
    return invalid_parameter(
        path or "body",
        value,
        f"Hint: Value was of type {kind!r}. {found['text']}. "
        "See the API docs for more information about request parameters.",
    )


def value_at_path(value: Any, path: str) -> Any:
    """Return the value at msgspec's path, such as `.metrics[0].value`."""
    for part in _PATH_STEP.finditer(path):
        try:
            value = value[part["name"] or int(part["index"])]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return value


def read_int(value: WireNumber, field: str) -> int:
    """Read an int64 from a number or decimal string; also `1.7e+12`, which R writes."""
    if isinstance(value, str) and _DECIMAL_DIGITS.fullmatch(value):
        # int() takes quadratic time, and no longer text is an int64.
        value = int(value) if len(value) < 40 else value
    if not isinstance(value, int):
        number = read_float(value, field)
        if not number.is_integer():
            raise invalid_parameter(field, value, "A whole number is expected.")
        value = int(number)
    return check_int64(value, field)


def read_float(value: WireNumber, field: str) -> float:
    """Read a double from a number or text, such as "1.5", "NaN" or "-Infinity"."""
    # float() also reads underscores and the digits of other scripts.
    if isinstance(value, str) and (not value.isascii() or "_" in value):
        raise invalid_parameter(field, value, "A number is expected.")
    try:
        return float(value)
    except (OverflowError, ValueError) as error:
        raise invalid_parameter(field, value, "A number is expected.") from error


def read_time(value: WireNumber, field: str) -> int:
    """Read a time in milliseconds since the epoch."""
    return check_time(read_int(value, field), field)
