"""Runs."""

from __future__ import annotations

from typing import Any

from studio.sdk.context import OfflineRun as _OfflineRun
from studio.sdk.context import SubmittedRun as _SubmittedRun
from studio.sdk.run import Run, get_run

__all__ = ["Run", "_OfflineRun", "_SubmittedRun", "get_run"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from studio.compat.missing import missing_name

    raise missing_name(__name__, name, __all__)
