"""The thread that samples the machine while a run is active."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from studio.core.errors import StudioError
from studio.sdk.system_metrics.sampler import SystemSampler

SWITCH = "STUDIO_SYSTEM_METRICS"
OFF = ("off", "0", "false", "no")
#: MLflow's own samples have the same names: there must be one of the two.
MLFLOW_SWITCH = "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"
FIRST_SECONDS, SAMPLE_SECONDS = 1.0, 10.0
STOP_SECONDS = 0.5

#: Appends a value to the metric of a name. Raises StudioError once the run has ended.
AddPoint = Callable[[str, float], None]


def is_sampling_enabled(environment: Mapping[str, str] = os.environ) -> bool:
    if environment.get(MLFLOW_SWITCH, "").strip().lower() in ("1", "true"):
        return False
    return environment.get(SWITCH, "").strip().lower() not in OFF


class SystemMetrics:
    """Samples until it is stopped. A forked child must not use it."""

    def __init__(
        self, add_point: AddPoint, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._add_point = add_point
        self._folder, self._environment = folder, environment
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="studio-system-metrics", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no further sample. Waits only briefly: a driver can be slow."""
        self._stopped.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        seconds = FIRST_SECONDS
        sampler = SystemSampler(self._folder, self._environment)
        while not self._stopped.wait(seconds):
            try:
                for name, value in sampler.sample().items():
                    self._add_point(name, value)
            except (StudioError, OSError):
                # The run has ended, or takes no metrics.
                return
            seconds = SAMPLE_SECONDS


def start_system_metrics(
    add_point: AddPoint,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> SystemMetrics | None:
    """Sample the machine in the background; None if that is switched off.

    `folder` is on the disk that the script writes to, `environment` is the script's.
    """
    variables = os.environ if environment is None else environment
    if not is_sampling_enabled(variables):
        return None
    metrics = SystemMetrics(add_point, folder or Path(), variables)
    metrics.start()
    return metrics
