"""Record what a command depends on, and what its machine does while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.launcher_properties import COMMAND_PROPERTY
from studio.runner.programs import as_text
from studio.runner.tracked_run import TrackedRun
from studio.sdk.delivery import print_notice
from studio.sdk.run_record import (
    PythonFacts,
    Redact,
    RunRecord,
    attempt_path,
    probe_python,
    upload_diff,
    upload_record,
)
from studio.sdk.system_metrics import SystemMetrics, start_system_metrics

#: How long the end of a run waits for its record.
RECORD_SECONDS = 30.0


class Recorder:
    """The record and the system metrics of one command of a run."""

    def __init__(
        self,
        run: TrackedRun,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        attempt: int = 1,
        redact: Redact = str,
        image: str = "",
        find_python: Callable[[], PythonFacts | None] | None = None,
        keeps_diff: bool = False,
    ) -> None:
        """`find_python` replaces a look at the command's own interpreter.

        With `keeps_diff` the changes of the folder since its commit are kept.
        """
        self._run, self._folder, self._keeps_diff = run, folder, keeps_diff
        self._command = [as_text(word) for word in command]
        self._environment = environment
        self._attempt, self._redact = attempt, redact
        self._image, self._find_python = image, find_python or self._probe
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._metrics: SystemMetrics | None = None

    def start(self, *, with_system_metrics: bool = True) -> None:
        self._thread.start()
        if with_system_metrics:
            self._metrics = start_system_metrics(
                self._run.add_point,
                folder=self._folder,
                environment=self._environment,
            )

    def stop(self) -> None:
        """Take no further sample, and wait until the record is kept."""
        if self._metrics is not None:
            self._metrics.stop()
        self._thread.join(RECORD_SECONDS)

    def _probe(self) -> PythonFacts | None:
        return probe_python(self._command[0], self._environment, self._folder)

    def _record(self) -> None:
        record = RunRecord.collect(
            self._command,
            self._folder,
            self._environment,
            self._find_python(),
            self._image,
        )
        # The run has its command already. Properties never change, and another attempt
        # can run elsewhere.
        facts = record.properties()
        facts.pop(COMMAND_PROPERTY, None)
        path = attempt_path(self._attempt)
        try:
            if self._attempt <= 1:
                self._run.add_properties(facts)
            upload_record(record, self._run.add_file, path, self._redact)
            if self._keeps_diff:
                upload_diff(self._folder, self._run.add_file)
        except (StudioError, OSError) as error:
            print_notice(f"{path} is not kept: {error}")
