"""The run list: All runs and the runs of one experiment."""

from __future__ import annotations

from runs.pages.run_list.run_list import (
    PageShell,
    show_list,
)
from runs.pages.run_list.urls import (
    urlpatterns,
)

__all__ = [
    "PageShell",
    "show_list",
    "urlpatterns",
]
