"""Rows of a run that many actions write: texts, keys, locks, revision, search text."""

from __future__ import annotations

from runs.actions.run_rows.keys import intern_keys
from runs.actions.run_rows.locks import (
    begin_edit,
    begin_member_edit,
    can_unlock,
    find_locked_runs_of,
    lock_run,
    models_of_locked_runs,
    record_heartbeat,
    refuse_edit_if_locked,
    refuse_if_any_run_locked,
    refuse_if_locked,
    refuse_if_source_locked,
    unlock_run,
    write_locks_of_runs,
)
from runs.actions.run_rows.params_and_tags import (
    check_tags,
    write_first_tags,
    write_params,
    write_properties,
    write_tags,
)
from runs.actions.run_rows.registered_versions import (
    find_registered_experiments,
    name_versions,
    refuse_if_experiment_registered,
    refuse_if_model_registered,
    refuse_if_run_registered,
)
from runs.actions.run_rows.revisions import (
    bump_revision,
    lock_experiment_row,
    run_not_found,
)
from runs.actions.run_rows.search_text import (
    refresh_search_texts,
    update_search_text_after_tag_change,
    write_search_text,
)

__all__ = [
    "begin_edit",
    "begin_member_edit",
    "bump_revision",
    "can_unlock",
    "check_tags",
    "find_locked_runs_of",
    "find_registered_experiments",
    "intern_keys",
    "lock_experiment_row",
    "lock_run",
    "models_of_locked_runs",
    "name_versions",
    "record_heartbeat",
    "refresh_search_texts",
    "refuse_edit_if_locked",
    "refuse_if_any_run_locked",
    "refuse_if_experiment_registered",
    "refuse_if_locked",
    "refuse_if_model_registered",
    "refuse_if_run_registered",
    "refuse_if_source_locked",
    "run_not_found",
    "unlock_run",
    "update_search_text_after_tag_change",
    "write_first_tags",
    "write_locks_of_runs",
    "write_params",
    "write_properties",
    "write_search_text",
    "write_tags",
]
