"""Tags that mirror a field of the run: name, description and parent.

They are stored as tags too, but read from the fields, which pages and other clients may
have changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec
from django.db import transaction

from runs.actions import run as run_actions
from runs.actions.actor import Actor
from runs.api.mlflow.replies import NAME_TAG, NOTE_TAG, PARENT_TAG
from runs.models import Run
from studio.core.errors import Immutable
from studio.core.names import (
    check_description,
    check_display_name,
    check_mlflow_key,
    check_run_id,
    check_value,
)

_SPECIAL_TAGS = frozenset({NAME_TAG, NOTE_TAG, PARENT_TAG})


class KeyValue(msgspec.Struct):
    """A tag or parameter; a missing value is an empty text."""

    key: str
    value: str = ""


def read_key_values(pairs: Sequence[KeyValue], field: str) -> dict[str, str]:
    """Check and return keys and values; the last value of a repeated key counts."""
    return {
        check_mlflow_key(pair.key, f"{field}[{index}].key"): check_value(
            pair.value, f"{field}[{index}].value"
        )
        for index, pair in enumerate(pairs)
    }


def atomic_for_special_tags(
    tags: Mapping[str, str],
) -> AbstractContextManager[object]:
    """Return a transaction for tags that also change a field of the run.

    The action that stores other tags has its own transaction, and needs no savepoint in
    another one.
    """
    return nullcontext() if _SPECIAL_TAGS.isdisjoint(tags) else transaction.atomic()


def apply_special_tags(
    run: Run, tags: Mapping[str, str], *, actor: Actor, now: int
) -> None:
    """Update the run's fields from mirror tags; the caller stores the tags."""
    # This comes first: it takes the lock of the tree, which comes before row locks.
    if PARENT_TAG in tags and tags[PARENT_TAG] != run.parent_run_id:
        set_parent_once(run, tags[PARENT_TAG], actor=actor, now=now)
    if NAME_TAG in tags and tags[NAME_TAG] != run.name:
        name = check_display_name(tags[NAME_TAG], NAME_TAG)
        run_actions.rename_run(run, name, actor=actor, now=now)
    if NOTE_TAG in tags and tags[NOTE_TAG] != run.description:
        text = check_description(tags[NOTE_TAG], NOTE_TAG)
        run_actions.describe_run(run, text, actor=actor, now=now)


def set_parent_once(run: Run, parent: str, *, actor: Actor, now: int) -> None:
    """Set the run's parent; it cannot be changed later."""
    if run.parent_run_id:
        raise Immutable(
            f"The tag {PARENT_TAG!r} of run {run.run_id} is {run.parent_run_id!r} and "
            f"cannot be changed to {parent!r}: a run keeps its parent.",
            field=PARENT_TAG,
        )
    if parent:
        # The parent can be created later, so only its form is checked.
        check_run_id(parent, PARENT_TAG)
        run_actions.set_run_parent(run, parent, actor=actor, now=now)


def clear_special_tag(run: Run, key: str, *, actor: Actor, now: int) -> None:
    """Clear the field that a deleted tag mirrors; name and parent are Immutable."""
    if key == NOTE_TAG:
        run_actions.describe_run(run, "", actor=actor, now=now)
    if key == NAME_TAG or (key == PARENT_TAG and run.parent_run_id):
        raise Immutable(
            f"The tag {key!r} cannot be deleted: a run keeps its name and its parent.",
            field=key,
        )
