"""What the web server and the access rules both know of a request: no models needed."""

from __future__ import annotations

from runs.http.client_addresses import client_address, client_address_from_environ
from runs.http.environ_keys import AUTHORIZE_ONLY, BODY_LIMIT, KNOWN_CALLER, REFUSAL
from runs.http.error_conversion import (
    RETRY_AFTER_SECONDS,
    as_studio_error,
    is_temporary,
)
from runs.http.file_streams import is_file_stream, mark_file_stream
from runs.http.ranges import has_current_copy, requested_range
from runs.http.token_headers import invalid_token, read_secret

__all__ = [
    "AUTHORIZE_ONLY",
    "BODY_LIMIT",
    "KNOWN_CALLER",
    "REFUSAL",
    "RETRY_AFTER_SECONDS",
    "as_studio_error",
    "client_address",
    "client_address_from_environ",
    "has_current_copy",
    "invalid_token",
    "is_file_stream",
    "is_temporary",
    "mark_file_stream",
    "read_secret",
    "requested_range",
]
