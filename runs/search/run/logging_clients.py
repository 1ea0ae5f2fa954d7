"""What a run's script logs with, as far as the run shows it."""

from __future__ import annotations

from enum import Enum

from runs.models import Run, RunTag, RunWriter
from runs.search.run.details import SYSTEM_TAG_PREFIX


class LoggingClient(Enum):
    SDK = "sdk"
    MLFLOW = "mlflow"


def find_logging_clients(run: Run) -> tuple[LoggingClient, ...]:
    """Those that left their traces in the run; all of them where none did.

    MLflow's clients leave tags of their own. The SDK alone has writers, and promises
    heartbeats from the beginning.
    """
    tags = RunTag.objects.filter(run=run, key__name__startswith=SYSTEM_TAG_PREFIX)
    has_writer = run.heartbeats or RunWriter.objects.filter(run=run).exists()
    seen = {LoggingClient.SDK: has_writer, LoggingClient.MLFLOW: tags.exists()}
    return tuple(each for each in LoggingClient if seen[each]) or tuple(LoggingClient)
