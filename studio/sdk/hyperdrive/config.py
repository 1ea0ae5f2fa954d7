"""The configuration of a sweep, as `Experiment.submit` gets it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from studio.core.errors import InvalidValue, StudioError
from studio.core.sweeps import GOALS, SweepPlan, check_plan
from studio.sdk.hyperdrive.errors import (
    HyperDriveConfigException,
    HyperDriveScenarioNotSupportedException,
)
from studio.sdk.hyperdrive.policies import EarlyTerminationPolicy
from studio.sdk.hyperdrive.samplings import HyperParameterSampling
from studio.sdk.submission import ScriptRunConfig, submit_sweep
from studio.sdk.warnings import print_line

#: As in v1: a week.
MAX_DURATION_MINUTES = 10_080


class PrimaryMetricGoal(Enum):
    """Whether the highest or the lowest value of the primary metric is the best."""

    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"


class HyperDriveConfig:
    """A script that runs with several values of its arguments.

    Give the script as `run_config` (a ScriptRunConfig), or as `estimator`. The runs are
    compared by the metric that the script logs as `primary_metric_name`. At most
    `max_concurrent_runs` of the `max_total_runs` run at the same time (None: all), and
    what runs after `max_duration_minutes` is canceled. `policy` ends runs early.

    Raises HyperDriveConfigException for settings that make no sense, and
    HyperDriveScenarioNotSupportedException for what sweeps do not have.
    """

    def __init__(
        self,
        hyperparameter_sampling: HyperParameterSampling,
        primary_metric_name: str,
        primary_metric_goal: PrimaryMetricGoal | str,
        max_total_runs: int,
        max_concurrent_runs: int | None = None,
        max_duration_minutes: int | None = MAX_DURATION_MINUTES,
        policy: EarlyTerminationPolicy | None = None,
        estimator: Any = None,
        run_config: Any = None,
        resume_from: Any = None,
        resume_child_runs: Any = None,
        pipeline: Any = None,
        debug_flag: Any = None,
        custom_run_id: str | None = None,
    ) -> None:
        _refuse_unavailable(
            pipeline=pipeline,
            resume_from=resume_from,
            resume_child_runs=resume_child_runs,
            custom_run_id=custom_run_id,
        )
        given = [one for one in (run_config, estimator) if one is not None]
        if len(given) != 1:
            raise HyperDriveConfigException(
                "Give the script once: as run_config, a ScriptRunConfig."
            )
        if not isinstance(hyperparameter_sampling, HyperParameterSampling):
            raise HyperDriveConfigException(
                "hyperparameter_sampling must be a RandomParameterSampling, "
                "GridParameterSampling or BayesianParameterSampling."
            )
        if policy is not None and not isinstance(policy, EarlyTerminationPolicy):
            raise HyperDriveConfigException(
                "policy must be a BanditPolicy, MedianStoppingPolicy, "
                "TruncationSelectionPolicy or NoTerminationPolicy."
            )
        self.run_config = given[0]
        self._sampling, self._policy = hyperparameter_sampling, policy
        self._request: dict[str, Any] = {
            **hyperparameter_sampling.to_request(),
            "count": max_total_runs,
            "at_once": max_concurrent_runs,
            "primary_metric": primary_metric_name,
            "goal": _goal_word(primary_metric_goal),
            "policy": policy.to_request() if policy is not None else None,
            "max_duration_minutes": max_duration_minutes,
        }
        self._plan = check_request(self._request)

    def __repr__(self) -> str:
        return f"HyperDriveConfig({self._sampling!r}, {self._plan.total} runs)"

    @property
    def estimator(self) -> ScriptRunConfig:
        """The script's configuration, under the name of earlier versions."""
        estimator: ScriptRunConfig = self.run_config
        return estimator

    @property
    def total_runs(self) -> int:
        """How many runs there are: `max_total_runs`, or fewer in a small space."""
        return self._plan.total

    def to_request(self) -> dict[str, Any]:
        """The sweep as the server's request has it, without unset values."""
        return {key: value for key, value in self._request.items() if value is not None}

    def submit_to(
        self,
        experiment: object,
        tags: Mapping[str, Any] | None,
        display_name: str,
        *,
        parent: str = "",
    ) -> dict[str, Any]:
        """Put the sweep into the queue of its target; returns the parent run.

        Prints which command starts an agent, if none takes runs of the target.
        """
        settings = getattr(self.run_config, "run_config", self.run_config)
        name = display_name or Path(str(settings.script or "")).stem or "sweep"
        made = submit_sweep(
            experiment,
            self.run_config,
            {**self.to_request(), "name": name},
            tags=tags,
            display_name=name,
            parent=parent,
        )
        run = dict(made["run"])
        if _lacks_agent(experiment, run["target"]):
            print_line(
                f"The runs wait for an agent of {run['target']}. To start one: "
                f"studio agent --compute {run['target']}"
            )
        return run


