"""The tab *Media* of the run page: media by name and step, and image files."""

from __future__ import annotations

from runs.pages.media.image_files import image_file
from runs.pages.media.urls import urlpatterns

__all__ = [
    "image_file",
    "urlpatterns",
]
