"""A run as the end of its process, and a cancel request, see it."""

from __future__ import annotations

import contextlib
import time
from typing import Protocol

from studio.core.errors import StudioError
from studio.core.statuses import RunStatus
from studio.sdk.process import ExitReason
from studio.sdk.run.errors_of_runs import error_message
from studio.sdk.run.state import RunState

#: A report must not delay the signal.
REPORT_SECONDS = 1.0


class RunEnd(Protocol):
    """The part of a run that ends it: `RunLifecycle`."""

    def final_status(self, status: RunStatus) -> RunStatus: ...

    def finish(
        self,
        status: RunStatus | None,
        message: str = "",
        *,
        seconds: float | None = None,
    ) -> None: ...


class ProcessRun:
    """A run that this process began: the end of the process ends it."""

    def __init__(self, state: RunState, end: RunEnd) -> None:
        self._state, self._end = state, end

    @property
    def id(self) -> str:
        return self._state.id

    @property
    def is_ending(self) -> bool:
        return self._state.planned_end is not None

    @property
    def is_ended(self) -> bool:
        return self._state.has_ended

    def note_end(self, reason: ExitReason) -> None:
        writer = self._state.writer
        if writer is not None:
            status = self._end.final_status(reason.status)
            writer.note_end(status.value, _message_of(reason))

    def conclude(self, reason: ExitReason, seconds: float | None = None) -> None:
        planned = self._state.planned_end
        if planned is None:
            planned = (reason.status, _message_of(reason))
        self._end.finish(*planned, seconds=seconds)

    def leave_to_parent(self) -> None:
        state = self._state
        state.is_own, state.is_launched = False, True
        state.cancellation, state.outputs = None, None
        # Its thread is the parent's.
        state.system_metrics = None

    def report_signal(self, signal: str) -> None:
        state = self._state
        if state.connection.is_offline:
            return
        body = {"signal": str(signal), "time": int(time.time() * 1000)}
        # It is only for the page. The run may have ended, or the server be away.
        with contextlib.suppress(StudioError, OSError, ValueError):
            state.connection.client.json(
                "POST",
                state.path("cancel/signals"),
                body,
                timeout=REPORT_SECONDS,
                attempts=1,
            )


class JoinedProcessRun(ProcessRun):
    """A run that another process began, and that this process logs to."""

    def __init__(self, state: RunState, end: RunEnd, *, fails_run: bool) -> None:
        super().__init__(state, end)
        self._fails_run = fails_run

    def note_end(self, reason: ExitReason) -> None:
        """Leave it to the process that began the run."""

    def conclude(self, reason: ExitReason, seconds: float | None = None) -> None:
        is_failed = self._fails_run and reason.status is RunStatus.FAILED
        if is_failed and not self.is_ending:
            super().conclude(reason, seconds)
        else:
            self._end.finish(None, seconds=seconds)

    def report_signal(self, signal: str) -> None:
        """Leave it to the process that began the run."""


def _message_of(reason: ExitReason) -> str:
    if reason.error is None or reason.status is not RunStatus.FAILED:
        return reason.message
    return error_message(reason.error, None)
