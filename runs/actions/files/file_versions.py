"""Read the current version of a changed file, and bring an earlier one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from runs.actions.files.file_changes import (
    FILE_FIELDS,
    OF_MODEL,
    is_same_version,
    version_value,
)
from runs.actions.files.files import refuse_path_clash
from runs.models import Change, File, LoggedModel, Run
from studio.core.batches import batches
from studio.core.errors import InvalidState


def read_current_files(field: str, keys: Sequence[int]) -> Mapping[int, Any]:
    """Return the current version of the field's file in each of these runs."""
    rows = File.objects.filter(replaced=None, path_key=_path_key(field))
    model = _model_key(field)
    if model is not None:
        file = rows.filter(model=model).first()
        return dict.fromkeys(keys, version_value(file)) if file else {}
    return {f.run_id or 0: version_value(f) for f in rows.filter(run__in=keys)}


def restore_version(field: str, run: Run, before: Any, now: int) -> Any:
    """Make the version `before` the current one, where None means no file.

    Returns what was current. In a transaction that has locked the run. Raises
    InvalidState if the version no longer exists, and Conflict if its path became a
    folder, or a file where its folder was.
    """
    owner = _lock_owner(field, run)
    of_path = File.objects.filter(
        path_key=_path_key(field),
        run=owner if isinstance(owner, Run) else None,
        model=owner if isinstance(owner, LoggedModel) else None,
    )
    current = of_path.filter(replaced=None).first()
    if current is not None:
        of_path.filter(pk=current.pk).update(replaced=now)
    if before is not None:
        version = _find_version(list(of_path.exclude(replaced=None)), before)
        refuse_path_clash(owner, before["path"])
        of_path.filter(pk=version.pk).update(replaced=None)
    return version_value(current)


def _find_version(replaced: Sequence[File], wanted: Any) -> File:
    found = [f for f in replaced if is_same_version(version_value(f), wanted)]
    if not found:
        raise InvalidState(
            _(
                "This version of %(path)r no longer exists. Old versions are deleted "
                "after 30 days. Of a file of an active run, only the newest replaced "
                "version is kept."
            )
            % {"path": wanted["path"]}
        )
    return max(found, key=lambda file: file.pk)


def _lock_owner(field: str, run: Run) -> Run | LoggedModel:
    key = _model_key(field)
    if key is None:
        return run
    model = LoggedModel.objects.select_for_update().filter(pk=key).first()
    if model is None:
        raise InvalidState(_("The model of this file no longer exists."))
    return model


def _model_key(field: str) -> int | None:
    if not field.startswith(OF_MODEL):
        return None
    return int(field.split(".")[1])


def _path_key(field: str) -> bytes:
    return bytes.fromhex(field.rpartition(".")[2])


def missing_versions(changes: Sequence[Change]) -> set[int]:
    """Return the keys of changes of files whose version before no longer exists."""
    wanted = {
        change.pk: change.before["blob"]
        for change in changes
        if change.field.startswith(FILE_FIELDS) and change.before is not None
    }
    found: set[str] = set()
    for some in batches(list(wanted.values())):
        rows = File.objects.filter(blob__in=some)
        found.update(rows.values_list("blob", flat=True))
    return {key for key, blob in wanted.items() if blob not in found}
