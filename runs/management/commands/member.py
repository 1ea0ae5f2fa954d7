"""`manage.py member`: adds a member and prints a sign-in link, without the web."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from runs.actions.account import add_member, create_workspace, ensure_user
from runs.actions.actor import SERVER
from runs.management.home import base_url, is_served
from runs.management.identity_check import refuse_foreign_database
from runs.management.operator_access import DEFAULT_WORKSPACE, sign_in_url
from runs.management.unusable_home import refuse_unusable
from runs.models import Member, Role, User, Workspace, now_ms
from studio.core.errors import StudioError


class Command(BaseCommand):
    help = "Add a member to a workspace and print a sign-in link."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the user name; created if it is new")
        parser.add_argument(
            "--workspace",
            default=DEFAULT_WORKSPACE,
            help="created if it is new (default: %(default)s)",
        )
        parser.add_argument(
            "--role",
            choices=[role.label for role in Role],
            help="default: owner for the first member of a workspace, else contributor",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        refuse_unusable(settings.STUDIO_HOME)
        refuse_foreign_database(settings.STUDIO_HOME)
        try:
            user, member = add_or_update_member(
                options["name"], options["workspace"], options["role"]
            )
            link = sign_in_url(base_url(), user, now=now_ms())
        except StudioError as error:
            raise CommandError(error.message) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be used: {error}. Start `manage.py studio` first."
            ) from error
        role = Role(member.role).label
        self.stdout.write(f"{user.username} is {role} of {options['workspace']}.")
        self.stdout.write(f"Sign in within 15 minutes: {link}")
        if not is_served(settings.STUDIO_HOME):
            self.stderr.write(
                "The server is not running, so the link does not work yet. Start it "
                "with `python manage.py studio`."
            )


@transaction.atomic
def add_or_update_member(
    name: str, workspace_name: str, role: str | None
) -> tuple[User, Member]:
    """Without `role` a member keeps theirs, and a new member gets the usual role."""
    now = now_ms()
    workspace = create_workspace(workspace_name, actor=SERVER, now=now)
    user = ensure_user(name, actor=SERVER, now=now)
    old = Member.objects.filter(workspace=workspace, user=user).first()
    if role is None and old is not None:
        return user, old
    rank = role_of_new_member(workspace) if role is None else Role[role.upper()]
    return user, add_member(workspace, user, rank, actor=SERVER, now=now)


def role_of_new_member(workspace: Workspace) -> Role:
    members = Member.objects.filter(workspace=workspace)
    return Role.CONTRIBUTOR if members.exists() else Role.OWNER
