"""Whatever a page does, REST does: pages and REST call the same actions.

An action that a page uses and REST does not is named below, with the reason.
"""

from __future__ import annotations

from tests.actions.test_every_action_is_recorded import ROOT, functions, names_in

#: How people sign in, and settings of their own account, which a token must not change.
IN_PERSON = {
    "check_sign_in",
    "create_link_for_member",
    "create_user_with_password",
    "delete_expired_sessions",
    "end_other_sessions",
    "end_session",
    "find_invitation",
    "find_sign_in_link",
    "request_confirmation",
    "request_sign_in_mail",
    "set_language",
    "set_notification_settings",
    "set_password",
    "set_profile",
    "set_theme",
    "use_invitation",
    "use_sign_in_link",
}
#: Under another name: the route of REST calls an action with the same effect.
SAME_EFFECT = {
    # A picture of a description is a file of the run.
    "attach_picture": "save_file",
    "edit_run_tag": "set_run_tags",
    "change_experiment_tag": "edit_experiment_tags",
    # A client sends the sources and the definition, and queues the run.
    "save_uploaded_sources": "save_snapshot",
    "submit_run": "queue_run",
}
#: Only what a page shows; nothing is changed for anyone else.
SHOWN = {"can_undo", "find_share_link", "is_author", "is_muted", "save_selection"}
#: By a link of a mail, which is signed for its reader.
BY_MAIL = {"mute_subscription"}


def used_in(layer: str) -> set[str]:
    return {name for each in functions(ROOT / layer) for name in names_in(each)}


def actions() -> set[str]:
    found = set()
    for each in functions(ROOT / "actions"):
        arguments = {arg.arg for arg in [*each.args.args, *each.args.kwonlyargs]}
        if not each.name.startswith("_") and arguments & {"actor", "now"}:
            found.add(each.name)
    return found


def test_each_action_of_a_page_has_a_rest_route() -> None:
    api = used_in("api")
    missing = (actions() & used_in("pages")) - api
    assert missing == IN_PERSON | SAME_EFFECT.keys() | SHOWN | BY_MAIL
    assert set(SAME_EFFECT.values()) <= api
