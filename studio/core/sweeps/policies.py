"""Policies that end runs of a sweep early, and which of their settings are valid.

A policy compares the values that runs logged of the sweep's primary metric. The first
`k` values of a run are its first `k` intervals. It is applied at each multiple of
`evaluation_interval` from `delay_evaluation` on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from studio.core.errors import InvalidValue
from studio.core.messages import message
from studio.core.sweeps.space import exact_text

BANDIT, MEDIAN, TRUNCATION = "bandit", "median", "truncation"
POLICIES = (BANDIT, MEDIAN, TRUNCATION)
MAX_INTERVALS = 1_000_000

_OPTIONS = {
    BANDIT: ("slack_factor", "slack_amount"),
    MEDIAN: (),
    TRUNCATION: ("truncation_percentage", "exclude_finished_jobs"),
}
_INTERVALS = {"evaluation_interval": 1, "delay_evaluation": 0}


def check_policy(policy: object) -> dict[str, Any] | None:
    """The policy with every setting; None if there is none.

    Raises InvalidValue for an unknown type or setting, and for a value out of range.
    """
    if policy is None:
        return None
    if not isinstance(policy, Mapping) or policy.get("type") not in POLICIES:
        raise _invalid(
            message("A policy needs a type: %(allowed)s", allowed=", ".join(POLICIES))
        )
    kind = str(policy["type"])
    known = ("type", *_INTERVALS, *_OPTIONS[kind])
    for key in policy:
        if key not in known:
            raise _invalid(
                message(
                    "The policy %(kind)s has no %(key)s. It has: %(known)s",
                    kind=kind,
                    key=str(key)[:100],
                    known=", ".join(known[1:]),
                )
            )
    checked: dict[str, Any] = {"type": kind}
    if kind == BANDIT:
        checked |= _check_slack(policy)
    if kind == TRUNCATION:
        checked |= _check_truncation(policy)
    return {**checked, **_check_intervals(policy)}


def is_due(policy: Mapping[str, Any], count: int) -> int:
    """The last interval of `count` values at which the policy is applied, or 0."""
    last = count - count % int(policy["evaluation_interval"])
    return last if last >= max(1, policy["delay_evaluation"]) else 0


def policy_text(policy: Mapping[str, Any]) -> str:
    """`bandit slack_factor=0.2`: the settings that differ from their defaults."""
    shown = [
        f"{key}={exact_text(value)}"
        for key, value in policy.items()
        if key != "type" and value != _INTERVALS.get(key, False)
    ]
    return " ".join([str(policy["type"]), *shown])


def parse_policy(text: str) -> dict[str, Any] | None:
    """The policy of a text such as `bandit slack_factor=0.2`; raise InvalidValue."""
    words = text.replace(",", " ").split()
    policy: dict[str, Any] = {"type": words[0] if words else ""}
    for word in words[1:]:
        key, _, value = word.partition("=")
        try:
            number = float(value)
        except ValueError as error:
            raise _invalid(
                message("%(word)r must be a setting and a number", word=word)
            ) from error
        policy[key] = int(number) if number.is_integer() else number
    if "exclude_finished_jobs" in policy:
        policy["exclude_finished_jobs"] = bool(policy["exclude_finished_jobs"])
    return check_policy(policy)


def _check_slack(policy: Mapping[str, Any]) -> dict[str, float]:
    given = {
        key: policy[key]
        for key in ("slack_factor", "slack_amount")
        if policy.get(key) is not None
    }
    if len(given) != 1:
        raise _invalid(
            message("A bandit policy needs either slack_factor or slack_amount")
        )
    [(key, value)] = given.items()
    if not _is_number(value) or value < 0:
        raise _invalid(message("%(key)s must be a number from 0", key=key))
    return {key: value}


def _check_truncation(policy: Mapping[str, Any]) -> dict[str, Any]:
    percentage = policy.get("truncation_percentage")
    if not _is_number(percentage) or not 1 <= percentage <= 99:  # type: ignore[operator]
        raise _invalid(message("truncation_percentage must be a number from 1 to 99"))
    excluded = policy.get("exclude_finished_jobs", False)
    if not isinstance(excluded, bool):
        raise _invalid(message("exclude_finished_jobs must be true or false"))
    return {"truncation_percentage": percentage, "exclude_finished_jobs": excluded}


def _check_intervals(policy: Mapping[str, Any]) -> dict[str, int]:
    checked = {}
    for key, default in _INTERVALS.items():
        value = policy.get(key)
        if value is None:
            value = default
        least = 1 if key == "evaluation_interval" else 0
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not least <= value <= MAX_INTERVALS:
            raise _invalid(
                message(
                    "%(key)s must be a whole number from %(least)s to %(limit)s",
                    key=key,
                    least=least,
                    limit=MAX_INTERVALS,
                )
            )
        checked[key] = value
    return checked


def _is_number(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value)  # type: ignore[arg-type]


def _invalid(text: str) -> InvalidValue:
    return InvalidValue(text, field="policy")
