"""Bayesian samples: the values of the next runs, from the results so far.

Optuna's TPE sampler proposes them. Its study is rebuilt from the children for every
proposal, so that nothing has to be stored, and a restart changes nothing: the same
results and the same seed lead to the same proposal.
"""

from __future__ import annotations

import importlib.util
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _

from runs.models import Sweep
from runs.search.sweeps import SweepResult
from studio.core.errors import InvalidState
from studio.core.sweeps import (
    FIRST_RANDOM_RUNS,
    MAX_SWEEP_RUNS,
    MAXIMIZE,
    RANDOM,
    Values,
    distribution_of,
    expand_space,
    is_whole_range,
    number_text,
)

log = logging.getLogger("studio.worker")

#: How many proposals can repeat what was tried, before a random one is taken.
_PROPOSALS = 10


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
    """Return the values of the next `count` runs; fewer if all others were tried.

    Raises InvalidState if Optuna is missing or can't learn from the results.
    """
    tried = [dict(each.values) for each in results]
    proposals: list[dict[str, str]] = []
    study: _Study | None = None
    for number in range(sweep.proposed, sweep.proposed + count):
        found: dict[str, str] | None = None
        if number >= FIRST_RANDOM_RUNS:
            study = study or _Study(sweep, results)
            found = study.ask_untried(tried)
        if found is None:
            found = _draw_untried(sweep, (sweep.seed or 0) + number, tried)
        if found is None:
            break
        proposals.append(found)
        tried.append(found)
    return proposals


def _draw_untried(
    sweep: Sweep, seed: int, tried: Sequence[Mapping[str, str]]
) -> dict[str, str] | None:
    """Return a random combination that no run has; None if all were tried."""
    wanted = min(len(tried) + 1, MAX_SWEEP_RUNS)
    drawn = expand_space(sweep.space, RANDOM, wanted, seed)
    return next((found for found in drawn if found not in tried), None)


class _Study:
    """Optuna's study of a sweep, built from its results."""

    def __init__(self, sweep: Sweep, results: Sequence[SweepResult]) -> None:
        check_optuna()
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._sweep = sweep
        with _explained():
            self._space = {
                name: _distribution(optuna.distributions, values)
                for name, values in sweep.space.items()
            }
            sampler = optuna.samplers.TPESampler(
                seed=((sweep.seed or 0) + sweep.proposed) % 2**32,
                n_startup_trials=FIRST_RANDOM_RUNS,
                # Runs that have not ended count as bad, so that others are tried.
                constant_liar=True,
            )
            is_maximized = sweep.goal == MAXIMIZE
            self._study = optuna.create_study(
                direction="maximize" if is_maximized else "minimize", sampler=sampler
            )
            states = optuna.trial.TrialState
            self._study.add_trials(
                [
                    optuna.trial.create_trial(
                        params=_params(each.values, sweep.space, self._space),
                        distributions=self._space,
                        **_outcome(states, each),
                    )
                    for each in results
                    if each.values.keys() == self._space.keys()
                ]
            )

    def ask_untried(self, tried: Sequence[Mapping[str, str]]) -> dict[str, str] | None:
        """Return the next proposal that no run has; None if there is none.

        The study knows its earlier proposals, as runs that have not ended.
        """
        for _attempt in range(_PROPOSALS):
            with _explained():
                params = self._study.ask(self._space).params
            found = {
                name: _as_text(values, params[name])
                for name, values in self._sweep.space.items()
            }
            if found not in tried:
                return found
        return None


@contextmanager
def _explained() -> Iterator[None]:
    """Turn the errors of Optuna, which can be any, into a sentence."""
    try:
        yield
    except Exception as error:
        log.warning("Optuna failed.", exc_info=True)
        raise InvalidState(
            _("The next values can't be proposed: %(error)s") % {"error": error}
        ) from error


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
        step = drawn[1][2]
        return number_text(value * step, step)
    if isinstance(values, list) or is_whole_range(values):
        return str(value)
    if drawn is not None:
        low, high = drawn[1]
        return number_text(value, value * min(high - low, 1.0))
    return number_text(value, values["to"] - values["from"])
