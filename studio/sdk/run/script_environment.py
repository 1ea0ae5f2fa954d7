"""The variables by which a process that this one starts joins its run."""

from __future__ import annotations

import os
from typing import Any

RUN_VARIABLE = "STUDIO_RUN_ID"
#: Names the run, too, if no launcher but another process of the script started it. So
#: nothing but the process itself stops it when the run is canceled.
JOINED_VARIABLE = "STUDIO_JOINED_RUN_ID"

_begun: dict[str, Any] = {}


def publish_run(run: Any) -> None:
    """Let what this process starts join the run, unless it belongs to one already."""
    if not os.environ.get(RUN_VARIABLE):
        os.environ[RUN_VARIABLE] = os.environ[JOINED_VARIABLE] = run.id
        _begun[run.id] = run


def withdraw_run(run_id: str) -> None:
    """The run has ended."""
    if _begun.pop(run_id, None) is not None:
        for name in (RUN_VARIABLE, JOINED_VARIABLE):
            if os.environ.get(name) == run_id:
                del os.environ[name]


def find_begun_run(run_id: str) -> Any:
    """The object of the run, if this process or the one it was forked from began it."""
    return _begun.get(run_id)
