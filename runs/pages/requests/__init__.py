"""What all views share: requests, forms, conditional responses, downloads."""

from __future__ import annotations

from runs.pages.requests.addresses import (
    EXPERIMENT_URL,
    RUN_URL,
    WORKSPACE_URL,
    safe_return_path,
)
from runs.pages.requests.downloads import (
    SentFile,
    content_disposition,
    csv_response,
    send_file,
    sent_file,
)
from runs.pages.requests.forms import (
    FORM_ERROR_STATUS,
    CountField,
    FlagField,
    MarkdownField,
    OptionalTextField,
    PageForm,
    PresenceField,
    StarForm,
    TextField,
    TextListField,
    plain_line_breaks,
)
from runs.pages.requests.page_request import (
    PageRequest,
)
from runs.pages.requests.responses import (
    CSV,
    EXPORT_TYPES,
    JSON,
    SHOWN_ROWS_PARAMETER,
    TEXT,
    browser_etag,
    change_stamp,
    content_etag,
    has_same_content,
    is_unchanged,
    not_modified,
    requested_export,
    requested_format,
    star_response,
    with_vary_headers,
)

__all__ = [
    "CSV",
    "EXPERIMENT_URL",
    "EXPORT_TYPES",
    "FORM_ERROR_STATUS",
    "JSON",
    "RUN_URL",
    "SHOWN_ROWS_PARAMETER",
    "TEXT",
    "WORKSPACE_URL",
    "CountField",
    "FlagField",
    "MarkdownField",
    "OptionalTextField",
    "PageForm",
    "PageRequest",
    "PresenceField",
    "SentFile",
    "StarForm",
    "TextField",
    "TextListField",
    "browser_etag",
    "change_stamp",
    "content_disposition",
    "content_etag",
    "csv_response",
    "has_same_content",
    "is_unchanged",
    "not_modified",
    "plain_line_breaks",
    "requested_export",
    "requested_format",
    "safe_return_path",
    "send_file",
    "sent_file",
    "star_response",
    "with_vary_headers",
]
