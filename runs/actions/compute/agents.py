"""Agents: register, drain and remove them, and the tokens with which they serve."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions import account as account_actions
from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import (
    AGENT_TIMEOUT_MS,
    Agent,
    ApiToken,
    ComputeTarget,
    TokenKind,
)
from studio import __version__
from studio.core import names
from studio.core.errors import (
    AgentVersionTooNew,
    AgentVersionTooOld,
    AlreadyExists,
    Conflict,
    InvalidState,
    InvalidValue,
    SignInRequired,
)

#: Agents of earlier versions can't serve this server.
MIN_AGENT_VERSION = (0, 2)
MAX_SLOTS = 1000
#: What an agent reports of its machine, as JSON.
MAX_FACTS_BYTES = 64 * 1024
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})")
_INSTANCE = re.compile(r"[A-Za-z0-9-]{1,64}")


@transaction.atomic
def create_agent_token(
    target: ComputeTarget,
    *,
    actor: Actor,
    now: int,
    name: str = "",
    days: int | None = None,
) -> tuple[ApiToken, str]:
    """Create a token with which agents serve `target`; return it and its secret."""
    if target.removed is not None:
        raise InvalidState(
            _("The compute target %(name)r was removed.") % {"name": target.name}
        )
    if actor.user is None:
        raise SignInRequired(_("Only a signed-in owner can create the token."))
    name = name or f"agent of {target.name}"
    token, secret = account_actions.create_agent_token(
        actor.user, target, name, now=now, days=days
    )
    edit = Edit(f"agent_tokens.{target.name}", None, token.prefix)
    record_changes(target.workspace, "agents", [edit], actor=actor, now=now)
    return token, secret


def agent_command(target: ComputeTarget, url: str, secret: str) -> str:
    """Return the line that starts an agent of `target` on any machine."""
    variables = {
        "STUDIO_URL": url,
        "STUDIO_WORKSPACE": target.workspace.name,
        "STUDIO_TOKEN": secret,
    }
    words = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return f"{' '.join(words)} studio agent --compute {target.name}"


@transaction.atomic
def register_agent(
    token: ApiToken,
    *,
    name: str,
    instance: str,
    slots: int,
    version: str,
    host: dict[str, Any],
    now: int,
) -> Agent:
    """Return the agent of this token's target and name, registered again.

    The same instance, after a restart, is the same agent. Raises AlreadyExists while
    another instance of that name is alive, and a Conflict for a version that this
    server can't work with.
    """
    _check_version(version)
    names.check_agent_name(name)
    if not _INSTANCE.fullmatch(instance):
        raise InvalidValue(
            _("instance must be 1 to 64 letters, digits and '-'."), field="instance"
        )
    target = _lock_target(token)
    found = Agent.objects.filter(target=target, name=name, removed__isnull=True).first()
    if found is not None and found.instance != instance:
        if found.heard >= now - AGENT_TIMEOUT_MS:
            raise AlreadyExists(
                _(
                    "Another agent named %(name)r serves %(target)s now. Start this "
                    "one with --name."
                )
                % {"name": name, "target": target.name},
                agent=name,
            )
        # Its runs may still be alive, so they stay its own until their leases expire.
        Agent.objects.filter(pk=found.pk).update(removed=now)
        found = None
    agent = found or Agent(
        workspace_id=target.workspace_id,
        target=target,
        name=name,
        instance=instance,
        registered=now,
    )
    agent.token, agent.slots = token, _check_slots(slots)
    agent.version, agent.host = version, check_facts(host, "host")
    agent.heard, agent.is_ending = now, False
    agent.save()
    return agent


@transaction.atomic
def drain_agent(agent: Agent, draining: bool, *, actor: Actor, now: int) -> Agent:
    """Let an agent take no more runs, or take runs again."""
    found = _lock_agent(agent)
    before, after = _state_of(found.draining), _state_of(draining)
    Agent.objects.filter(pk=agent.pk).update(draining=draining)
    agent.draining = draining
    _record(found, before, after, actor=actor, now=now)
    return agent


@transaction.atomic
def remove_agent(agent: Agent, *, actor: Actor, now: int) -> None:
    """Remove an agent and revoke its token. Its runs keep their leases."""
    found = _lock_agent(agent)
    if found.removed is None:
        _record(found, _state_of(found.draining), None, actor=actor, now=now)
    Agent.objects.filter(pk=agent.pk, removed__isnull=True).update(removed=now)
    tokens = ApiToken.objects.filter(agents=agent, kind=TokenKind.AGENT)
    tokens.filter(revoked__isnull=True).update(revoked=account_actions.to_datetime(now))


def check_facts(facts: dict[str, Any], field: str) -> dict[str, Any]:
    """Check what an agent reports of its machine: a limited size, without NUL."""
    text = json.dumps(facts, ensure_ascii=False)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_FACTS_BYTES:
        raise InvalidValue(
            _("%(field)s has %(size)s bytes. The limit is %(limit)s.")
            % {"field": field, "size": size, "limit": MAX_FACTS_BYTES},
            field=field,
            limit=MAX_FACTS_BYTES,
        )
    names.check_characters(text, field)
    # PostgreSQL stores no NUL in JSON, and Python writes it as this.
    if "\\u0000" in text:
        raise InvalidValue(
            _("%(field)s must not contain a NUL character.") % {"field": field},
            field=field,
        )
    return facts


def _lock_agent(agent: Agent) -> Agent:
    rows = Agent.objects.select_related("target__workspace")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=agent.pk)


def _state_of(draining: bool) -> str:
    return "draining" if draining else "active"


def _record(
    agent: Agent, before: str, after: str | None, *, actor: Actor, now: int
) -> None:
    target = agent.target
    edit = Edit(f"agents.{target.name}.{agent.name}", before, after)
    record_changes(target.workspace, "agents", [edit], actor=actor, now=now)


def _lock_target(token: ApiToken) -> ComputeTarget:
    rows = ComputeTarget.objects.select_for_update(no_key=True)
    target = rows.filter(tokens=token, removed__isnull=True).first()
    if target is None:
        raise InvalidState(
            _(
                "The compute target of this token was removed. Create a token for "
                "another one."
            )
        )
    return target


def _check_version(version: str) -> None:
    refusal = find_version_refusal(version)
    if refusal is not None:
        raise refusal


def find_version_refusal(version: str) -> Conflict | None:
    """Return why this server can't work with agents of that version; None if it can.

    Raises InvalidValue if it is no version.
    """
    names.check_text(version, "version", limit=50)
    found = _VERSION.match(version)
    if found is None:
        raise InvalidValue(
            _("version must be the version of Run Studio, such as %(version)s.")
            % {"version": __version__},
            field="version",
        )
    theirs = (int(found[1]), int(found[2]))
    own = _VERSION.match(__version__)
    assert own is not None
    if theirs < MIN_AGENT_VERSION:
        return AgentVersionTooOld(
            _(
                "The agent has version %(version)s, and the server needs at least "
                "%(least)s. Upgrade run-studio on the agent's machine."
            )
            % {"version": version, "least": ".".join(map(str, MIN_AGENT_VERSION))},
            version=version,
        )
    if theirs > (int(own[1]), int(own[2])):
        return AgentVersionTooNew(
            _(
                "The agent has version %(version)s, and the server has %(own)s. "
                "Install the server's version on the agent's machine."
            )
            % {"version": version, "own": __version__},
            version=version,
        )
    return None


def _check_slots(slots: int) -> int:
    if not 1 <= slots <= MAX_SLOTS:
        raise InvalidValue(
            _("slots must be a whole number from 1 to %(limit)s.")
            % {"limit": MAX_SLOTS},
            field="slots",
        )
    return slots
