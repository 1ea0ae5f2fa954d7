"""Follow buttons, the inbox, the choices of a person, and the links of mails."""

from __future__ import annotations

from runs.pages.notify.urls import urlpatterns

__all__ = ["urlpatterns"]
