"""Create, find and revoke public links."""

from __future__ import annotations

from runs.actions.public.share_links import (
    DEFAULT_LINK_DAYS,
    MAX_LINK_DAYS,
    create_share_link,
    delete_expired_share_links,
    find_inactive_links,
    find_share_link,
    revoke_share_link,
    share_path,
)

__all__ = [
    "DEFAULT_LINK_DAYS",
    "MAX_LINK_DAYS",
    "create_share_link",
    "delete_expired_share_links",
    "find_inactive_links",
    "find_share_link",
    "revoke_share_link",
    "share_path",
]
