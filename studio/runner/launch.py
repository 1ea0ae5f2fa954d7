"""`studio run PROGRAM`: a run for a command, which ends as the command ends."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.core.cancel_signals import (
    KILL_AFTER_SECONDS,
    TERMINATE_AFTER_SECONDS,
)
from studio.core.launcher_properties import (
    KILL_AFTER_PROPERTY,
    TERMINATE_AFTER_PROPERTY,
)
from studio.runner.ladder import SignalLadder
from studio.runner.launched_command import LaunchedCommand
from studio.runner.programs import experiment_of, find_program
from studio.runner.received_signals import ReceivedSignals
from studio.runner.recorder import Recorder
from studio.runner.streams import open_streams
from studio.runner.tracked_run import TrackedRun, create_tracked_run
from studio.runner.watched_folders import WatchedFolders, with_rank_logs
from studio.sdk.client import Client
from studio.sdk.delivery import print_notice
from studio.sdk.run_record import working_folder


@dataclass(frozen=True)
class LaunchOptions:
    """The run of a command, and how long the command has to stop by itself."""

    experiment: str = ""
    name: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    terminate_after: float = TERMINATE_AFTER_SECONDS
    kill_after: float = KILL_AFTER_SECONDS
    #: The folder that becomes the run's snapshot.
    sources: Path | None = None
    with_system_metrics: bool = True

    def delays(self) -> dict[str, str]:
        """The delays that are not the usual ones, as properties of the run."""
        delays = {
            TERMINATE_AFTER_PROPERTY: (self.terminate_after, TERMINATE_AFTER_SECONDS),
            KILL_AFTER_PROPERTY: (self.kill_after, KILL_AFTER_SECONDS),
        }
        return {
            name: f"{own:g}" for name, (own, usual) in delays.items() if own != usual
        }


def run_program(
    client: Client,
    command: Sequence[str],
    environment: Mapping[str, str],
    options: LaunchOptions,
) -> int:
    """Run the command as a run; return the command's exit code (128+n for a signal).

    Raises CommandNotRunnable and StudioError before anything was started.
    """
    program = find_program(command[0])
    with ReceivedSignals() as received:
        run = create_tracked_run(
            client,
            command,
            experiment=options.experiment or experiment_of(command),
            name=options.name,
            tags=options.tags,
            properties=options.delays(),
            sources=options.sources,
        )
        print_notice(f"Run {run.id}: {run.page_url}")
        names = ("STUDIO_RUN_ID", "MLFLOW_RUN_ID")
        environment = {**environment, **dict.fromkeys(names, run.id)}
        recorder = Recorder(
            run,
            [program, *command[1:]],
            environment,
            working_folder(),
            keeps_diff=True,
        )
        recorder.start(with_system_metrics=options.with_system_metrics)
        ladder = SignalLadder(options.terminate_after, options.kill_after)
        with _RankLogs(run) as logs:
            launched = _Launched(run, received, ladder, logs.send_new_parts)
            streams = open_streams(run.append_output)
            variables = logs.add_to(environment)
            code = launched.run_to_end(program, command, variables, streams)
    # From here on Ctrl-C interrupts the delivery.
    try:
        recorder.stop()
        run.end(launched.status, launched.message)
    except KeyboardInterrupt:
        print_notice("Interrupted: what is not delivered waits in the spool.")
    return code


class _Launched(LaunchedCommand):
    """A command that calls `on_pause` while it runs, with the monotonic time."""

    def __init__(
        self,
        run: TrackedRun,
        received: ReceivedSignals,
        ladder: SignalLadder,
        on_pause: Callable[[float], None],
    ) -> None:
        super().__init__(run, received, ladder)
        self._on_pause = on_pause

    def _watch_limits(self, now: float) -> None:
        self._on_pause(now)


class _RankLogs:
    """The logs of the ranks that the command starts: files until they are sent.

    Without space for them, there are none.
    """

    def __init__(self, run: TrackedRun) -> None:
        self._run = run
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._watched: WatchedFolders | None = None

    def __enter__(self) -> _RankLogs:
        with contextlib.suppress(OSError):
            self._folder = tempfile.TemporaryDirectory(prefix="studio-ranks-")
            root = Path(self._folder.name)
            self._watched = WatchedFolders(self._run.append_log, root, ())
        return self

    def __exit__(self, *_error: object) -> None:
        if self._watched is not None:
            self._watched.send_all()
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.cleanup()

    def add_to(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """The variables by which ranks find the folder."""
        if self._folder is None:
            return environment
        return with_rank_logs(environment, Path(self._folder.name))

    def send_new_parts(self, now: float) -> None:
        if self._watched is not None:
            self._watched.send_new_parts(now)
