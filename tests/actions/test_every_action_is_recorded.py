"""Each action of a member writes a change set, so the activity shows it.

The functions are found in the source: those of `runs.actions` that get an `actor`, and
are used by pages or the APIs. Each must reach `record_changes`, or is named below with
the reason why not.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

import runs

ROOT = Path(runs.__file__).parent
RECORDS = {"record_changes", "add_changes"}

#: What a run's events show, with who and when (`RunEvent`): no undo restores it.
EVENTS = {
    "acknowledge_cancel",
    "change_status",
    "force_cancel",
    "record_cancel_signal",
    "reopen_run",
    "report_status",
    "request_cancel",
    "request_force_stop",
}
#: What scripts log and submit, which no member edits: rows have their creator and time.
LOGGED = {
    "abort_upload",
    "add_run_properties",
    "apply_rows",
    "close_writer",
    "create_experiment",
    "create_logged_model",
    "create_move_target",
    "create_run",
    "create_sweep",
    "link_known_snapshot",
    "log_params",
    "log_run_inputs",
    "log_run_outputs",
    "open_multipart_upload",
    "open_upload",
    "queue_run",
    "receive_heartbeat",
    "resubmit",
    "save_piece",
    "save_snapshot",
    "start_sweep",
    "submit_run",
    "submit_target_test",
}
#: A person's own account, which is in no workspace.
ACCOUNT = {
    "create_user_with_password",
    "end_other_sessions",
    "end_session",
    "follow",
    "request_confirmation",
    "set_language",
    "set_notification_settings",
    "set_password",
    "set_profile",
    "set_theme",
}
#: A message to the member who clicks; nothing is changed.
MESSAGES = {"send_test_alert"}
#: The worker writes the change set with the steps of the task.
STARTED = {"start_bulk_change", "start_undo", "start_undo_since"}
#: Only read.
QUESTIONS = {
    "can_undo",
    "check_filter",
    "is_author",
    "parent_for_actor",
    "queue_history_export",
}
EXCEPTIONS = EVENTS | LOGGED | ACCOUNT | STARTED | MESSAGES | QUESTIONS


@cache
def functions(folder: Path) -> tuple[ast.FunctionDef, ...]:
    found: list[ast.FunctionDef] = []
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        # Functions of functions and of classes are parts of these.
        found += [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    return tuple(found)


def names_in(node: ast.AST) -> set[str]:
    found = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return found | {e.attr for e in ast.walk(node) if isinstance(e, ast.Attribute)}


def recording_functions() -> set[str]:
    """Those that reach a function of RECORDS, by the names that they use."""
    uses: dict[str, set[str]] = defaultdict(set)
    for each in functions(ROOT / "actions"):
        uses[each.name] |= names_in(each)
    found = set(RECORDS)
    before: set[str] = set()
    while found != before:
        before = set(found)
        found |= {name for name, used in uses.items() if used & before}
    return found


def actions_of_members() -> set[str]:
    actions = {
        each.name
        for each in functions(ROOT / "actions")
        if not each.name.startswith("_")
        and "actor" in {arg.arg for arg in [*each.args.args, *each.args.kwonlyargs]}
    }
    used: set[str] = set()
    for layer in ("pages", "api"):
        for each in functions(ROOT / layer):
            used |= names_in(each)
    return actions & used


def test_each_action_writes_a_change_set() -> None:
    missing = actions_of_members() - recording_functions() - EXCEPTIONS
    assert missing == set()


def test_no_exception_is_out_of_date() -> None:
    assert actions_of_members() - recording_functions() >= EXCEPTIONS
