"""The run page: details, child runs, history, and its editors."""

from __future__ import annotations

from runs.pages.run.forms import read_end_status
from runs.pages.run.urls import (
    urlpatterns,
)

__all__ = [
    "read_end_status",
    "urlpatterns",
]
