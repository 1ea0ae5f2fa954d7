"""A view of the REST API: method, permission, shapes in and out, and a function.

`endpoint` decodes the body and the query into Structs and encodes the reply, so that a
view is a function from values to a value, and its declaration is what the OpenAPI
document is made from. Errors are raised; `runs.access` asks `render_error` to answer.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from runs.access import Permission, StudioRequest, access
from runs.api.request_bodies import read_decompressed_body
from runs.api.v1.validation_errors import validation_error
from studio import __version__
from studio.core.errors import InvalidRequest, InvalidValue, StudioError

Handler = Callable[..., Any]
View = Callable[..., HttpResponseBase]
Schema = type[msgspec.Struct]

#: So that a client of another version can say what is wrong.
VERSION_HEADER = "X-Studio-Version"


@dataclass(frozen=True)
class Operation:
    """What a view declares: enough to call it, and to describe it."""

    handler: Handler
    method: str
    need: Permission | str
    body: Schema | None
    query: Schema | None
    reply: Schema | None
    status: int
    streams_body: bool
    takes_bytes: bool

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def text(self) -> str:
        return inspect.getdoc(self.handler) or ""


def endpoint(
    method: str,
    need: Permission | str,
    *,
    body: Schema | None = None,
    query: Schema | None = None,
    reply: Schema | None = None,
    status: int = 200,
    streams_body: bool = False,
    takes_bytes: bool = False,
) -> Callable[[Handler], View]:
    """Make a view of a function `(request, [body,] [query,] **path)`.

    A body that is no JSON is read by the function itself: a file's, which may be long
    (`streams_body`), or one as short as the others (`takes_bytes`).
    """

    def wrap(handler: Handler) -> View:
        @access(need, errors=render_error, streams_body=streams_body)
        @wraps(handler)
        def view(request: StudioRequest, **words: Any) -> HttpResponseBase:
            if body is not None:
                words["body"] = decode_body(request, body)
            if query is not None:
                words["query"] = decode_query(request, query)
            found = handler(request, **words)
            if isinstance(found, HttpResponseBase):
                return found
            return json_response(found, status)

        declared: Any = view
        declared.operation = Operation(
            handler,
            method,
            need,
            body,
            query,
            reply,
            status,
            streams_body,
            takes_bytes,
        )
        return view

    return wrap


def json_response(value: object, status: int = 200) -> HttpResponse:
    return HttpResponse(
        msgspec.json.encode(value),
        status=status,
        content_type="application/json",
        headers={VERSION_HEADER: __version__},
    )


def render_error(_request: HttpRequest, error: StudioError) -> HttpResponse:
    return json_response({"error": error.as_json()}, error.status)


def to_wire(value: Any) -> Any:
    """A value as JSON carries it: NaN and the infinities by their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return value


_NONFINITE_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def from_wire(value: Any) -> Any:
    """The reverse of `as_wire`."""
    return _NONFINITE_NUMBERS.get(value, value) if isinstance(value, str) else value


def decode_body(request: HttpRequest, shape: Schema) -> Any:
    """The JSON body as `shape`; raises InvalidRequest, InvalidValue with the field."""
    _check_headers(request)
    content = read_decompressed_body(request, limit=settings.MAX_BODY)
    try:
        return msgspec.json.decode(content or b"{}", type=shape)
    except msgspec.ValidationError as error:
        raise validation_error(error, shape) from error
    except UnicodeDecodeError as error:
        raise InvalidRequest("The body is not valid UTF-8") from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InvalidRequest(f"The body cannot be read as JSON: {error}") from error


def decode_query(request: HttpRequest, shape: Schema) -> Any:
    """The query string as `shape`; an unknown or repeated parameter is an error."""
    given: dict[str, str] = {}
    for name, values in request.GET.lists():
        if len(values) > 1:
            raise InvalidValue(f"{name} is given {len(values)} times", field=name)
        given[name] = values[0]
        if "\x00" in name or "\x00" in given[name]:
            raise InvalidValue(f"{name} must not contain a NUL character", field=name)
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise validation_error(error, shape, "parameter") from error


def _check_headers(request: HttpRequest) -> None:
    coding = request.headers.get("Content-Encoding", "identity").lower()
    if coding not in ("identity", "gzip"):
        raise InvalidRequest("A body may be compressed by gzip, or not at all")
    kind = request.content_type or ""
    length = request.headers.get("Content-Length", "0")
    has_body = length not in ("", "0") or "Transfer-Encoding" in request.headers
    if has_body and kind != "application/json":
        raise InvalidRequest(
            f"Content-Type must be application/json, not {kind or 'absent'}"
        )
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise InvalidRequest(f"The charset must be UTF-8, not {charset}")
