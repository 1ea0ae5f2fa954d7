"""The inputs of the form for early stopping, and the policy that they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from studio.core.errors import InvalidValue
from studio.core.sweeps import BANDIT, MEDIAN, TRUNCATION, check_policy

#: Ended runs are not compared.
_WITHOUT_ENDED = "truncation_of_running"
#: The choices of the form, with the setting that its number is.
_SETTINGS = {
    "median": (MEDIAN, ""),
    "bandit": (BANDIT, "slack_factor"),
    "bandit_amount": (BANDIT, "slack_amount"),
    "truncation": (TRUNCATION, "truncation_percentage"),
    _WITHOUT_ENDED: (TRUNCATION, "truncation_percentage"),
}


def read_policy(
    choice: str, slack: str, delay: str, interval: str
) -> dict[str, Any] | None:
    """Return the policy as requests have it; None without early stopping."""
    if choice not in _SETTINGS:
        return None
    kind, setting = _SETTINGS[choice]
    policy: dict[str, Any] = {"type": kind}
    if setting:
        policy[setting] = _read_decimal(slack)
    if choice == _WITHOUT_ENDED:
        policy["exclude_finished_jobs"] = True
    for key, text in (("evaluation_interval", interval), ("delay_evaluation", delay)):
        if text:
            policy[key] = _read_whole(text)
    return check_policy(policy)


def policy_fields(policy: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the inputs of a policy that was submitted."""
    if policy is None:
        return {}
    for choice, (kind, setting) in _SETTINGS.items():
        if policy["type"] == kind and (not setting or setting in policy):
            is_running = policy.get("exclude_finished_jobs", False)
            return {
                "policy": _WITHOUT_ENDED if is_running else choice,
                "slack": f"{policy[setting]:.10g}" if setting else "",
                "delay": str(policy["delay_evaluation"] or ""),
                "interval": str(policy["evaluation_interval"]),
            }
    return {}


def _read_decimal(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidValue(
            _("Enter a number for early stopping."), field="slack"
        ) from error


def _read_whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise InvalidValue(
            _("Intervals of early stopping are whole numbers."), field="delay"
        )
    return int(text)
