"""Write the rows of a run's parameters, properties and tags."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.run_rows.keys import intern_keys
from runs.http import Counted, counters
from runs.models import Key, KeyKind, Run, RunParam, RunProperty, RunTag, parse_number
from runs.storage.prepared import PreparedInsert, PreparedRows
from studio.core import names
from studio.core.errors import Immutable
from studio.core.git import shown_values

WriteOnceRow = TypeVar("WriteOnceRow", RunParam, RunProperty)

_tags = PreparedRows(
    lambda run, keys: RunTag.objects.filter(run_id=run, key__id__in=keys).values_list(
        "key_id", "value"
    )
)
_params = PreparedRows(
    lambda run, keys: RunParam.objects.filter(run_id=run, key__id__in=keys).values_list(
        "key_id", "value"
    )
)
_properties = PreparedRows(
    lambda run, keys: RunProperty.objects.filter(
        run_id=run, key__id__in=keys
    ).values_list("key_id", "value")
)
_insert_tags = PreparedInsert(RunTag, unique=["run", "key"], update=["value", "number"])
#: Their INSERTs need no ON CONFLICT: the run is locked, so no other writer adds the
#: key.
_WRITE_ONCE: dict[Any, tuple[PreparedRows, PreparedInsert[Any]]] = {
    RunParam: (_params, PreparedInsert(RunParam)),
    RunProperty: (_properties, PreparedInsert(RunProperty)),
}


def check_params(params: Mapping[str, str], field: str = "params") -> None:
    names.check_count(len(params), field)
    for key, value in params.items():
        names.check_key(key, f"{field} key")
        names.check_value(value, f"{field}.{key}")


def check_tags(
    tags: Mapping[str, str | None], field: str = "tags"
) -> Mapping[str, str | None]:
    names.check_count(len(tags), field)
    for key, value in tags.items():
        names.check_key(key, f"{field} key")
        if value is not None:
            names.check_value(value, f"{field}.{key}")
    return tags


def write_params(run: Run, params: Mapping[str, str]) -> None:
    """Write parameters once; raise Immutable if one already has another value."""
    check_params(params)
    _insert_write_once_texts(RunParam, run, KeyKind.PARAM, params)
    if params:
        count = partial(counters.add, Counted.PARAMS, amount=len(params))
        transaction.on_commit(count)


def write_properties(run: Run, properties: Mapping[str, str]) -> None:
    """Write properties once; raise Immutable if one already has another value."""
    check_params(properties, "properties")
    properties = shown_values(properties)
    _insert_write_once_texts(RunProperty, run, KeyKind.PROPERTY, properties)


def write_tags(run: Run, tags: Mapping[str, str | None]) -> dict[str, str | None]:
    """Set checked tags; return the previous values by key."""
    keys = intern_keys(run.workspace_id, KeyKind.TAG, tags)
    before = _stored_values(_tags, run, keys)
    # Every written tag updates several indexes.
    changed = {k: v for k, v in tags.items() if k not in before or before[k] != v}
    _insert_tag_rows(run, keys, changed)
    return before


def write_first_tags(run: Run, tags: Mapping[str, str | None]) -> None:
    """Set checked tags of a run that was just created, and so has none."""
    _insert_tag_rows(run, intern_keys(run.workspace_id, KeyKind.TAG, tags), tags)


def _insert_tag_rows(
    run: Run, keys: Mapping[str, Key], tags: Mapping[str, str | None]
) -> None:
    _insert_tags(
        [
            RunTag(run=run, key=keys[name], value=value, number=parse_number(value))
            for name, value in sorted(tags.items())
        ]
    )


def _stored_values(
    stored: PreparedRows, run: Run, keys: Mapping[str, Key]
) -> dict[str, str | None]:
    """Return the stored values of those keys, by name."""
    found = dict(stored.all(run.pk, [key.pk for key in keys.values()]))
    return {name: found[key.pk] for name, key in keys.items() if key.pk in found}


def _insert_write_once_texts(
    model: type[WriteOnceRow], run: Run, kind: KeyKind, texts: Mapping[str, str]
) -> None:
    if not texts:
        return
    keys = intern_keys(run.workspace_id, kind, texts)
    select, insert = _WRITE_ONCE[model]
    stored = _stored_values(select, run, keys)
    known = {name: value or "" for name, value in stored.items()}
    _refuse_changes(run, kind, known, texts)
    rows = [
        model(run=run, key=keys[name], value=value, number=parse_number(value))
        for name, value in sorted(texts.items())
        if name not in known
    ]
    insert(rows)


def _refuse_changes(
    run: Run, kind: KeyKind, known: Mapping[str, str], texts: Mapping[str, str]
) -> None:
    # All conflicts, because MLflow's error lists them.
    conflicts = [
        {"key": key, "old": known[key], "new": value}
        for key, value in texts.items()
        if key in known and known[key] != value
    ]
    if conflicts:
        first = conflicts[0]
        template = (
            _(
                "The parameter %(key)r of run %(run_id)s is %(value)r and "
                "can't be changed."
            )
            if kind is KeyKind.PARAM
            else _(
                "The property %(key)r of run %(run_id)s is %(value)r and "
                "can't be changed."
            )
        )
        raise Immutable(
            template
            % {"key": first["key"], "run_id": run.run_id, "value": first["old"]},
            field=f"{kind}s.{first['key']}",
            conflicts=conflicts,
        )
