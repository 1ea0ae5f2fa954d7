"""The tab *Media* of the run page: media by name and step, and image files."""

from __future__ import annotations

from runs.pages.media.image_files import image_file
from runs.pages.media.panels import DOCUMENT_KINDS, MediaTile, media_tiles
from runs.pages.media.slider import MAX_STEPS, draw_ticks
from runs.pages.media.state import read_step
from runs.pages.media.tables import OutsidePage
from runs.pages.media.urls import urlpatterns

__all__ = [
    "DOCUMENT_KINDS",
    "MAX_STEPS",
    "MediaTile",
    "OutsidePage",
    "draw_ticks",
    "image_file",
    "media_tiles",
    "read_step",
    "urlpatterns",
]
