"""REST: who changed what, and undo of all that a token changed."""

from __future__ import annotations

from runs.api.v1.activity.activity import get_change, list_activity, undo_token_changes

__all__ = ["get_change", "list_activity", "undo_token_changes"]
