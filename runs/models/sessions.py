"""Browser sessions, and the store that keeps them (`SESSION_ENGINE`)."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from runs.models.accounts import User

MAX_ADDRESS = 64
MAX_AGENT = 300


class BrowserSession(AbstractBaseSession):
    """A browser's session with its user, who can list and end it."""

    user = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="sessions"
    )
    created = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField(auto_now_add=True)
    address = models.CharField(max_length=64, blank=True, default="")
    agent = models.CharField(max_length=300, blank=True, default="")

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore

    @property
    def public_id(self) -> str:
        """Names the session on pages; its key would sign in whoever reads it."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:24]


class SessionStore(DatabaseStore):
    #: The row that the session was loaded from.
    row: BrowserSession | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def _get_session_from_db(self) -> BrowserSession | None:
        self.row = super()._get_session_from_db()  # type: ignore[misc]
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        row = super().create_model_instance(data)
        assert isinstance(row, BrowserSession)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.address = str(data.get("address", ""))[:MAX_ADDRESS]
        row.agent = str(data.get("agent", ""))[:MAX_AGENT]
        row.last_seen = timezone.now()
        # Signing in changes the key, which begins a new session.
        same = self.row is not None and self.row.session_key == row.session_key
        row.created = self.row.created if self.row and same else row.last_seen
        return row