class HyperDriveRunConfig(HyperDriveConfig):
    """The name of HyperDriveConfig in earlier versions, with its order of arguments."""

    def __init__(
        self,
        estimator: Any,
        hyperparameter_sampling: HyperParameterSampling,
        primary_metric_name: str,
        primary_metric_goal: PrimaryMetricGoal | str,
        max_total_runs: int,
        max_concurrent_runs: int | None = None,
        max_duration_minutes: int | None = MAX_DURATION_MINUTES,
        policy: EarlyTerminationPolicy | None = None,
    ) -> None:
        super().__init__(
            hyperparameter_sampling,
            primary_metric_name,
            primary_metric_goal,
            max_total_runs,
            max_concurrent_runs,
            max_duration_minutes,
            policy,
            estimator,
        )


def check_request(request: Mapping[str, Any]) -> SweepPlan:
    """Check a sweep as the server will. Raises HyperDriveConfigException."""
    try:
        return check_plan(**request)
    except InvalidValue as error:
        text = error.message.replace("(count)", "(max_total_runs)")
        for ours, theirs in _NAMES_OF_V1.items():
            text = text.replace(ours, theirs)
        raise HyperDriveConfigException(f"{text.rstrip('.')}.") from error


#: How the messages of `studio.core.sweeps` name what v1 names otherwise.
_NAMES_OF_V1 = {
    "at_once": "max_concurrent_runs",
    "count must": "max_total_runs must",
    "primary_metric ": "primary_metric_name ",
    "and goal": "and primary_metric_goal",
    "goal must be one": "primary_metric_goal must be one",
}


def _lacks_agent(experiment: Any, target: str) -> bool:
    try:
        found = experiment._connection.get("compute")["targets"]
    except StudioError:
        return False
    health = {one["name"]: one["health"] for one in found}
    return health.get(target) in ("no_agent", "unreachable")


def _goal_word(goal: object) -> str:
    word = goal.value if isinstance(goal, PrimaryMetricGoal) else str(goal)
    lower = str(word).lower().rpartition(".")[2]
    if lower not in GOALS:
        raise HyperDriveConfigException(
            "primary_metric_goal must be PrimaryMetricGoal.MAXIMIZE or MINIMIZE."
        )
    return lower


def _refuse_unavailable(**settings: Any) -> None:
    instead = {
        "pipeline": "A sweep runs a script. Give it as run_config, and let the script "
        "call its steps",
        "resume_from": "A sweep starts from nothing. Submit one with more runs, or "
        "with a smaller space",
        "resume_child_runs": "To continue a run, resubmit it: studio run resubmit RUN",
        "custom_run_id": "The server chooses the id. Use display_name or tags",
    }
    for name, value in settings.items():
        if value is not None:
            raise HyperDriveScenarioNotSupportedException(
                f"{name} is not available. {instead[name]}."
            )
