"""Policies that end runs early, as v1 names them.

A run's interval is one value that it logged of the primary metric. A policy is applied
at each multiple of `evaluation_interval` from `delay_evaluation` on.
"""

from __future__ import annotations

from typing import Any

from studio.core.errors import InvalidValue
from studio.core.sweeps import BANDIT, MEDIAN, TRUNCATION, check_policy
from studio.sdk.hyperdrive.errors import HyperDriveConfigException


class EarlyTerminationPolicy:
    """What all policies have: their name and their settings."""

    _kind = ""

    def __init__(
        self, evaluation_interval: int = 1, delay_evaluation: int = 0, **own: Any
    ) -> None:
        self.evaluation_interval = evaluation_interval
        self.delay_evaluation = delay_evaluation
        self._request: dict[str, Any] | None = None
        if not self._kind:
            return
        try:
            self._request = check_policy(
                {
                    "type": self._kind,
                    "evaluation_interval": evaluation_interval,
                    "delay_evaluation": delay_evaluation,
                    **{key: value for key, value in own.items() if value is not None},
                }
            )
        except InvalidValue as error:
            raise HyperDriveConfigException(f"{error.message}.") from error

    def __repr__(self) -> str:
        words = [f"{key}={value!r}" for key, value in (self._request or {}).items()]
        return f"{type(self).__name__}({', '.join(words[1:])})"

    def to_request(self) -> dict[str, Any] | None:
        """The policy as the server has it; None if no run ends early."""
        return self._request


class NoTerminationPolicy(EarlyTerminationPolicy):
    """Every run goes on until its end."""

    def __init__(self) -> None:
        super().__init__()


class BanditPolicy(EarlyTerminationPolicy):
    """End runs that are too far from the best run.

    Give either the ratio `slack_factor` or the distance `slack_amount`. With a factor
    of 0.2 and a best value of 0.9, runs below 0.9 / 1.2 = 0.75 end; if the lowest is
    the best, those above 0.9 * 1.2. Raises HyperDriveConfigException.
    """

    _kind = BANDIT

    def __init__(
        self,
        slack_factor: float | None = None,
        slack_amount: float | None = None,
        evaluation_interval: int = 1,
        delay_evaluation: int = 0,
    ) -> None:
        super().__init__(
            evaluation_interval,
            delay_evaluation,
            slack_factor=slack_factor,
            slack_amount=slack_amount,
        )
        self.slack_factor, self.slack_amount = slack_factor, slack_amount


class MedianStoppingPolicy(EarlyTerminationPolicy):
    """End runs whose best value is worse than the median of all runs' averages.

    An average is that of a run's values up to the same interval.
    """

    _kind = MEDIAN


class TruncationSelectionPolicy(EarlyTerminationPolicy):
    """End the worst runs: `truncation_percentage` of them at each interval.

    With `exclude_finished_jobs` only running ones are counted.
    """

    _kind = TRUNCATION

    def __init__(
        self,
        truncation_percentage: int,
        evaluation_interval: int = 1,
        delay_evaluation: int = 0,
        exclude_finished_jobs: bool = False,
    ) -> None:
        super().__init__(
            evaluation_interval,
            delay_evaluation,
            truncation_percentage=truncation_percentage,
            exclude_finished_jobs=exclude_finished_jobs,
        )
        self.truncation_percentage = truncation_percentage
