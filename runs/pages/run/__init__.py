"""The run page: details, child runs, images, history, and its editors."""

from __future__ import annotations

from runs.pages.run.images import (
    image_file,
)
from runs.pages.run.tags import (
    split_tag_text,
)
from runs.pages.run.urls import (
    urlpatterns,
)

__all__ = [
    "image_file",
    "split_tag_text",
    "urlpatterns",
]
