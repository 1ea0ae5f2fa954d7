"""The session store whose rows know their user (`SESSION_ENGINE`)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from runs.models.accounts import BrowserSession

MAX_ADDRESS = 64
MAX_AGENT = 300


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
        # A new key, as at sign-in, is a new row: that is when the session began.
        same = self.row is not None and self.row.session_key == row.session_key
        row.created = self.row.created if self.row and same else row.last_seen
        return row
