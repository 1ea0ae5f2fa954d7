"""Signing in, the account, invitations and members."""

from __future__ import annotations

from runs.pages.account.members import (
    show_members,
)
from runs.pages.account.urls import (
    urlpatterns,
)

__all__ = [
    "show_members",
    "urlpatterns",
]
