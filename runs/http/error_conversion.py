"""Translate exceptions of Django and the operating system into StudioErrors."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _

from studio.core.errors import (
    InvalidRequest,
    NotFound,
    PermissionDenied,
    StudioError,
    TooLarge,
    Unavailable,
)

RETRY_AFTER_SECONDS = 5
#: Busy, locked, out of memory, read-only, interrupted, failing or full disk, …
_TEMPORARY_SQLITE_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
#: Classes of SQLSTATE: connection, deadlock, resources, operator, system. 55P03 is a
#: lock timeout.
_TEMPORARY_POSTGRES_CLASSES = {"08", "40", "53", "57", "58"}
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}


def as_studio_error(error: BaseException | None) -> StudioError | None:
    """Return the StudioError for `error`; None for a bug of the server."""
    if isinstance(error, StudioError):
        return error
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        return _database_unavailable_error()
    if isinstance(error, DataError) and "NUL" in str(error):
        # PostgreSQL accepts no NUL character, not even in a query.
        return _unreadable_request()
    if isinstance(error, OperationalError):
        return _database_unavailable_error() if is_temporary(error) else None
    for kinds, make in _TRANSLATIONS:
        if isinstance(error, kinds):
            return make()
    return None


def is_temporary(error: OperationalError) -> bool:
    """Return whether the same query may succeed later.

    A query that the database cannot run at all is a bug: retrying does not help.
    """
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        # The lowest byte is the error code, the others are details.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _TEMPORARY_SQLITE_CODES
    state = getattr(cause, "sqlstate", None)
    # Without a code the connection failed.
    return state is None or state[:2] in _TEMPORARY_POSTGRES_CLASSES or state == "55P03"


def _database_unavailable_error() -> StudioError:
    return Unavailable(
        _(
            "The server can't read or write data right now, and nothing was "
            "changed. Try again soon."
        ),
        retry_after=RETRY_AFTER_SECONDS,
    )


def _page_not_found() -> StudioError:
    return NotFound(_("This page doesn't exist."))


def _permission_denied() -> StudioError:
    return PermissionDenied(_("Your role doesn’t allow this."))


def _body_too_large() -> StudioError:
    limit = settings.MAX_BODY
    return TooLarge(
        _("The request body is too large. The maximum is %(limit)s bytes.")
        % {"limit": limit},
        limit=limit,
    )


def _unreadable_request() -> StudioError:
    return InvalidRequest(_("The request can't be read."))


def _incomplete_request() -> StudioError:
    return InvalidRequest(_("The request ended early. Send it again."))


#: The first match counts: RequestDataTooBig is a SuspiciousOperation too.
_TRANSLATIONS: list[tuple[tuple[type[Exception], ...], Callable[[], StudioError]]] = [
    ((Http404,), _page_not_found),
    ((DjangoPermissionDenied,), _permission_denied),
    ((RequestDataTooBig,), _body_too_large),
    ((SuspiciousOperation, BadRequest, MultiPartParserError), _unreadable_request),
    ((UnreadablePostError,), _incomplete_request),
    ((InterfaceError,), _database_unavailable_error),
]
