"""What the server's answers mean: values, or the errors of `studio.core.errors`."""

from __future__ import annotations

import json
import math
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

#: The server names itself so in each answer of its API.
VERSION_HEADER = "X-Studio-Version"

BY_CODE: dict[str, type[StudioError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    # A kind without a code of its own is told apart at the server only.
    if isinstance(kind, type) and issubclass(kind, StudioError) and "code" in vars(kind)
}


class Unreachable(Unavailable):
    """No answer came: the server is down, or the network between is."""

    code = "Unreachable"


class WrongServer(StudioError):
    """What answers at that address is no Run Studio server, or sends elsewhere."""

    code = "WrongServer"


def is_temporary(error: BaseException) -> bool:
    """Whether the same request may succeed later without anybody doing something."""
    if isinstance(error, (Unavailable, TooManyRequests)):
        return True
    return isinstance(error, StudioError) and error.status >= 500


def read_json(content: bytes, url: str) -> Any:
    """The JSON value of an answer. Raises WrongServer."""
    try:
        return json.loads(content) if content else None
    except ValueError as error:
        raise WrongServer(
            f"{url} is not a Run Studio server: its answer is no JSON. "
            "Check STUDIO_URL."
        ) from error


def error_of(status: int, headers: Any, content: bytes, url: str) -> StudioError:
    """The error that an answer of `status` 300 and above stands for."""
    if 300 <= status < 400:
        place = headers.get("Location", "another address")
        return WrongServer(
            f"{url} sends on to {place}: set STUDIO_URL to that address."
        )
    told = _told(content)
    if told is None:
        return _untold(status, headers, url)
    code, message = str(told.pop("code")), str(told.pop("message"))
    kind = BY_CODE.get(code, StudioError)
    if kind is SignInRequired:
        message = (
            f"{url} does not accept this token: it is mistyped, revoked or expired. "
            'Run `eval "$(studio env)"` again, or make a token at '
            f"{url}/account/ and run `studio login {url}`."
        )
    other = headers.get(VERSION_HEADER, __version__)
    if is_other_version(other) and kind is not SignInRequired:
        message = f"{message.rstrip('.')}. {about_version(other, url)}"
    error = kind(message, **told)
    if kind is StudioError:
        error.status = status
    _add_wait(error, headers)
    return error


def is_other_version(server: str) -> bool:
    """Whether client and server differ in more than a correction (0.1.x, 0.1.y)."""
    return server.split(".")[:2] != __version__.split(".")[:2]


def about_version(server: str, url: str) -> str:
    return (
        f"This client is version {__version__} and {url} is version {server}: install "
        f"the client that the server offers at {url}/dist/."
    )


def _told(content: bytes) -> dict[str, Any] | None:
    """The error of our envelope; None for what others answer."""
    try:
        told = json.loads(content)["error"]
        return dict(told) if {"code", "message"} <= set(told) else None
    except (ValueError, KeyError, TypeError):
        return None


def _untold(status: int, headers: Any, url: str) -> StudioError:
    """A proxy's or another program's answer."""
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
    _add_wait(error, headers)
    return error


def _add_wait(error: StudioError, headers: Any) -> None:
    """How long the server asks to wait, in seconds, as `retry_after`."""
    text = headers.get("Retry-After", "")
    if text.isdigit():
        error.details.setdefault("retry_after", int(text))


def to_wire(value: Any) -> Any:
    """A value as JSON carries it: NaN and the infinities by their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return value
