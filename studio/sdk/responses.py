"""Turn the server's responses into values, or into errors of `studio.core.errors`."""

from __future__ import annotations

import json
from typing import Any

from studio import __version__
from studio.core import errors
from studio.core.errors import (
    InvalidRequest,
    SignInRequired,
    StudioError,
    TooManyRequests,
    Unavailable,
)

#: In each response of the server's API.
VERSION_HEADER = "X-Studio-Version"

BY_CODE: dict[str, type[StudioError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    # A class without a code of its own is known on the server only.
    if isinstance(kind, type) and issubclass(kind, StudioError) and "code" in vars(kind)
}


class Unreachable(Unavailable):
    """There was no response: the server or the network is down."""

    code = "Unreachable"


class WrongServer(StudioError):
    """The address belongs to another program, or redirects elsewhere."""

    code = "WrongServer"


class OtherProgram(WrongServer):
    """JSON that is not from the server's API: repeating the request never helps."""

    code = "OtherProgram"
    status = 400


def is_temporary(error: BaseException) -> bool:
    """Whether the same request can succeed later without any change by the user."""
    if isinstance(error, (Unavailable, TooManyRequests)):
        return True
    return isinstance(error, StudioError) and error.status >= 500


def read_json(content: bytes, url: str) -> Any:
    """Parse the JSON of a response. Raises WrongServer."""
    try:
        return json.loads(content) if content else None
    except ValueError as error:
        raise WrongServer(
            f"{url} is not a Run Studio server: its answer is no JSON. "
            "Check STUDIO_URL."
        ) from error


def error_of_response(
    status: int, headers: Any, content: bytes, url: str
) -> StudioError:
    """The error for a response with a status of 300 or more."""
    if 300 <= status < 400:
        place = headers.get("Location", "another address")
        return WrongServer(
            f"{url} sends on to {place}: set STUDIO_URL to that address."
        )
    envelope = _read_envelope(content)
    if envelope is None:
        return _foreign_error(status, headers, url)
    code, message = str(envelope.pop("code")), str(envelope.pop("message"))
    kind = BY_CODE.get(code, StudioError)
    if kind is SignInRequired:
        message = (
            f"{url} does not accept this token: it is mistyped, revoked or expired. "
            'Run `eval "$(studio env)"` again, or make a token at '
            f"{url}/account/ and run `studio login {url}`."
        )
    other = headers.get(VERSION_HEADER, __version__)
    if is_other_version(other) and kind is not SignInRequired:
        message = f"{message.rstrip('.')}. {describe_version_mismatch(other, url)}"
    error = kind(message, **envelope)
    # A newer server can send codes that this client does not know.
    if kind is StudioError:
        error.status = status
    _add_retry_after(error, headers)
    return error


def is_other_version(server: str) -> bool:
    """Whether client and server differ in more than a patch release (0.1.x, 0.1.y)."""
    return server.split(".")[:2] != __version__.split(".")[:2]


def describe_version_mismatch(server: str, url: str) -> str:
    """A sentence that asks to install the server's version of the client."""
    return (
        f"This client is version {__version__} and {url} is version {server}: install "
        f"the client that the server offers at {url}/dist/."
    )


_CODES_OF_MLFLOW = {
    "INVALID_PARAMETER_VALUE": "InvalidValue",
    "PERMISSION_DENIED": "PermissionDenied",
    "RESOURCE_ALREADY_EXISTS": "AlreadyExists",
    "RESOURCE_DOES_NOT_EXIST": "NotFound",
    "UNAUTHENTICATED": "SignInRequired",
}


def _read_envelope(content: bytes) -> dict[str, Any] | None:
    """The error in a response of our server; None for other responses."""
    try:
        content_read = json.loads(content)
        if "error_code" in content_read:
            # The API for MLflow clients has errors of its own form.
            code = _CODES_OF_MLFLOW.get(content_read["error_code"], "StudioError")
            return {"code": code, "message": content_read["message"]}
        envelope = content_read["error"]
        is_ours = {"code", "message"} <= set(envelope)
        return dict(envelope) if is_ours else None
    except (ValueError, KeyError, TypeError):
        return None


def _foreign_error(status: int, headers: Any, url: str) -> StudioError:
    """The error for a response of a proxy or another program."""
    if status in (502, 503, 504):
        error: StudioError = Unavailable(
            f"{url} cannot answer now ({status}); try again when it is up."
        )
    elif status >= 500:
        error = StudioError(
            f"{url} failed to answer ({status}); its log says why.", answer=status
        )
    elif status == 413:
        error = errors.TooLarge(
            f"A proxy before {url} refuses a request of this size (413): "
            "raise its limit."
        )
    elif VERSION_HEADER in headers:
        error = InvalidRequest(f"{url} does not understand this request ({status}).")
    else:
        error = WrongServer(
            f"{url} is not a Run Studio server (it answers {status}). Check STUDIO_URL."
        )
    _add_retry_after(error, headers)
    return error


def _add_retry_after(error: StudioError, headers: Any) -> None:
    """Add how long the server asks to wait, in seconds, as `retry_after`."""
    # The header can also be a date, which is ignored.
    text = headers.get("Retry-After", "")
    if text.isdigit():
        error.details.setdefault("retry_after", int(text))
