"""The addresses that people open."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from runs.pages import account, health, home, parts, sign_in

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("parts/", parts.parts, name="parts"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/link/", sign_in.open_link, name="sign-in-open-link"),
    path("sign-in/link/<str:secret>/", sign_in.sign_in_link, name="sign-in-link"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/profile/", account.set_profile, name="account-profile"),
    path("account/password/", account.set_password, name="account-password"),
    path("account/theme/", account.set_theme, name="account-theme"),
    path("account/tokens/", account.add_token, name="account-tokens"),
    path("account/tokens/<int:number>/", account.drop_token, name="account-token"),
    path("account/sessions/", account.end_other_sessions, name="account-sessions"),
    path(
        "account/sessions/<str:number>/", account.end_session, name="account-session"
    ),
]
