"""The actor that every change set and event records."""

from __future__ import annotations

from dataclasses import dataclass

from runs.models import AlertRule, ApiToken, ChangeWay, User


@dataclass(frozen=True)
class Actor:
    """A user, in a browser or with a token; the server itself has no user."""

    user: User | None = None
    token: ApiToken | None = None
    #: How the change was requested.
    way: ChangeWay = ChangeWay.SERVER
    #: The rule that acts in the name of the user, who is its author.
    alert_rule: AlertRule | None = None


#: The server itself: worker, migrations, startup.
SERVER = Actor()
