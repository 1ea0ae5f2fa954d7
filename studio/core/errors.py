"""The tree of errors. Each has a code that is the same in REST, SDK and pages.

An error is raised where its rule is, and turned into an answer once, at the edge
(`runs.access`, with the renderer of the view). The message says what was wrong and what
is allowed; `details` are JSON values that go next to it.
"""

from __future__ import annotations

from typing import Any

from studio.core.messages import translated, translated_values


class StudioError(Exception):
    """The root. `status` is the HTTP status that fits; `code` its name on the wire."""

    code = "StudioError"
    status = 500

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        # Translated only when it is shown: the reader's language is not known here.
        self._message = message
        self.details = details

    @property
    def message(self) -> str:
        """The text, on a server in the reader's language."""
        return translated(self._message)

    def as_json(self) -> dict[str, Any]:
        """The body `{"error": {...}}` without its envelope."""
        return {
            **translated_values(self.details),
            "code": self.code,
            "message": self.message,
        }


class InvalidValue(StudioError):
    """A value is of the wrong type, too long, or outside what is allowed.

    `field` names the value: a path such as `metrics[3].value`.
    """

    code = "InvalidValue"
    status = 400


class InvalidName(InvalidValue):
    """A key, name or id breaks the rules of `core.names`."""

    code = "InvalidName"


class InvalidFilter(InvalidValue):
    """The filter text cannot be read, or asks what cannot be answered.

    Details, where it has a place: `position` and `length` in characters, `expected`,
    `summary` and `hint` (the message's parts), `suggestions` (each a `text` that fits
    there and the whole corrected `filter`).
    """

    code = "InvalidFilter"


class InvalidRequest(StudioError):
    """The request itself is wrong: not JSON, wrong encoding, wrong content type."""

    code = "InvalidRequest"
    status = 400


class Conflict(StudioError):
    """What is stored already says something else."""

    code = "Conflict"
    status = 409


class AlreadyExists(Conflict):
    """A thing of that name or id is there already."""

    code = "AlreadyExists"


class Immutable(Conflict):
    """Parameters, properties and events are written once and never changed."""

    code = "Immutable"


class IllegalTransition(Conflict):
    """The status table of `core.statuses` has no such step."""

    code = "IllegalTransition"


class InvalidState(Conflict):
    """The thing is deleted, archived or locked, so this cannot be done to it."""

    code = "InvalidState"


class AttemptEnded(Conflict):
    """The run was lost or started again: this attempt must stop silently."""

    code = "AttemptEnded"


class AgentVersionTooOld(Conflict):
    """The agent must be upgraded before it can serve this server."""

    code = "AgentVersionTooOld"


class AgentVersionTooNew(Conflict):
    """The server must be upgraded before this agent can serve it."""

    code = "AgentVersionTooNew"


class NotFound(StudioError):
    """There is no such thing, or none that the caller may see."""

    code = "NotFound"
    status = 404


class LinkUsedUp(NotFound):
    """A link that works once was used or has expired; the error doesn't say which."""


class MissingBytes(NotFound):
    """A stored file has fewer bytes on the disk than its row says, or none."""


class SignInRequired(StudioError):
    """The caller is not signed in, or the token is unknown, expired or revoked."""

    code = "SignInRequired"
    status = 401


class PermissionDenied(StudioError):
    """The caller's role does not allow it."""

    code = "PermissionDenied"
    status = 403


class TooLarge(StudioError):
    """A body or file is over its limit; details: `limit` in bytes."""

    code = "TooLarge"
    status = 413


class TooManyRequests(StudioError):
    """Throttled; details: `retry_after` in seconds."""

    code = "TooManyRequests"
    status = 429


class NotSupported(StudioError):
    """Not offered; the message says what to do instead."""

    code = "NotSupported"
    status = 501


class Unavailable(StudioError):
    """The store cannot answer now (locked, full, restarting); nothing was written."""

    code = "Unavailable"
    status = 503


class QueryTimeout(Unavailable):
    """A reading query ran over its five seconds; the message says how to narrow it."""

    code = "QueryTimeout"


class QuotaReached(StudioError):
    """The workspace stores as much as it may; details: `quota` in bytes."""

    code = "QuotaReached"
    # Not 503: clients would send the same file repeatedly.
    status = 507
