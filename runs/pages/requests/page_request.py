"""The request of a page in a workspace; `runs.access` checked user and role."""

from __future__ import annotations

from runs.access import StudioRequest
from runs.actions.actor import Actor
from runs.models import Member, Role, User, Workspace


class SignedInActor(Actor):
    user: User


class PageRequest(StudioRequest):
    workspace: Workspace
    member: Member
    role: Role
    actor: SignedInActor
