"""What rows are ordered by."""

from __future__ import annotations

from dataclasses import dataclass

from studio.core.filters.text import field_text
from studio.core.filters.tree import Field


@dataclass(frozen=True)
class Sort:
    """What rows are ordered by; ties and runs without a value go by arrival."""

    field: Field
    descending: bool = False

    def __str__(self) -> str:
        return ("-" if self.descending else "") + field_text(self.field)
