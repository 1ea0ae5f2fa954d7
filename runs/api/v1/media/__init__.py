"""REST: a run's media by name and step."""

from __future__ import annotations

from runs.api.v1.media.media import list_run_media

__all__ = ["list_run_media"]
