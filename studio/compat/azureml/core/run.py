"""Runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.compat.missing import refuse_unknown_names
from studio.sdk.run import Run, get_run
from studio.sdk.script_context import OfflineRun as _OfflineRun
from studio.sdk.script_context import SubmittedRun as _SubmittedRun

__all__ = ["Run", "_OfflineRun", "_SubmittedRun", "get_run"]

if not TYPE_CHECKING:
    __getattr__ = refuse_unknown_names(__name__, __all__)
