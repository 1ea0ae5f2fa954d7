"""Users, workspaces, members, tokens and sign-in."""

from __future__ import annotations

from runs.actions.account.accounts import (
    add_member,
    check_language,
    create_user_with_password,
    create_workspace,
    delete_expired_sessions,
    end_other_sessions,
    end_session,
    ensure_user,
    parse_theme,
    remove_member,
    set_language,
    set_password,
    set_profile,
    set_role,
    set_theme,
    time_zones,
)
from runs.actions.account.links import (
    create_invitation,
    create_sign_in_link,
    find_invitation,
    find_sign_in_link,
    revoke_invitation,
    use_invitation,
    use_sign_in_link,
)
from runs.actions.account.secrets import generate_secret, hash_secret, to_datetime
from runs.actions.account.sign_in import FAILURE_LIFETIME, KnownBrowser, check_sign_in
from runs.actions.account.tokens import (
    RUN_TOKEN_DAYS_AFTER_END,
    create_agent_token,
    create_run_token,
    create_token,
    revoke_token,
)

__all__ = [
    "FAILURE_LIFETIME",
    "RUN_TOKEN_DAYS_AFTER_END",
    "KnownBrowser",
    "add_member",
    "check_language",
    "check_sign_in",
    "create_agent_token",
    "create_invitation",
    "create_run_token",
    "create_sign_in_link",
    "create_token",
    "create_user_with_password",
    "create_workspace",
    "delete_expired_sessions",
    "end_other_sessions",
    "end_session",
    "ensure_user",
    "find_invitation",
    "find_sign_in_link",
    "generate_secret",
    "hash_secret",
    "parse_theme",
    "remove_member",
    "revoke_invitation",
    "revoke_token",
    "set_language",
    "set_password",
    "set_profile",
    "set_role",
    "set_theme",
    "time_zones",
    "to_datetime",
    "use_invitation",
    "use_sign_in_link",
]
