"""Errors as MLflow clients read them: `{"error_code": …, "message": …}`.

The clients retry 408, 429 and 5xx up to seven times, for every method. So an error that
would happen again is a 400, also a query timeout.
"""

from __future__ import annotations

import reprlib

import msgspec
from django.http import HttpRequest, HttpResponse

from runs.access import MethodNotAllowed
from studio.core import errors
from studio.core.errors import StudioError

#: The nearest base class of an error decides.
ERROR_CODES: dict[type[StudioError], tuple[str, int]] = {
    errors.InvalidValue: ("INVALID_PARAMETER_VALUE", 400),
    errors.InvalidRequest: ("INVALID_PARAMETER_VALUE", 400),
    MethodNotAllowed: ("ENDPOINT_NOT_FOUND", 405),
    errors.Conflict: ("INVALID_PARAMETER_VALUE", 400),
    # `create_experiment` handles a race between two clients by this code.
    errors.AlreadyExists: ("RESOURCE_ALREADY_EXISTS", 400),
    # `set_experiment` creates the experiment only after exactly this code.
    errors.NotFound: ("RESOURCE_DOES_NOT_EXIST", 404),
    errors.SignInRequired: ("UNAUTHENTICATED", 401),
    errors.PermissionDenied: ("PERMISSION_DENIED", 403),
    errors.TooLarge: ("INVALID_PARAMETER_VALUE", 413),
    errors.TooManyRequests: ("REQUEST_LIMIT_EXCEEDED", 429),
    errors.NotSupported: ("NOT_IMPLEMENTED", 501),
    errors.QueryTimeout: ("INVALID_PARAMETER_VALUE", 400),
    errors.Unavailable: ("TEMPORARILY_UNAVAILABLE", 503),
    StudioError: ("INTERNAL_ERROR", 500),
}


#: Writes only the first items of a list: GraphQL variables can repeat a large one.
_SHORT = reprlib.Repr()
_SHORT.maxlist = _SHORT.maxdict = 10
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 200


class EndpointNotFound(errors.NotFound):
    """This server does not have the route; clients can do without it."""


ERROR_CODES[EndpointNotFound] = ("ENDPOINT_NOT_FOUND", 404)


def missing_parameter(name: str) -> errors.InvalidValue:
    """Return the error for a missing parameter, in the wording that clients know."""
    return errors.InvalidValue(
        f"Missing value for required parameter {name!r}. "
        "See the API docs for more information about request parameters.",
        field=name,
    )


def invalid_parameter(name: str, value: object, hint: str) -> errors.InvalidValue:
    """Return the error for an invalid value of a parameter."""
    # A value can have megabytes, and clients log the whole message.
    text = _SHORT.repr(value)
    shown = text if len(text) <= 200 else f"{text:.200}…"
    return errors.InvalidValue(
        f"Invalid value {shown} for parameter {name!r} supplied: {hint}", field=name
    )


def render_error(request: HttpRequest, error: StudioError) -> HttpResponse:
    """Render an error; `runs.access` calls this for every view of this package."""
    del request
    code, status = next(
        ERROR_CODES[cls] for cls in type(error).__mro__ if cls in ERROR_CODES
    )
    return HttpResponse(
        msgspec.json.encode({"error_code": code, "message": error.message}),
        content_type="application/json",
        status=status,
    )
