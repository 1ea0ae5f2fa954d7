"""Where datasets came from, and the line of a traceback that matters."""

from __future__ import annotations

from runs.render.run.dataset_sources import (
    dataset_source_address,
)
from runs.render.run.error_headline import (
    headline_of_error,
    split_traceback,
)

__all__ = [
    "dataset_source_address",
    "headline_of_error",
    "split_traceback",
]
