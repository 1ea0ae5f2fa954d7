"""Create, change, delete and restore experiments."""

from __future__ import annotations

from runs.actions.experiments.experiments import (
    archive_experiment,
    change_experiment_tag,
    create_experiment,
    delete_experiment,
    delete_experiment_tag,
    describe_experiment,
    edit_experiment_tags,
    ensure_default,
    experiment_in_trash_message,
    lock_experiment_names,
    rename_experiment,
    restore_experiment,
    set_experiment_tag,
    star_experiment,
)
from runs.actions.experiments.undo import (
    current_experiment_value,
    lock_changed_experiments,
    restore_experiment_value,
)

__all__ = [
    "archive_experiment",
    "change_experiment_tag",
    "create_experiment",
    "current_experiment_value",
    "delete_experiment",
    "delete_experiment_tag",
    "describe_experiment",
    "edit_experiment_tags",
    "ensure_default",
    "experiment_in_trash_message",
    "lock_changed_experiments",
    "lock_experiment_names",
    "rename_experiment",
    "restore_experiment",
    "restore_experiment_value",
    "set_experiment_tag",
    "star_experiment",
]
