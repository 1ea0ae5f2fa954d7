"""A submission as its form has it: texts as they were typed, and what they mean."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from runs.models import Run, Sweep
from runs.pages.requests import plain_line_breaks
from runs.pages.submit.packages import package_lines, with_packages
from runs.pages.submit.policy_fields import policy_fields, read_policy
from studio.core.errors import InvalidValue
from studio.core.run_definition import (
    check_definition,
    environment_label,
    environment_variables,
)
from studio.core.sweeps import (
    GOALS,
    GRID,
    MAXIMIZE,
    SAMPLINGS,
    SweepPlan,
    Values,
    argument_name,
    check_plan,
    check_space,
    default_template,
    parse_values,
    values_text,
)

SCRIPT, COMMAND = "script", "command"
_MINUTE = 60
#: Keys of a definition that the form replaces, or leaves out.
_OWN_KEYS = (SCRIPT, COMMAND, "arguments", "maxRunDurationSeconds", "priority")

#: A tag's key and value.
Tag = tuple[str, str | None]


@dataclass(frozen=True)
class Draft:
    #: The digest of the snapshot; empty for a command without sources.
    source: str = ""
    program: str = SCRIPT
    script: str = ""
    command: str = ""
    #: Shell words.
    arguments: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    target: str = ""
    experiment: str = ""
    name: str = ""
    #: One `key: value` or `key` in a line.
    tags: str = ""
    sampling: str = GRID
    #: Arguments with the texts of their values.
    sweep: tuple[tuple[str, str], ...] = ()
    count: str = ""
    at_once: str = ""
    #: Which run of the sweep is the best, and when others are stopped early.
    metric: str = ""
    goal: str = MAXIMIZE
    policy: str = ""
    #: The slack or the percentage of the policy.
    slack: str = ""
    delay: str = ""
    interval: str = ""
    sweep_minutes: str = ""
    attempts: str = "1"
    #: A higher one starts first.
    priority: str = "0"
    minutes: str = ""
    packages: str = ""
    #: Name and version of a registered environment; empty for the packages.
    environment: str = ""

    @classmethod
    def from_post(cls, sent: QueryDict) -> Draft:
        texts = {
            name: plain_line_breaks(sent.get(name, "").strip())
            for name in (
                *("source", "script", "command", "arguments", "target", "experiment"),
                *("name", "tags", "count", "at_once", "attempts", "minutes"),
                *("packages", "priority", "metric", "policy", "slack", "delay"),
                *("interval", "sweep_minutes", "environment"),
            )
        }
        sampling = sent.get("sampling", GRID)
        goal = sent.get("goal", MAXIMIZE)
        return cls(
            **texts,
            program=COMMAND if sent.get("program") == COMMAND else SCRIPT,
            variables=_pairs(sent, "variable", "variable_value"),
            secrets=tuple(sent.getlist("secret")),
            sampling=sampling if sampling in SAMPLINGS else GRID,
            goal=goal if goal in GOALS else MAXIMIZE,
            sweep=_pairs(sent, "swept", "swept_values"),
        )

    @classmethod
    def from_definition(cls, definition: Mapping[str, Any]) -> Draft:
        """Return what the form shows for a definition that was stored."""
        command = definition.get("command") or ""
        return cls(
            program=COMMAND if command else SCRIPT,
            script=str(definition.get("script") or ""),
            command=command if isinstance(command, str) else shlex.join(command),
            arguments=shlex.join(definition.get("arguments") or ()),
            variables=tuple(environment_variables(definition).items()),
            secrets=tuple(definition.get("secrets") or ()),
            target=str(definition.get("target") or ""),
            attempts=str(definition.get("maxAttempts") or 1),
            priority=str(definition.get("priority") or 0),
            minutes=_minutes_text(definition),
            packages=package_lines(definition),
            environment=environment_label(definition),
        )

    def with_sweep(self, sweep: Sweep) -> Draft:
        """Return the draft with the values of a sweep that was submitted."""
        # The form has all runs of a grid.
        has_count = sweep.sampling != GRID and sweep.total is not None
        return replace(
            self,
            sampling=sweep.sampling,
            sweep=tuple((k, values_text(v)) for k, v in sweep.space.items()),
            count=str(sweep.total) if has_count else "",
            at_once=str(sweep.at_once or ""),
            metric=sweep.metric,
            goal=sweep.goal or MAXIMIZE,
            sweep_minutes=_sweep_minutes(sweep),
            **policy_fields(sweep.policy),
        )

    @property
    def variable_rows(self) -> list[tuple[str, str, bool]]:
        """The variables, each with whether its value has several lines."""
        return [(name, value, "\n" in value) for name, value in self.variables]

    @property
    def is_sweep(self) -> bool:
        return bool(self.sweep)

    def with_source(self, digest: str) -> Draft:
        return replace(self, source=digest)

    def words(self) -> list[str]:
        """Return the arguments; raise InvalidValue for an unclosed quote."""
        return _split(self.arguments, "arguments")

    def space(self) -> dict[str, Values]:
        return check_space(
            {argument_name(name): parse_values(text) for name, text in self.sweep}
        )

    def plan(self, seed: int | None = None) -> SweepPlan:
        """Return the checked settings of the sweep; raise InvalidValue."""
        return check_plan(
            space=self.space(),
            sampling=self.sampling,
            count=self.run_count(),
            seed=seed,
            at_once=self.most_at_once(),
            primary_metric=self.metric,
            goal=self.goal if self.metric else "",
            policy=self.policy_settings(),
            max_duration_minutes=_read_number(
                self.sweep_minutes, "sweep_minutes", _("Sweep max duration")
            ),
        )

    def run_count(self) -> int | None:
        # The input is hidden for a grid, and keeps its value.
        text = "" if self.sampling == GRID else self.count
        return _read_number(text, "count", _("Number of runs"))

    def policy_settings(self) -> dict[str, Any] | None:
        """Return the policy of the sweep; raise InvalidValue."""
        return read_policy(self.policy, self.slack, self.delay, self.interval)

    def most_at_once(self) -> int | None:
        return _read_number(self.at_once, "at_once", _("At the same time"))

    def name_template(self, original: Run | None) -> str:
        """Return the names of a sweep's runs: with every argument if none is in it."""
        if "{" in self.name:
            return self.name
        script = self.script.rpartition("/")[2].removesuffix(".py")
        name = self.name or (original.name if original else script)
        return default_template(name, dict(self.sweep))

    def tag_map(self, known: Mapping[str, Tag] | None = None) -> dict[str, str | None]:
        """Return the tags; a line without a colon is a tag without a value.

        A line of `known` is that tag, whatever else it could mean.
        """
        lines = filter(None, map(str.strip, self.tags.splitlines()))
        return dict((known or {}).get(line) or _parse_tag(line) for line in lines)

    def definition(
        self,
        base: Mapping[str, Any],
        read_environment: Callable[[str], dict[str, Any]],
    ) -> dict[str, Any]:
        """Return the definition to submit, with the other keys of `base` as they are.

        `read_environment` returns the content of a registered environment. Raises
        InvalidValue or InvalidName for what can't be started.
        """
        content = {key: value for key, value in base.items() if key not in _OWN_KEYS}
        content |= self._program(base)
        content["arguments"] = self.words()
        content["target"] = self.target
        content["environmentVariables"] = self._variables()
        content["secrets"] = list(self.secrets)
        content["maxAttempts"] = (
            _read_number(self.attempts, "attempts", _("Max attempts")) or 1
        )
        priority = _read_priority(self.priority)
        if priority:
            content["priority"] = priority
        seconds = self._max_seconds(base)
        if seconds is not None:
            content["maxRunDurationSeconds"] = seconds
        if not self.environment:
            content = with_packages(content, base, self.packages)
            content.get("environment", {}).pop("version", None)
        elif self.environment == environment_label(base):
            content = with_packages(content, base, package_lines(base))
        else:
            content["environment"] = read_environment(self.environment)
        return check_definition(content)

    def _max_seconds(self, base: Mapping[str, Any]) -> float | int | None:
        """Return the limit; seconds that are no whole minutes stay as they were."""
        if self.minutes == _minutes_text(base):
            known: float | int | None = base.get("maxRunDurationSeconds")
            return known
        minutes = _read_number(self.minutes, "minutes", _("Max duration"))
        return None if minutes is None else minutes * _MINUTE

    def _program(self, base: Mapping[str, Any]) -> dict[str, Any]:
        if self.program == SCRIPT:
            if not self.script:
                raise InvalidValue(_("Enter the script to run."), field="script")
            return {SCRIPT: self.script}
        if not self.command:
            raise InvalidValue(_("Enter the command to run."), field="command")
        # A command of words stays one, so that no shell reads it again.
        if isinstance(base.get(COMMAND), list):
            return {COMMAND: _split(self.command, "command")}
        return {COMMAND: self.command}

    def _variables(self) -> dict[str, str]:
        names = [name for name, _value in self.variables]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidValue(
                _("The variable %(name)s is set twice.") % {"name": twice},
                field="variable",
            )
        return dict(self.variables)


