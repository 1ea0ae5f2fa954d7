"""A run's status: starting, ending, waiting for the end."""

from __future__ import annotations

import json
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from studio.core.names import MAX_ERROR
from studio.core.statuses import RunStatus
from studio.sdk.core import seconds
from studio.sdk.details import PROGRAM_FAILED, Details
from studio.sdk.errors import (
    ActivityFailedException,
    ExperimentExecutionException,
)
from studio.sdk.files import Files
from studio.sdk.following import Follower
from studio.sdk.link import AWAY
from studio.sdk.snapshots import Snapshots

DEFAULT_CODE = "UserError"
NO_ERROR = "Detailed error not set on the Run. Please check the logs for details."


class Lifecycle(Snapshots, Files, Details):
    """Final statuses stay: what comes after them is accepted and changes nothing."""

    @property
    def status(self) -> str:
        """The status when it was last read; `get_status()` reads it anew."""
        return self._status or str(self._info.get("status", RunStatus.NOT_STARTED))

    def get_status(self) -> str:
        """The status now."""
        if not self._is_final():
            self._refresh()
        return self.status

    def get_detailed_status(self) -> dict[str, Any]:
        """The status, and what is known beside it."""
        return {"status": self.get_status(), "details": self._info.get("error") or None}

    def start(self) -> None:
        """Report that the run is Running."""
        self._move(RunStatus.RUNNING)

    def complete(self, _set_status: bool = True) -> None:
        """Deliver all that was logged, keep the outputs, end as Completed.

        Twice is harmless.
        """
        self._finish(RunStatus.COMPLETED if _set_status else None)

    def fail(
        self,
        error_details: str | BaseException | None = None,
        error_code: str | None = None,
        _set_status: bool = True,
    ) -> None:
        """End as Failed. `error_details` is a sentence, or the exception.

        Raises TypeError for anything else.
        """
        message = message_of(error_details, error_code)
        self._finish(RunStatus.FAILED if _set_status else None, message)

    def cancel(self) -> None:
        """End as Canceled, at once; what was logged is delivered."""
        self._finish(None if self._is_cancelled_there() else RunStatus.CANCELED)

    def _is_cancelled_there(self) -> bool:
        """Cancel on the server; whether it could be told now."""
        if self._link.deferred:
            return False
        try:
            told = self._changed_now("POST", self._place("cancel"), {"force": True})
        except AWAY as error:
            if self._writer is None:
                raise
            self._link.defer(error)
            return False
        self._info, self._status = told, None
        return True

    def clean(self) -> list[str]:
        """Remove what the run left on its compute target; the files that were removed.

        A run of this process left nothing: it works where its script is, and its files
        are the server's, which its page deletes.
        """
        return []

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> dict[str, Any]:
        """Wait for the end and return `get_details()`; with its logs if asked.

        Raises ActivityFailedException for a failed run, and
        ExperimentExecutionException when interrupted: the run goes on then.
        """
        follower: Follower | None = None
        try:
            follower = Follower(self) if show_output else None
            self._wait(follower)
        except KeyboardInterrupt as error:
            raise ExperimentExecutionException(
                "The output streaming for the run interrupted.\n"
                "But the run is still executing on the compute target.\n"
                f"To cancel it: run.cancel(), or {self.get_portal_url()}"
            ) from error
        details = self.get_details()
        if follower is not None:
            follower.summary(details)
        if self.status == RunStatus.FAILED and raise_on_error:
            why = details.get("error") or {"error": {"message": NO_ERROR}}
            raise ActivityFailedException(json.dumps(why, indent=4))
        return details

    def _wait(self, follower: Follower | None) -> None:
        shortest = seconds("AZUREML_RUN_POLLING_INTERVAL_MIN", 2)
        longest = max(shortest, seconds("AZUREML_RUN_POLLING_INTERVAL_MAX", 60))
        pause = shortest
        while True:
            status = self.get_status()
            if follower is not None and follower.follow():
                pause = shortest
            if self._is_final() or status == "":
                break
            time.sleep(pause)
            pause = min(longest, pause * 1.25)
        if follower is not None:
            follower.follow()
            follower.finish()

    def _move(self, status: RunStatus, message: str = "") -> None:
        body = {"status": status.value, "message": message}
        told = self._write("POST", "status", body)
        if told:
            self._info, self._status = told, None
        elif not self._is_final():
            self._status = status.value

    def _finish(self, status: RunStatus | None, message: str = "") -> None:
        self._restore_streams()
        self._await_snapshot()
        self._keep_outputs()
        if self._is_launched and status is not RunStatus.FAILED:
            status = None
        self._end(status, message)

    def _stream_output(self) -> None:
        """Keep what the script prints as `logs/user_log.txt`, too."""
        from studio.sdk.delivery import StreamCapture

        if self._streams is None and self._is_own:
            self._streams = StreamCapture(self._out())

    def _restore_streams(self) -> None:
        """Give stdout and stderr back, where they are streamed."""
        if self._streams is not None:
            self._streams.close()
            self._streams = None

    def _keep_outputs(self) -> None:
        """Upload the outputs folder, once."""
        folder = self._outputs
        if folder is not None:
            for file in sorted(Path(folder).rglob("*")):
                relative = file.relative_to(folder).as_posix()
                path = f"{_artifact_folder(folder)}/{relative}"
                if path not in self._kept and file.is_file():
                    self._out().add_file(file, path)
                    self._kept.add(path)
        self._outputs = None

    def __enter__(self) -> Any:
        self._stream_output()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.complete()
        else:
            self.fail(error)


def _artifact_folder(folder: str) -> str:
    """Where the files of the outputs folder go: by its name, below the run."""
    path = Path(folder)
    inside = not path.is_absolute() and ".." not in path.parts
    return (
        path.as_posix() if inside and path.as_posix() != "." else path.name or "outputs"
    )


def message_of(details: Any, code: str | None) -> str:
    """The text that is kept of a failure. Raises TypeError."""
    if details is None:
        message = ""
    elif isinstance(details, str):
        message = details
    elif isinstance(details, BaseException):
        message = f"{PROGRAM_FAILED}{type(details).__name__}: {details}"
        if details.__traceback__ is not None:
            trace = traceback.format_exception(
                type(details), details, details.__traceback__
            )
            message += "\n\n" + "".join(trace).rstrip()
    else:
        raise TypeError(
            f"error_details must be text or an exception, not {type(details).__name__}"
        )
    if code and code != DEFAULT_CODE:
        message = f"{code}: {message}" if message else code
    return message.replace("\x00", "")[:MAX_ERROR]
