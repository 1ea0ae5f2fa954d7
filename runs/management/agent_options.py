"""What `--agent` and `--agent-workspace` ask for."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.management.base import CommandError

from runs.management.operator_access import DEFAULT_WORKSPACE
from runs.models import Agent, Member, Role, User

#: The token of the server's own agent.
TOKEN_NAME = "agent next to the server"  # noqa: S105 - a name


@dataclass(frozen=True)
class AgentOptions:
    """`slots` 0 means the agent's own default."""

    slots: int
    workspace: str = DEFAULT_WORKSPACE

    def find_owner(self) -> User:
        """The member for whom the agent's token works.

        Raises CommandError if there is no such workspace, or it has no owner.
        """
        owners = Member.objects.filter(
            workspace__name=self.workspace, role=Role.OWNER, user__is_active=True
        )
        found = owners.select_related("user").order_by("id").first()
        if found is None:
            raise CommandError(
                f"There is no workspace {self.workspace!r} with an owner. Create it: "
                f"python manage.py member NAME --workspace {self.workspace} "
                "--role owner"
            )
        return found.user


def note_stopped_agent() -> None:
    """Record that the server's own agent ended with the server.

    It could not report that itself. If it starts again, it registers again.
    """
    own = Agent.objects.filter(token__name=TOKEN_NAME, removed__isnull=True)
    own.update(is_ending=True)
