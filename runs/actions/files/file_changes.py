"""Record who replaced or deleted files, so that the history shows it and undo works.

A version stays 30 days after it was replaced or deleted. Of a file that an active run
replaces repeatedly only the newest replaced version is kept, and only the change
that replaced it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import Change, ChangeSet, File, LoggedModel, Run

REPLACE_FILE, DELETE_FILES = "replace file", "delete files"
OF_RUN, OF_MODEL = "file.", "model_file."
#: Beginnings of the fields of such changes. The rest is the hash of the path; of a
#: model's file the key of the model is before it.
FILE_FIELDS = (OF_RUN, OF_MODEL)


def version_value(file: File | None) -> dict[str, Any] | None:
    """Return what a change keeps of a version: path, size in bytes, hash and blob."""
    if file is None:
        return None
    return {
        "path": file.path,
        "size": file.size,
        "sha256": file.sha256,
        "blob": file.blob,
    }


def is_same_version(one: Any, other: Any) -> bool:
    """Return whether two values of `version_value` have the same content.

    A log that still grows has no hash, and is the same as long as its blob is.
    """
    if one is None or other is None:
        return one is other
    if one["blob"] == other["blob"]:
        return True
    content = (one["size"], one["sha256"])
    return bool(one["sha256"]) and content == (other["size"], other["sha256"])


def record_replaced(
    owner: Run | LoggedModel, old: File, new: File, *, actor: Actor, now: int
) -> None:
    """Record that `new` replaced `old`; in the transaction that does it."""
    edit = file_edit(owner, old, version_value(new))
    if isinstance(owner, Run) and owner.state.is_active:
        _forget_earlier(owner, edit.field, actor)
    _record_edits(owner, REPLACE_FILE, [edit], actor, now)


def record_deleted(
    owner: Run | LoggedModel, files: Sequence[File], *, actor: Actor, now: int
) -> None:
    """Record that these files were deleted, as one change."""
    _record_edits(
        owner, DELETE_FILES, [file_edit(owner, f, None) for f in files], actor, now
    )


def file_edit(
    owner: Run | LoggedModel, old: File, after: dict[str, Any] | None
) -> Edit:
    """Return that `old` was replaced by `after`, or deleted if it is None."""
    before, path = version_value(old), bytes(old.path_key).hex()
    if isinstance(owner, Run):
        return Edit(f"{OF_RUN}{path}", before, after, owner)
    field = f"{OF_MODEL}{owner.pk}.{path}"
    if owner.source_run is not None:
        return Edit(field, before, after, owner.source_run)
    # A model that no known run wrote: its experiment has the record, without an undo.
    return Edit(field, before, after, experiment=owner.experiment)


def _record_edits(
    owner: Run | LoggedModel,
    action: str,
    edits: Sequence[Edit],
    actor: Actor,
    now: int,
) -> None:
    record_changes(owner.workspace, action, edits, actor=actor, now=now)


def _forget_earlier(run: Run, field: str, actor: Actor) -> None:
    """Delete this actor's earlier record: the version before it was just deleted."""
    earlier = ChangeSet.objects.filter(
        action=REPLACE_FILE,
        changes__in=Change.objects.filter(run=run, field=field),
        actor=actor.user,
        token=actor.token,
        undone_by=None,
    )
    ChangeSet.objects.filter(pk__in=list(earlier.values_list("pk", flat=True))).delete()
