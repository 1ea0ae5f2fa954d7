"""The run page's files and snapshot; previews and downloads of stored files."""

from __future__ import annotations

from runs.pages.files.files import send_archive, send_stored_file
from runs.pages.files.preview import FileContent, file_viewer_context
from runs.pages.files.urls import (
    urlpatterns,
)

__all__ = [
    "FileContent",
    "file_viewer_context",
    "send_archive",
    "send_stored_file",
    "urlpatterns",
]
