"""Foreign exceptions as errors of our own: what Django and the system can raise."""

from __future__ import annotations

import errno
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

RETRY_AFTER = 5
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}


def as_studio_error(error: BaseException | None) -> StudioError | None:
    """The error that `error` means to the caller; None where it is a bug of ours."""
    if isinstance(error, StudioError):
        return error
    if isinstance(error, OSError) and error.errno in FULL:
        return _unavailable()
    if isinstance(error, DataError) and "NUL" in str(error):
        # PostgreSQL takes no NUL character, not even in a question.
        return _unreadable()
    for kinds, make in _MEANINGS:
        if isinstance(error, kinds):
            return make()
    return None


def _unavailable() -> StudioError:
    return Unavailable(
        _("The server cannot store or read now; nothing was changed. Try again soon."),
        retry_after=RETRY_AFTER,
    )


def _missing() -> StudioError:
    return NotFound(_("There is no such page."))


def _denied() -> StudioError:
    return PermissionDenied(_("Your role does not allow this."))


def _too_large() -> StudioError:
    limit = settings.MAX_BODY
    return TooLarge(
        _("The body is larger than the %(limit)s bytes that are allowed.")
        % {"limit": limit},
        limit=limit,
    )


def _unreadable() -> StudioError:
    return InvalidRequest(_("The request cannot be read."))


def _broken() -> StudioError:
    return InvalidRequest(_("The request broke off."))


#: The first that fits decides: RequestDataTooBig is a SuspiciousOperation too.
_MEANINGS: list[tuple[tuple[type[Exception], ...], Callable[[], StudioError]]] = [
    ((Http404,), _missing),
    ((DjangoPermissionDenied,), _denied),
    ((RequestDataTooBig,), _too_large),
    ((SuspiciousOperation, BadRequest, MultiPartParserError), _unreadable),
    ((UnreadablePostError,), _broken),
    ((OperationalError, InterfaceError), _unavailable),
]
