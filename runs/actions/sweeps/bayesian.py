"""Bayesian samples: the values of the next runs, from the results so far.

Optuna's TPE sampler proposes them. Its study is rebuilt from the children for every
proposal, so that nothing has to be stored, and a restart changes nothing: the same
results and the same seed lead to the same proposal.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from runs.models import Sweep
from runs.search.sweeps import SweepResult
from studio.core.errors import InvalidState
from studio.core.statuses import RunStatus
from studio.core.sweeps import (
    FIRST_RANDOM_RUNS,
    MAX_SWEEP_RUNS,
    MAXIMIZE,
    RANDOM,
    Values,
    count_combinations,
    distribution_of,
    expand_space,
    is_whole_range,
    number_text,
)

#: How often a combination that was tried is proposed again before a random one is.
_REPEATED_PROPOSALS = 10
_SEEDS_PER_RUN = 100


def check_optuna() -> None:
    """Raise InvalidState if the server has no Optuna."""
    if importlib.util.find_spec("optuna") is None:
        raise InvalidState(
            _(
                "Bayesian sampling needs Optuna on the server. Install it with "
                "“pip install optuna”, or choose another sampling."
            )
        )


def propose(
    sweep: Sweep, count: int, results: Sequence[SweepResult]
) -> list[dict[str, str]]:
    """Return the values of the next `count` runs.

    A combination of a space without ranges is tried once, so there can be fewer.
    """
    known = list(results)
    proposals: list[dict[str, str]] = []
    while len(proposals) < count:
        found = _propose_one(sweep, sweep.proposed + len(proposals), known)
        if found is None:
            break
        proposals.append(found)
        known.append(SweepResult("", "", RunStatus.QUEUED, found, None, False, ""))
    return proposals


def _propose_one(
    sweep: Sweep, number: int, known: Sequence[SweepResult]
) -> dict[str, str] | None:
    seed = (sweep.seed or 0) + number * _SEEDS_PER_RUN
    tried = [dict(each.values) for each in known]
    if number < FIRST_RANDOM_RUNS:
        return _draw_untried(sweep, seed, tried)
    is_endless = count_combinations(sweep.space) is None
    for attempt in range(_REPEATED_PROPOSALS):
        found = _ask_optuna(sweep, seed + attempt, known)
        if is_endless or found not in tried:
            return found
    return _draw_untried(sweep, seed, tried)


def _draw_untried(
    sweep: Sweep, seed: int, tried: Sequence[Mapping[str, str]]
) -> dict[str, str] | None:
    """Return a random combination that no run has; None if all were tried."""
    wanted = min(len(tried) + 1, MAX_SWEEP_RUNS)
    drawn = expand_space(sweep.space, RANDOM, wanted, seed)
    return next((found for found in drawn if found not in tried), None)


def _ask_optuna(
    sweep: Sweep, seed: int, known: Sequence[SweepResult]
) -> dict[str, str]:
    check_optuna()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {
        name: _distribution(optuna.distributions, values)
        for name, values in sweep.space.items()
    }
    sampler = optuna.samplers.TPESampler(
        seed=seed % 2**32,
        n_startup_trials=FIRST_RANDOM_RUNS,
        # Runs that have not ended count as bad, so that others are tried.
        constant_liar=True,
    )
    is_maximized = sweep.goal == MAXIMIZE
    study = optuna.create_study(
        direction="maximize" if is_maximized else "minimize", sampler=sampler
    )
    study.add_trials(
        [
            optuna.trial.create_trial(
                params=_params(each.values, sweep.space, space),
                distributions=space,
                **_outcome(optuna.trial.TrialState, each),
            )
            for each in known
            if each.values.keys() == space.keys()
        ]
    )
    params = study.ask(space).params
    return {
        name: _as_text(values, params[name]) for name, values in sweep.space.items()
    }


def _outcome(states: Any, result: SweepResult) -> dict[str, Any]:
    if result.status.is_active:
        return {"state": states.RUNNING}
    if result.best is None:
        return {"state": states.FAIL}
    return {"state": states.COMPLETE, "value": result.best}


def _distribution(known: Any, values: Values) -> Any:
    if isinstance(values, list):
        return known.CategoricalDistribution(list(dict.fromkeys(values)))
    if is_whole_range(values):
        return known.IntDistribution(int(values["from"]), int(values["to"]))
    drawn = distribution_of(values)
    if drawn is None:
        return known.FloatDistribution(values["from"], values["to"])
    kind, numbers = drawn
    if kind == "loguniform":
        low, high = (math.exp(number) for number in numbers)
        return known.FloatDistribution(low, high, log=True)
    step = numbers[2]
    low, high = (round(number / step) for number in numbers[:2])
    # Multiples of the step: whole numbers keep them exact.
    return known.IntDistribution(low, high)


def _params(
    values: Mapping[str, str], space: Mapping[str, Values], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a run's values as Optuna's parameters: the texts had six digits."""
    params: dict[str, Any] = {}
    for name, text in values.items():
        given = space[name]
        if isinstance(given, list):
            params[name] = text
            continue
        low, high = known[name].low, known[name].high
        number = float(text)
        drawn = distribution_of(given)
        if drawn is not None and drawn[0] == "quniform":
            number = round(number / drawn[1][2])
        if is_whole_range(given):
            number = int(text)
        params[name] = min(max(number, low), high)
    return params


def _as_text(values: Values, value: Any) -> str:
    drawn = distribution_of(values)
    if drawn is not None and drawn[0] == "quniform":
        return number_text(value * drawn[1][2])
    is_exact = isinstance(values, list) or is_whole_range(values)
    return str(value) if is_exact else number_text(value)
