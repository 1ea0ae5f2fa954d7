"""A callback of Ray Tune that logs each trial as a child run."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from studio.sdk.run import Run

try:
    from ray.tune import Callback
except ImportError as error:
    raise ImportError(
        "TuneCallback needs Ray Tune. Install it: pip install 'ray[tune]'"
    ) from error

#: What Tune adds to each result, and what the trial is.
_OWN_NAMES = frozenset(
    {
        *("trial_id", "experiment_id", "experiment_tag", "date", "timestamp", "pid"),
        *("hostname", "node_ip", "config", "done", "should_checkpoint"),
        *("training_iteration", "time_this_iter_s", "time_total_s"),
        *("timesteps_total", "timesteps_this_iter", "episodes_total"),
        *("episodes_this_iter", "iterations_since_restore", "timesteps_since_restore"),
        *("time_since_restore", "checkpoint_dir_name"),
    }
)
#: The tag of a child run that names its trial.
TRIAL_TAG = "ray.trial"


class TuneCallback(Callback):  # type: ignore[misc]
    """Starts a child run for each trial, with its configuration and results.

    Pass it to Tune: `RunConfig(callbacks=[TuneCallback()])`. The parent is the run of
    this script, or `run`. Numbers that a trial reports become metrics; their step is
    the training iteration. Trials that are left at the end are Canceled.
    """

    def __init__(self, run: Run | None = None) -> None:
        super().__init__()
        self._run = run
        self._children: dict[str, Run] = {}

    def on_trial_start(
        self, iteration: int, trials: list[Any], trial: Any, **info: Any
    ) -> None:
        if trial.trial_id not in self._children:
            self._children[trial.trial_id] = self._start(trial)

    def on_trial_result(
        self,
        iteration: int,
        trials: list[Any],
        trial: Any,
        result: Mapping[str, Any],
        **info: Any,
    ) -> None:
        child = self._children.get(trial.trial_id)
        if child is None:
            return
        step = int(result.get("training_iteration") or 0)
        for name, value in _flatten(result):
            is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if name.partition("/")[0] not in _OWN_NAMES and is_number:
                child.log(name, float(value), step=step)

    def on_trial_complete(
        self, iteration: int, trials: list[Any], trial: Any, **info: Any
    ) -> None:
        child = self._children.pop(trial.trial_id, None)
        if child is not None:
            child.complete()

    def on_trial_error(
        self, iteration: int, trials: list[Any], trial: Any, **info: Any
    ) -> None:
        child = self._children.pop(trial.trial_id, None)
        if child is not None:
            child.fail(_read_error(trial))

    def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
        for child in self._children.values():
            child.cancel()
        self._children.clear()

    def __getstate__(self) -> dict[str, Any]:
        # Tune keeps the callback in a file. A tuner that is restored from it belongs to
        # another run.
        return {}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]

    def _start(self, trial: Any) -> Run:
        if self._run is None:
            self._run = Run.get_context()
        child = self._run.child_run(name=f"trial {trial.trial_id}")
        child.set_tags({TRIAL_TAG: trial.trial_id})
        child.log_params(dict(_flatten(trial.config or {})))
        return child


def _read_error(trial: Any) -> str:
    # Tune copies it to the storage, where `get_error` looks, only later.
    try:
        text = Path(trial.error_file).read_text(encoding="utf-8", errors="replace")
    except (OSError, TypeError):
        text = ""
    return text.strip() or "The trial failed."


def _flatten(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested mappings, each named by the way to it."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{above}{name}/")
        else:
            yield f"{above}{name}", value
