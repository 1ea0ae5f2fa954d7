"""Start runs from the browser: *New run*, *Resubmit*, *Sweep*."""

from __future__ import annotations

from runs.pages.submit.urls import urlpatterns

__all__ = ["urlpatterns"]
