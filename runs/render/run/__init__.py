"""Where datasets came from, and the line of a traceback that matters."""

from __future__ import annotations

from runs.render.run.dataset_sources import (
    source_address,
)
from runs.render.run.error_headline import (
    headline,
    split_traceback,
)

__all__ = [
    "headline",
    "source_address",
    "split_traceback",
]
