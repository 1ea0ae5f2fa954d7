"""The process of a script: how it ends, and what a cancel request does to it.

It knows neither HTTP nor the spool: runs register here with `watch_run`.
"""

from studio.sdk.process.begun_runs import BegunRun, forget_run, open_runs
from studio.sdk.process.cancellation import Cancellation
from studio.sdk.process.ending import current_reason, run_at_exit, watch_run
from studio.sdk.process.exit_reason import (
    ExitReason,
    reason_of_exception,
    watch_exit,
)
from studio.sdk.process.ranks import RankGroup, find_rank_group
from studio.sdk.process.session import is_interactive, is_notebook

__all__ = [
    "BegunRun",
    "Cancellation",
    "ExitReason",
    "RankGroup",
    "current_reason",
    "find_rank_group",
    "forget_run",
    "is_interactive",
    "is_notebook",
    "open_runs",
    "reason_of_exception",
    "run_at_exit",
    "watch_exit",
    "watch_run",
]
