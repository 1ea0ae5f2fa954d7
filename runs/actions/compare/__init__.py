"""Conclusions of a comparison."""

from __future__ import annotations

from runs.actions.compare.conclusions import (
    CONCLUSION_FIELD,
    read_current_conclusion,
    restore_conclusion,
    set_conclusion,
)

__all__ = [
    "CONCLUSION_FIELD",
    "read_current_conclusion",
    "restore_conclusion",
    "set_conclusion",
]
