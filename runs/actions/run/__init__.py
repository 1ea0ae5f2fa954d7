"""Create, change, end, delete and purge runs."""

from __future__ import annotations

from runs.actions.run.cancel_steps import (
    acknowledge_cancel,
    record_cancel_signal,
    request_force_stop,
)
from runs.actions.run.definitions import (
    is_definition_of,
    read_definition,
)
from runs.actions.run.heartbeats import mark_unresponsive_runs, receive_heartbeat
from runs.actions.run.interrupted import fail_interrupted_submissions
from runs.actions.run.job_rows import (
    end_attempt_row,
    lock_run_row,
    may_be_retried,
    open_jobs,
)
from runs.actions.run.lifecycle import (
    StatusReporter,
    change_status,
    force_cancel,
    iterate_descendants,
    record_event_without_change,
    refresh_sweep,
    refresh_sweeps,
    reopen_run,
    request_cancel,
)
from runs.actions.run.logged_errors import is_log_path, set_error_from_log
from runs.actions.run.metric_goals import (
    HIGHER_IS_BETTER,
    LOWER_IS_BETTER,
    set_metric_goal,
)
from runs.actions.run.parents import lock_tree
from runs.actions.run.purge import delete_run_forever, purge_run
from runs.actions.run.run_edits import (
    MIRROR_TAGS,
    add_run_properties,
    apply_run_tags,
    delete_run_tags,
    describe_run,
    edit_run_tag,
    pin_run_color,
    remove_run_tags,
    rename_run,
    set_run_tags,
    star_run,
    write_color,
    write_name_or_description,
)
from runs.actions.run.run_names import generate_run_name
from runs.actions.run.runs import (
    archive_run,
    create_run,
    restore_run,
    set_run_parent,
    trash_run,
    write_run_flag,
)
from runs.actions.run.token_trees import parent_for_actor

__all__ = [
    "HIGHER_IS_BETTER",
    "LOWER_IS_BETTER",
    "MIRROR_TAGS",
    "StatusReporter",
    "acknowledge_cancel",
    "add_run_properties",
    "apply_run_tags",
    "archive_run",
    "change_status",
    "create_run",
    "delete_run_forever",
    "delete_run_tags",
    "describe_run",
    "edit_run_tag",
    "end_attempt_row",
    "fail_interrupted_submissions",
    "force_cancel",
    "generate_run_name",
    "is_definition_of",
    "is_log_path",
    "iterate_descendants",
    "lock_run_row",
    "lock_tree",
    "mark_unresponsive_runs",
    "may_be_retried",
    "open_jobs",
    "parent_for_actor",
    "pin_run_color",
    "purge_run",
    "read_definition",
    "receive_heartbeat",
    "record_cancel_signal",
    "record_event_without_change",
    "refresh_sweep",
    "refresh_sweeps",
    "remove_run_tags",
    "rename_run",
    "reopen_run",
    "request_cancel",
    "request_force_stop",
    "restore_run",
    "set_error_from_log",
    "set_metric_goal",
    "set_run_parent",
    "set_run_tags",
    "star_run",
    "trash_run",
    "write_color",
    "write_name_or_description",
    "write_run_flag",
]
