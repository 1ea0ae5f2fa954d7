"""The card *Recent changes*: who changed targets, agents, secrets and environments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.models import Change, ChangeSet, Workspace
from runs.search.compute import list_compute_changes


@dataclass(frozen=True)
class ComputeChange:
    texts: Sequence[str]
    who: str
    token: str
    time: int


def recent_changes(
    workspace: Workspace, limit: int
) -> tuple[list[ComputeChange], bool]:
    """Return the newest changes; and whether there are more."""
    found, has_more = list_compute_changes(workspace, limit)
    return [_describe_set(each) for each in found], has_more


def _describe_set(found: ChangeSet) -> ComputeChange:
    changes = sorted(found.changes.all(), key=lambda each: each.pk)
    return ComputeChange(
        [change_text(each) for each in changes],
        str(found.actor)
        if found.actor
        else pgettext("who made a change", "The server"),
        found.token.name if found.token else "",
        found.time,
    )


def change_text(change: Change) -> str:
    """Return a change as a sentence; its field is written as `runs.actions.compute`."""
    kind, _dot, name = change.field.partition(".")
    return _TEXTS[kind](name, change)


def _target_text(name: str, change: Change) -> str:
    target, _dot, field = name.partition(".")
    names = {"name": target, "before": change.before, "after": change.after}
    if not field:
        added, removed = _("Target %(name)s added"), _("Target %(name)s removed")
        return (added if change.after else removed) % names
    if field == "paused":
        paused, resumed = _("Queue of %(name)s paused"), _("Queue of %(name)s resumed")
        return (paused if change.after else resumed) % names
    if field == "description":
        return _("Description of %(name)s changed") % names
    if field == "lease_seconds":
        text = _(
            "Runs of %(name)s are requeued after %(after)s seconds, before: %(before)s"
        )
        return text % names
    none = pgettext("limit of runs per member", "none")
    names |= {"before": change.before or none, "after": change.after or none}
    return _("Limit per member of %(name)s: %(after)s, before: %(before)s") % names


def _agent_text(name: str, change: Change) -> str:
    target, _dot, agent = name.partition(".")
    names = {"name": agent, "target": target}
    if change.after is None:
        return _("Agent %(name)s of %(target)s removed") % names
    if change.after == "draining":
        return _("Agent %(name)s of %(target)s drained") % names
    return _("Agent %(name)s of %(target)s takes runs again") % names


def _token_text(name: str, change: Change) -> str:
    names = {"target": name, "token": change.after}
    return _("Token %(token)s… for agents of %(target)s created") % names


def _secret_text(name: str, change: Change) -> str:
    if change.after is None:
        return _("Secret %(name)s deleted") % {"name": name}
    if change.before is None:
        return _("Secret %(name)s set") % {"name": name}
    return _("Secret %(name)s replaced") % {"name": name}


def _environment_text(name: str, change: Change) -> str:
    if change.after is None:
        return _("Environment %(name)s deleted") % {"name": name}
    names = {"name": name, "version": change.after}
    return _("Version %(version)s of environment %(name)s registered") % names


_TEXTS: dict[str, Callable[[str, Change], str]] = {
    "targets": _target_text,
    "agents": _agent_text,
    "agent_tokens": _token_text,
    "secrets": _secret_text,
    "environments": _environment_text,
}
