"""A run's media over steps: images, audio, video, tables, texts and others."""

from runs.search.media.catalog import (
    MediaCatalog,
    MediaSeries,
    count_media_names,
    list_media,
)
from runs.search.media.items import (
    MediaItem,
    MediaLayer,
    StepItems,
    StepRequest,
    load_items,
)

__all__ = [
    "MediaCatalog",
    "MediaItem",
    "MediaLayer",
    "MediaSeries",
    "StepItems",
    "StepRequest",
    "count_media_names",
    "list_media",
    "load_items",
]
