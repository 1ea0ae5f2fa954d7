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

    def __init__(self, state: RunState, lifecycle: RunEnd) -> None:
        self._state, self._lifecycle = state, lifecycle

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
            status = self._lifecycle.final_status(reason.status)
            writer.note_end(status.value, _message_of(reason))

    def conclude(self, reason: ExitReason, seconds: float | None = None) -> None:
        end = self._state.planned_end
        if end is None:
            end = (reason.status, _message_of(reason))
        self._lifecycle.finish(*end, seconds=seconds)

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


def _message_of(reason: ExitReason) -> str:
    if reason.error is None or reason.status is not RunStatus.FAILED:
        return reason.message
    return error_message(reason.error, None)
