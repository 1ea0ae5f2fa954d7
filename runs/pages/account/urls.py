"""The addresses of signing in, the account, invitations and members."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.account.account import (
    account_page,
    add_token,
    end_all_other_sessions,
    end_one_session,
    revoke_own_token,
    set_language,
    set_password,
    set_profile,
    set_theme,
)
from runs.pages.account.forgotten import create_member_link, sign_in_mail_page
from runs.pages.account.invitation import invitation_page
from runs.pages.account.members import (
    invite_member,
    members_page,
    remove_member,
    revoke_invitation_page,
    set_role,
)
from runs.pages.account.sign_in import (
    open_pasted_sign_in_link,
    sign_in_link_page,
    sign_in_page,
    sign_out_page,
)
from runs.pages.requests import WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path("sign-in/", sign_in_page, name="sign-in"),
    path("sign-in/forgot/", sign_in_mail_page, name="sign-in-mail"),
    path("sign-in/link/", open_pasted_sign_in_link, name="sign-in-open-link"),
    path("sign-in/link/<str:secret>/", sign_in_link_page, name="sign-in-link"),
    path("sign-out/", sign_out_page, name="sign-out"),
    path("invitation/<str:secret>/", invitation_page, name="invitation"),
    path("account/", account_page, name="account"),
    path("account/profile/", set_profile, name="account-profile"),
    path("account/password/", set_password, name="account-password"),
    path("account/theme/", set_theme, name="account-theme"),
    path("account/language/", set_language, name="account-language"),
    path("account/tokens/", add_token, name="account-tokens"),
    path("account/tokens/<int:number>/", revoke_own_token, name="account-token"),
    path("account/sessions/", end_all_other_sessions, name="account-sessions"),
    path("account/sessions/<str:number>/", end_one_session, name="account-session"),
    path(f"{WORKSPACE_URL}members/", members_page, name="members"),
    path(f"{WORKSPACE_URL}members/<int:number>/role/", set_role, name="member-role"),
    path(
        f"{WORKSPACE_URL}members/<int:number>/remove/",
        remove_member,
        name="member-remove",
    ),
    path(
        f"{WORKSPACE_URL}members/<int:number>/sign-in-link/",
        create_member_link,
        name="member-sign-in-link",
    ),
    path(f"{WORKSPACE_URL}invitations/", invite_member, name="invitations"),
    path(
        f"{WORKSPACE_URL}invitations/<int:number>/revoke/",
        revoke_invitation_page,
        name="invitation-revoke",
    ),
]
