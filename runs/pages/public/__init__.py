"""Public links: what people without an account see."""

from __future__ import annotations

from runs.pages.public.urls import (
    urlpatterns,
)

__all__ = [
    "urlpatterns",
]
