"""Diagnostics: none are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.compat.missing import refuse_unknown_names

__all__ = ["set_diagnostics_collection"]


def set_diagnostics_collection(send_diagnostics: bool = True, **_more: object) -> None:
    """Do nothing: Run Studio sends no diagnostics."""
    del send_diagnostics


if not TYPE_CHECKING:
    __getattr__ = refuse_unknown_names(__name__, __all__)