def _sweep_minutes(sweep: Sweep) -> str:
    if sweep.deadline is None:
        return ""
    return str(max(1, round((sweep.deadline - sweep.run.created) / 60_000)))


def tag_line(tag: Tag) -> str:
    """Return how the form shows a tag: in one line."""
    key, value = tag
    return " ".join((key if value is None else f"{key}: {value}").split())


def _parse_tag(line: str) -> Tag:
    key, colon, value = line.partition(":")
    return key.strip(), value.strip() if colon else None


def _minutes_text(definition: Mapping[str, Any]) -> str:
    seconds = definition.get("maxRunDurationSeconds")
    return f"{seconds / _MINUTE:.10g}" if seconds else ""


def _pairs(sent: QueryDict, names: str, values: str) -> tuple[tuple[str, str], ...]:
    """Return the rows of two columns of inputs, without those that have no name."""
    rows = zip(sent.getlist(names), sent.getlist(values), strict=False)
    return tuple(
        (name.strip(), plain_line_breaks(value)) for name, value in rows if name.strip()
    )


def _split(text: str, field: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidValue(
            _("A quote is not closed. Put quotes around words with blanks."),
            field=field,
        ) from error


def _read_number(text: str, field: str, label: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and int(text)):
        raise InvalidValue(
            _("%(label)s must be a whole number from 1.") % {"label": label},
            field=field,
        )
    return int(text)


def _read_priority(text: str) -> int:
    if not text:
        return 0
    if not (re.fullmatch(r"[+-]?[0-9]{1,7}", text)):
        raise InvalidValue(_("The priority is a whole number."), field="priority")
    return int(text)


def split_words(text: str) -> Sequence[str]:
    """Return the words of a command line; the whole text where a quote is open."""
    try:
        return shlex.split(text)
    except ValueError:
        return [text] if text else []
