"""Alert rules as YAML files: what `show --yaml` prints, and `--file` reads.

A file has what a member decides on. The server checks the values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import click

from studio.cli.command_group import suggest
from studio.core.errors import InvalidValue

#: The keys of a file, and what the API calls them.
API_NAMES = {
    "name": "name",
    "filter": "q",
    "condition": "condition",
    "statuses": "statuses",
    "minutes": "minutes",
    "runs": "runs",
    "text": "text",
    "metric": "metric",
    "op": "op",
    "value": "value",
    "nan": "nan",
    "view": "view",
    "severity": "severity",
    "tag": "tag",
    "tag_value": "tag_value",
    "cancel": "cancel",
    "recipients": "recipients",
    "channels": "channels",
    "to_submitter": "to_submitter",
    "throttle_minutes": "throttle",
    "resolve_after_minutes": "resolve_after",
    "is_enabled": "enabled",
}
#: What each condition is about. The names are those of the API, too.
SETTINGS = {
    "status": ("statuses",),
    "duration": ("minutes",),
    "queue": ("minutes",),
    "heartbeat": ("minutes",),
    "count": ("statuses", "runs", "minutes"),
    "log": ("text",),
    "metric": ("metric", "op", "value", "nan"),
    "entered": ("view",),
    "left": ("view",),
}
_ALL_SETTINGS = {name for names in SETTINGS.values() for name in names}


def rule_text(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the API as a file has it: without settings of other conditions."""
    own = SETTINGS.get(rule["condition"], ())
    return {
        key: rule[api_name]
        for key, api_name in API_NAMES.items()
        if (key not in _ALL_SETTINGS or key in own)
        # Servers of earlier versions have no channels.
        and api_name in rule
    }


def rule_record(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the API as the command line prints it."""
    return {
        "number": rule["number"],
        **rule_text(rule),
        "author": rule["author"],
        "error": rule["error"],
    }


def rule_body(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the API as the API takes it back."""
    return {API_NAMES[key]: value for key, value in rule_text(rule).items()}


def read_rule_file(file: Any) -> dict[str, Any]:
    """What the open file says, with the names of the API.

    Raises InvalidValue, and UserErrorException if it is not YAML.
    """
    # Few commands read it.
    from studio.sdk.submission import parse_yaml

    try:
        text = str(file.read())
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is not text in UTF-8.") from error
    content = parse_yaml(text, file.name)
    for key, value in content.items():
        if key not in API_NAMES:
            raise InvalidValue(
                f"{file.name}: an alert rule has no {key!r}. "
                f"{suggest(str(key), list(API_NAMES))}".rstrip(),
                field=str(key)[:100],
            )
        if not _is_plain(value):
            raise InvalidValue(
                f"{file.name}: {key} must be a text, a number, true, false or a list "
                "of texts. Put a text that looks like a date in quotes.",
                field=key,
            )
    return {API_NAMES[key]: value for key, value in content.items()}


def _is_plain(value: Any) -> bool:
    """Whether it is JSON of the kind that a rule has."""
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, int))


def merge(body: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The rule with the changes; another condition starts without settings.

    Raises InvalidValue for a setting that the condition does not have.
    """
    condition = str(changes.get("condition", body.get("condition", "")))
    allowed = SETTINGS.get(condition)
    if allowed is not None:
        for name in changes:
            if name in _ALL_SETTINGS and name not in allowed:
                raise InvalidValue(
                    f"The condition {condition} has no {name!r}. "
                    f"It has {', '.join(allowed)}.",
                    field=name,
                )
    dropped = _ALL_SETTINGS if "condition" in changes else ()
    kept = {name: value for name, value in body.items() if name not in dropped}
    return {**kept, **changes}
