"""The run page's files; downloads of stored files."""

from __future__ import annotations

from runs.pages.files.downloads import (
    send_archive,
    send_stored_file,
    stored_content,
)
from runs.pages.files.urls import urlpatterns

__all__ = [
    "send_archive",
    "send_stored_file",
    "stored_content",
    "urlpatterns",
]
