"""What the web server and the access rules both know of a request: no models needed."""

from __future__ import annotations

from runs.http.client_addresses import client_address, client_address_from_environ
from runs.http.counting import (
    COUNTER_SLOT_SIZE,
    REQUEST_KINDS,
    SECONDS_LIMITS,
    STATUS_CLASSES,
    Counted,
    counters,
)
from runs.http.environ_keys import AUTHORIZE_ONLY, BODY_LIMIT, KNOWN_CALLER, REFUSAL
from runs.http.error_conversion import (
    RETRY_AFTER_SECONDS,
    as_studio_error,
    is_temporary,
)
from runs.http.file_streams import is_file_stream, mark_file_stream
from runs.http.log_lines import REQUEST_ID_HEADER, request_id
from runs.http.ranges import has_current_copy, requested_range
from runs.http.token_headers import invalid_token, read_secret

__all__ = [
    "AUTHORIZE_ONLY",
    "BODY_LIMIT",
    "COUNTER_SLOT_SIZE",
    "KNOWN_CALLER",
    "REFUSAL",
    "REQUEST_ID_HEADER",
    "REQUEST_KINDS",
    "RETRY_AFTER_SECONDS",
    "SECONDS_LIMITS",
    "STATUS_CLASSES",
    "Counted",
    "as_studio_error",
    "client_address",
    "client_address_from_environ",
    "counters",
    "has_current_copy",
    "invalid_token",
    "is_file_stream",
    "is_temporary",
    "mark_file_stream",
    "read_secret",
    "request_id",
    "requested_range",
]
