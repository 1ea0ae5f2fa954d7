"""Parameters, properties and tags of a run: how their rows are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from runs.actions.keys import as_number, intern_keys
from runs.models import Kind, Run, RunParam, RunProperty, RunTag
from studio.core import names
from studio.core.errors import Immutable

Once = TypeVar("Once", RunParam, RunProperty)


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
    """Write them once: the same again is fine, another value raises Immutable."""
    check_params(params)
    _write_once(RunParam, run, Kind.PARAM, params)


def write_properties(run: Run, properties: Mapping[str, str]) -> None:
    """Write them once, as parameters are."""
    check_params(properties, "properties")
    _write_once(RunProperty, run, Kind.PROPERTY, properties)


def write_tags(run: Run, tags: Mapping[str, str | None]) -> dict[str, str | None]:
    """Set tags, already checked; returns the values that were there before by key."""
    keys = intern_keys(run.workspace_id, Kind.TAG, tags)
    rows = RunTag.objects.filter(run=run, key__in=keys.values()).select_related("key")
    before = {row.key.name: row.value for row in rows}
    changed = {k: v for k, v in tags.items() if k not in before or before[k] != v}
    RunTag.objects.bulk_create(
        [
            RunTag(run=run, key=keys[name], value=value, number=as_number(value))
            for name, value in sorted(changed.items())
        ],
        update_conflicts=True,
        unique_fields=["run", "key"],
        update_fields=["value", "number"],
    )
    return before


def _write_once(
    model: type[Once], run: Run, kind: Kind, texts: Mapping[str, str]
) -> None:
    if not texts:
        return
    keys = intern_keys(run.workspace_id, kind, texts)
    rows = model.objects.filter(run=run, key__in=keys.values()).select_related("key")
    known = {row.key.name: row.value or "" for row in rows}
    _refuse_changes(run, kind, known, texts)
    model.objects.bulk_create(
        model(run=run, key=keys[name], value=value, number=as_number(value))
        for name, value in sorted(texts.items())
        if name not in known
    )


def _refuse_changes(
    run: Run, kind: Kind, known: Mapping[str, str], texts: Mapping[str, str]
) -> None:
    conflicts = [
        {"key": key, "old": known[key], "new": value}
        for key, value in texts.items()
        if key in known and known[key] != value
    ]
    if conflicts:
        what = "parameter" if kind is Kind.PARAM else "property"
        first = conflicts[0]
        raise Immutable(
            f"The {what} {first['key']!r} of run {run.run_id} is {first['old']!r} and "
            "is never changed",
            field=f"{kind}s.{first['key']}",
            conflicts=conflicts,
        )
