"""A run's status: start, end, and waiting for the end."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from studio.core.statuses import RunStatus
from studio.sdk.connection import OFFLINE_ERRORS
from studio.sdk.errors import (
    ActivityFailedException,
    ExperimentExecutionException,
)
from studio.sdk.local_jobs import stop_local_run
from studio.sdk.process import Cancellation, forget_run, watch_run
from studio.sdk.run.files import RunFiles
from studio.sdk.run.info import RunInfo
from studio.sdk.run.log_follower import LogFollower
from studio.sdk.run.process_run import JoinedProcessRun, ProcessRun
from studio.sdk.run.script_environment import withdraw_run
from studio.sdk.run.slot_lending import LentSlot, lend_slot
from studio.sdk.run.snapshot import RunSnapshot
from studio.sdk.run.state import RunState
from studio.sdk.system_metrics import start_system_metrics

NO_ERROR = "Detailed error not set on the Run. Please check the logs for details."


class RunLifecycle:
    """Starts, ends and awaits a run. A final status never changes."""

    def __init__(
        self, state: RunState, files: RunFiles, snapshot: RunSnapshot, info: RunInfo
    ) -> None:
        self._state, self._files = state, files
        self._snapshot, self._info = snapshot, info
        self._process_run: ProcessRun | None = None

    def get_status(self) -> str:
        """The status, read from the server unless it is final."""
        if not self._state.is_final():
            self._state.refresh()
        return self._state.status

    def set_status(self, status: RunStatus) -> None:
        """Report a status, now or through the spool."""
        body = {"status": status.value, "message": ""}
        info = self._state.write("POST", "status", body)
        if info:
            self._state.set_info(info)
        elif not self._state.is_final():
            self._state.local_status = status.value

    def belong_to_process(self) -> None:
        """End the run with this process, and stop the process if it is canceled."""
        self._state.is_own = True
        run = ProcessRun(self._state, self)
        self._process_run = run
        self._state.cancellation = Cancellation(run)
        watch_run(run)

    def join_process(self, *, fails_run: bool) -> None:
        """Stop this process if the run is canceled, which another process began.

        With `fails_run`, an exception that ends this process fails the run.
        """
        run = JoinedProcessRun(self._state, self, fails_run=fails_run)
        self._process_run = run
        self._state.cancellation = Cancellation(run)
        watch_run(run)
        self._state.open_writer()

    def finish(
        self,
        status: RunStatus | None,
        message: str = "",
        *,
        seconds: float | None = None,
    ) -> None:
        """Deliver everything that was logged, the outputs and then the status.

        After `seconds` the rest waits in the spool.
        """
        state = self._state
        status = None if status is None else self.final_status(status)
        if state.planned_end is None or status is not None:
            state.planned_end = (status, message)
        self.stop_capture()
        self.stop_system_metrics()
        self._snapshot.wait(seconds)
        self._files.upload_outputs()
        # What started the script reports its end. Only the script knows why it failed.
        if state.is_launched and status is not RunStatus.FAILED:
            status = None
        state.end(status, message, seconds=seconds)
        state.has_ended = True
        withdraw_run(state.id)
        if self._process_run is not None:
            forget_run(self._process_run)

    def final_status(self, status: RunStatus) -> RunStatus:
        """A run that was canceled ends as Canceled, whatever its script made of it."""
        cancellation = self._state.cancellation
        is_canceled = cancellation is not None and cancellation.is_requested
        is_final = status in (RunStatus.COMPLETED, RunStatus.FAILED)
        # The cancellation came first, or `planned_end` would be set.
        if is_canceled and is_final and self._state.planned_end is None:
            return RunStatus.CANCELED
        return status

    def is_cancel_requested(self) -> bool:
        """Whether the run was canceled, as of the last few seconds."""
        state = self._state
        if state.cancellation is not None:
            return state.cancellation.is_requested
        if state.is_launched and not state.connection.is_offline:
            # The launcher sends the heartbeats. So this process reads the status.
            writer = state.open_writer()
            writer.watch_run()
            return writer.cancel_requested
        if not state.is_own and not state.is_final():
            state.refresh()
        return state.status in (RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED)

    def cancel(self) -> None:
        """End as Canceled."""
        if self._state.planned_end is None:
            self._state.planned_end = (RunStatus.CANCELED, "")
        # A run that the server canceled needs no status from here.
        self.finish(None if self._cancel_now() else RunStatus.CANCELED)

    def cancel_submitted(self) -> None:
        """Cancel a submitted run, which another process runs and ends."""
        state = self._state
        # An agent's run ends when its process has ended, since its slot is free then.
        is_forced = state.info.get("launcher") != "agent"
        body = {"force": is_forced}
        state.set_info(state.connection.change("POST", state.path("cancel"), body))
        stop_local_run(state.id)

    def _cancel_now(self) -> bool:
        """Cancel on the server; false if it cannot be reached."""
        state = self._state
        if state.connection.is_buffering:
            return False
        try:
            info = state.write_now("POST", state.path("cancel"), {"force": True})
        except OFFLINE_ERRORS as error:
            if state.writer is None:
                raise
            state.connection.start_buffering(error)
            return False
        state.set_info(info)
        return True

    def wait_for_completion(
        self, *, show_output: bool, raise_on_error: bool
    ) -> dict[str, Any]:
        """Wait for the end and return the details. Raises as `Run` documents."""
        follower: LogFollower | None = None
        try:
            follower = LogFollower(self._state, self._files) if show_output else None
            with lend_slot(self._state) as lent:
                self._wait_until_ended(follower, lent)
        except KeyboardInterrupt as error:
            raise ExperimentExecutionException(
                "The output streaming for the run interrupted.\n"
                "But the run is still executing on the compute target.\n"
                f"To cancel it: run.cancel(), or {self._state.page_url()}"
            ) from error
        details = self._info.get_details()
        if follower is not None:
            follower.print_summary(details)
        if self._state.status == RunStatus.FAILED and raise_on_error:
            error_details = details.get("error") or {"error": {"message": NO_ERROR}}
            raise ActivityFailedException(json.dumps(error_details, indent=4))
        return details

    def _wait_until_ended(self, follower: LogFollower | None, lent: LentSlot) -> None:
        min_pause = _read_seconds("AZUREML_RUN_POLLING_INTERVAL_MIN", 2)
        max_pause = _read_seconds("AZUREML_RUN_POLLING_INTERVAL_MAX", 60)
        max_pause = max(min_pause, max_pause)
        pause = min_pause
        while True:
            status = self.get_status()
            if follower is not None and follower.print_new_output():
                pause = min_pause
            if self._state.is_final() or status == "":
                break
            lent.report()
            time.sleep(pause)
            pause = min(max_pause, pause * 1.25)
        # The log can have grown between its last reading and the end.
        if follower is not None:
            follower.print_new_output()
            follower.finish()

    def start_system_metrics(self) -> None:
        """Sample this machine until the run ends, unless that is switched off."""
        self._state.system_metrics = start_system_metrics(
            self._state.open_writer().add_point
        )

    def stop_system_metrics(self) -> None:
        if self._state.system_metrics is not None:
            self._state.system_metrics.stop()
            self._state.system_metrics = None

    def start_capture(self) -> None:
        """Also write what the script prints to `logs/user_log.txt`."""
        # It imports http.client and more, which scripts that only read do not need.
        from studio.sdk.delivery import StreamCapture

        if self._state.stream_capture is None and self._state.is_own:
            self._state.stream_capture = StreamCapture(self._state.open_writer())

    def stop_capture(self) -> None:
        """Restore stdout and stderr if they are captured."""
        if self._state.stream_capture is not None:
            self._state.stream_capture.close()
            self._state.stream_capture = None


def _read_seconds(name: str, default: float) -> float:
    """Seconds from the environment, or the default if they are not a number."""
    try:
        return max(0.0, float(os.environ[name]))
    except (KeyError, ValueError):
        return default
