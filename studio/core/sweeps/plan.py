"""A sweep as a whole: what it tries, how many runs it has, and when it ends them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.errors import InvalidValue
from studio.core.messages import message
from studio.core.names import check_int64, check_key
from studio.core.sweeps.policies import check_policy
from studio.core.sweeps.sampling import (
    BAYESIAN,
    GRID,
    MAX_SWEEP_RUNS,
    RANDOM,
    SAMPLINGS,
    count_combinations,
    count_grid,
    expand_space,
)
from studio.core.sweeps.space import (
    MAX_STEPS,
    Values,
    check_space,
    count_values,
    distribution_of,
)

MAXIMIZE, MINIMIZE = "maximize", "minimize"
GOALS = (MAXIMIZE, MINIMIZE)
MAX_AT_ONCE = 10_000
#: As in v1: 30 days.
MAX_DURATION_MINUTES = 43_200
#: A Bayesian sample learns from runs that have ended, so it starts few at a time.
BAYESIAN_AT_ONCE = 4
#: The first runs of a Bayesian sample are random: there is nothing to learn from.
FIRST_RANDOM_RUNS = 10
MAX_SEED = 2**31 - 1

#: Normal distributions have no bounds, and rounded logarithms no steps of equal size.
_BAYESIAN_DISTRIBUTIONS = ("quniform", "loguniform")


@dataclass(frozen=True)
class SweepPlan:
    """The checked settings of a sweep. `total` is how many runs it has at most."""

    space: dict[str, Values]
    sampling: str
    total: int
    seed: int
    at_once: int | None = None
    #: Empty if runs are not compared.
    metric: str = ""
    goal: str = ""
    policy: dict[str, Any] | None = None
    max_minutes: int | None = None

    def combinations(self) -> list[dict[str, str]]:
        """The values of each run; empty for a Bayesian sample."""
        if self.sampling == BAYESIAN:
            return []
        return expand_space(self.space, self.sampling, self.total, self.seed)


def check_plan(
    *,
    space: object,
    sampling: str = GRID,
    count: int | None = None,
    seed: int | None = None,
    at_once: int | None = None,
    primary_metric: str = "",
    goal: str = "",
    policy: object = None,
    max_duration_minutes: int | None = None,
) -> SweepPlan:
    """Check the settings of a sweep, as requests have them.

    Without a seed, one is chosen. Raises InvalidValue.
    """
    checked = check_space(space)
    _check_sampling(sampling, checked)
    _check_whole("count", count, MAX_SWEEP_RUNS)
    _check_whole("at_once", at_once, MAX_AT_ONCE)
    _check_whole("max_duration_minutes", max_duration_minutes, MAX_DURATION_MINUTES)
    if seed is None:
        seed = random.SystemRandom().randint(0, MAX_SEED)
    plan = SweepPlan(
        space=checked,
        sampling=sampling,
        total=_count_runs(checked, sampling, count, seed),
        seed=check_int64(seed, "seed"),
        at_once=at_once,
        metric=primary_metric and check_key(primary_metric, "primary_metric"),
        goal=_check_goal(goal, primary_metric),
        policy=check_policy(policy),
        max_minutes=max_duration_minutes,
    )
    if not plan.metric and (plan.policy or sampling == BAYESIAN):
        raise InvalidValue(
            message(
                "Early stopping and Bayesian sampling compare runs, so they need "
                "primary_metric and goal"
            ),
            field="primary_metric",
        )
    return plan


def _check_sampling(sampling: str, space: Mapping[str, Values]) -> None:
    if sampling not in SAMPLINGS:
        raise InvalidValue(
            message(
                "sampling must be one of %(allowed)s, not %(given)r",
                allowed=", ".join(SAMPLINGS),
                given=str(sampling)[:100],
            ),
            field="sampling",
        )
    if sampling != BAYESIAN:
        return
    for name, values in space.items():
        count = count_values(values)
        if count is not None and count > MAX_STEPS:
            raise InvalidValue(
                message("The numbers of %(name)s are too large", name=name),
                field="space",
            )
        drawn = distribution_of(values)
        if drawn is not None and drawn[0] not in _BAYESIAN_DISTRIBUTIONS:
            raise InvalidValue(
                message(
                    "Bayesian sampling can't learn from %(kind)s of %(name)s. Use "
                    "choice, randint, uniform, quniform or loguniform, or random "
                    "sampling.",
                    kind=drawn[0],
                    name=name,
                ),
                field="space",
            )


def _count_runs(
    space: dict[str, Values], sampling: str, count: int | None, seed: int
) -> int:
    if sampling == GRID:
        return count_grid(space, count)
    if sampling == RANDOM:
        return len(expand_space(space, sampling, count, seed))
    if count is None:
        raise InvalidValue(
            message("A Bayesian sweep needs the number of runs (count)"),
            field="count",
        )
    return min(count, count_combinations(space) or count)


def _check_goal(goal: str, metric: str) -> str:
    if goal and goal not in GOALS:
        raise InvalidValue(
            message("goal must be one of %(allowed)s", allowed=", ".join(GOALS)),
            field="goal",
        )
    if bool(goal) != bool(metric):
        raise InvalidValue(
            message("primary_metric and goal must be given together"), field="goal"
        )
    return goal


def _check_whole(field: str, number: int | None, limit: int) -> None:
    if number is None:
        return
    is_whole = isinstance(number, int) and not isinstance(number, bool)
    if not is_whole or not 1 <= number <= limit:
        raise InvalidValue(
            message(
                "%(field)s must be a whole number from 1 to %(limit)s",
                field=field,
                limit=limit,
            ),
            field=field,
            limit=limit,
        )
