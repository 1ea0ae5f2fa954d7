"""REST: members, invitations and public links of a workspace, and conclusions."""

from __future__ import annotations

from runs.api.v1.sharing.conclusions import get_conclusion, set_conclusion
from runs.api.v1.sharing.members import (
    change_member,
    create_invitation,
    list_invitations,
    list_members,
    remove_member,
    revoke_invitation,
)
from runs.api.v1.sharing.public_links import (
    create_public_link,
    list_public_links,
    revoke_public_link,
)

__all__ = [
    "change_member",
    "create_invitation",
    "create_public_link",
    "get_conclusion",
    "list_invitations",
    "list_members",
    "list_public_links",
    "remove_member",
    "revoke_invitation",
    "revoke_public_link",
    "set_conclusion",
]
