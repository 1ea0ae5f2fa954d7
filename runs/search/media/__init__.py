"""A run's media over steps: images, audio, video, tables, texts and others."""

from runs.search.media.catalog import (
    MediaCatalog,
    MediaSeries,
    count_media_names,
    list_media,
    list_media_of_runs,
)
from runs.search.media.items import (
    MediaItem,
    MediaLayer,
    StepItems,
    StepRequest,
    load_items,
    load_items_of_runs,
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
    "list_media_of_runs",
    "load_items",
    "load_items_of_runs",
]
