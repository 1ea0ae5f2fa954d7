"""`studio run PROGRAM`: a run for a command, which ends as the command ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from studio.runner.tracked_run import create_tracked_run
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
        ladder = SignalLadder(options.terminate_after, options.kill_after)
        launched = LaunchedCommand(run, received, ladder)
        streams = open_streams(run.append_output)
        names = ("STUDIO_RUN_ID", "MLFLOW_RUN_ID")
        environment = {**environment, **dict.fromkeys(names, run.id)}
        recorder = Recorder(run, [program, *command[1:]], environment, working_folder())
        recorder.start(with_system_metrics=options.with_system_metrics)
        code = launched.run_to_end(program, command, environment, streams)
    # From here on Ctrl-C interrupts the delivery.
    try:
        recorder.stop()
        run.end(launched.status, launched.message)
    except KeyboardInterrupt:
        print_notice("Interrupted: what is not delivered waits in the spool.")
    return code
