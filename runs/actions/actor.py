"""Who acts: what every change set and event records."""

from __future__ import annotations

from dataclasses import dataclass

from runs.models import ApiToken, User


@dataclass(frozen=True)
class Actor:
    """A person, through a browser or by a token; the server itself has no user."""

    user: User | None = None
    token: ApiToken | None = None


#: The server's own doings: the worker, migrations, the start.
SERVER = Actor()
