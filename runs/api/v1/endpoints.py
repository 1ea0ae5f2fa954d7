"""The decorator of REST views: method, permission, schemas, and a function.

`endpoint` decodes the body and the query into Structs and encodes the reply. So a view
is a function from values to a value, and the OpenAPI document is generated from its
declaration. Errors are raised; `runs.access` calls `render_error`.
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
from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest, access
from runs.api.request_bodies import read_decompressed_body
from runs.api.v1.validation_errors import validation_error
from studio import __version__
from studio.core.errors import InvalidRequest, InvalidValue, StudioError

Handler = Callable[..., Any]
View = Callable[..., HttpResponseBase]
Schema = type[msgspec.Struct]

#: Lets a client of another version explain what is wrong.
VERSION_HEADER = "X-Studio-Version"


@dataclass(frozen=True)
class Operation:
    """The declaration of a view: everything to call it and to document it."""

    handler: Handler
    method: str
    need: Permission | str
    body: Schema | None
    query: Schema | None
    reply: Schema | None
    status: int
    streams_body: bool
    takes_bytes: bool
    scoped_tokens: bool

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
    scoped_tokens: bool = False,
) -> Callable[[Handler], View]:
    """Make a view from a function `(request, [body,] [query,] **path)`.

    The function itself reads a body that is not JSON: a file, which can be large
    (`streams_body`), or bytes up to the usual limit (`takes_bytes`). Without
    `scoped_tokens` the tokens of runs can only read.
    """

    def wrap(handler: Handler) -> View:
        @access(
            need,
            errors=render_error,
            streams_body=streams_body,
            scoped_tokens=scoped_tokens,
        )
        @wraps(handler)
        def view(request: StudioRequest, **path: Any) -> HttpResponseBase:
            if body is not None:
                path["body"] = decode_body(request, body)
            if query is not None:
                path["query"] = decode_query(request, query)
            found = handler(request, **path)
            # Files are no JSON, and some replies choose their status (200 or 201).
            if isinstance(found, HttpResponseBase):
                return found
            return json_response(found, status)

        declared: Any = view
        # The URLs and the OpenAPI document come from it, so they can't differ from the
        # view.
        schemas = (body, query, reply)
        flags = (streams_body, takes_bytes, scoped_tokens)
        declared.operation = Operation(handler, method, need, *schemas, status, *flags)
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
    """Return a value for JSON: NaN and infinities as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return value


_NONFINITE_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def from_wire(value: Any) -> Any:
    """Reverse `to_wire`."""
    return _NONFINITE_NUMBERS.get(value, value) if isinstance(value, str) else value


def decode_body(request: HttpRequest, schema: Schema) -> Any:
    """Decode the JSON body; raise InvalidRequest, or InvalidValue with the field."""
    _check_headers(request)
    content = read_decompressed_body(request, limit=settings.MAX_BODY)
    try:
        # Bodies whose fields are all optional can be left out.
        return msgspec.json.decode(content or b"{}", type=schema)
    except msgspec.ValidationError as error:
        raise validation_error(error, schema) from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(_("The request body is not valid UTF-8.")) from error
    # Deeply nested JSON raises RecursionError, which must not become a 500.
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InvalidRequest(
            _("The request body is not valid JSON: %(error)s") % {"error": error}
        ) from error


def decode_query(request: HttpRequest, schema: Schema) -> Any:
    """Decode the query string; unknown and repeated parameters are errors."""
    parameters: dict[str, str] = {}
    for name, values in request.GET.lists():
        # Using one of the values would silently ignore the other.
        if len(values) > 1:
            raise InvalidValue(
                _("%(name)s is given %(count)s times. Give it once.")
                % {"name": name, "count": len(values)},
                field=name,
            )
        parameters[name] = values[0]
        # PostgreSQL refuses this character in every query.
        if "\x00" in name or "\x00" in parameters[name]:
            raise InvalidValue(
                _("%(name)s must not contain a NUL character.") % {"name": name},
                field=name,
            )
    try:
        # Not strict, because every value of a query string is text.
        return msgspec.convert(parameters, schema, strict=False)
    except msgspec.ValidationError as error:
        raise validation_error(error, schema, "parameter") from error


def _check_headers(request: HttpRequest) -> None:
    coding = request.headers.get("Content-Encoding", "identity").lower()
    if coding not in ("identity", "gzip"):
        raise InvalidRequest(_("Content-Encoding must be gzip or identity."))
    kind = request.content_type or ""
    length = request.headers.get("Content-Length", "0")
    has_body = length not in ("", "0") or "Transfer-Encoding" in request.headers
    # Other types can be sent by a form of another site without a CORS preflight.
    if has_body and kind != "application/json":
        raise InvalidRequest(
            _("Content-Type must be application/json, not %(value)s.")
            % {"value": kind or "absent"}
        )
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise InvalidRequest(
            _("The charset must be UTF-8, not %(charset)s.") % {"charset": charset}
        )
