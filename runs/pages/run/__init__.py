"""The run page: details, child runs, images, history, and its editors."""

from __future__ import annotations

from runs.pages.run.images import (
    picture_of,
)
from runs.pages.run.urls import (
    urlpatterns,
)

__all__ = [
    "picture_of",
    "urlpatterns",
]
