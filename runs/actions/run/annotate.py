"""What people and scripts write beside a run: name, description, tags, stars.

Every action records a change set, so that it can be shown and undone; properties are
the audit record, written once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.changes.change_sets import Edit, record
from runs.actions.changes.edit_conflicts import check_seen
from runs.actions.run_rows.bump_revision import touch
from runs.actions.run_rows.search_text import follow_tags, refresh_search_texts
from runs.actions.run_rows.texts import check_tags, write_properties, write_tags
from runs.models import (
    Experiment,
    ExperimentStar,
    KeyKind,
    Run,
    RunStar,
    RunTag,
    User,
    parse_number,
)
from studio.core import names

#: Tags of MLflow's clients that say the same as a field, and follow it.
TWINS = {"name": "mlflow.runName", "description": "mlflow.note.content"}


@transaction.atomic
def rename(
    run: Run, name: str, *, actor: Actor, now: int, seen: str | None = None
) -> Run:
    """Give `run` another display name; `seen` is the `mark` of the one it replaces."""
    names.check_display_name(name)
    return _set_text(run, "name", name, seen, actor=actor, now=now)


@transaction.atomic
def describe(
    run: Run, text: str, *, actor: Actor, now: int, seen: str | None = None
) -> Run:
    """Set the Markdown description; empty removes it. `seen` as for `rename`."""
    names.check_description(text)
    return _set_text(run, "description", text, seen, actor=actor, now=now)


def _set_text(
    run: Run, field: str, text: str, seen: str | None, *, actor: Actor, now: int
) -> Run:
    touch(run, now)
    before = Run.objects.values_list(field, flat=True).get(pk=run.pk)
    check_seen(seen, before, text, field)
    write_text(run, field, text)
    action = "rename run" if field == "name" else "describe run"
    record(
        run.workspace, action, [Edit(field, before, text, run)], actor=actor, now=now
    )
    return run


def write_text(run: Run, field: str, text: str) -> None:
    """Write name or description, and the tag that says the same, if there is one."""
    Run.objects.filter(pk=run.pk).update(**{field: text})
    twin = RunTag.objects.filter(
        run=run, key__kind=KeyKind.TAG, key__name=TWINS[field]
    ).exclude(value=text)
    twin.update(value=text, number=parse_number(text))
    setattr(run, field, text)
    refresh_search_texts([run.pk])


@transaction.atomic
def set_tags(
    run: Run, tags: Mapping[str, str | None], *, actor: Actor, now: int
) -> None:
    """Set tags; a tag of None is a word without a value."""
    check_tags(tags)
    touch(run, now)
    apply_tags(run, tags, actor=actor, now=now)


@transaction.atomic
def edit_tag(
    run: Run, key: str, value: str | None, *, seen: str, actor: Actor, now: int
) -> None:
    """Set the tag to another value than the one that `seen` is the `mark` of."""
    check_tags({key: value})
    touch(run, now)
    stored = RunTag.objects.filter(run=run, key__kind=KeyKind.TAG, key__name=key)
    texts = [text or "" for text in stored.values_list("value", flat=True)]
    check_seen(seen, texts[0] if texts else None, value or "", f"tags.{key}")
    if texts != [value or ""]:
        apply_tags(run, {key: value}, actor=actor, now=now)


def apply_tags(
    run: Run, tags: Mapping[str, str | None], *, actor: Actor, now: int
) -> None:
    """Write checked tags and their change set, within a transaction of `run`."""
    before = write_tags(run, tags)
    follow_tags(run, (k for k, v in tags.items() if _state(k, before) != {"value": v}))
    edits = [
        Edit(f"tags.{key}", _state(key, before), {"value": value}, run)
        for key, value in tags.items()
    ]
    record(run.workspace, "set tags", edits, actor=actor, now=now)


def _state(key: str, tags: Mapping[str, str | None]) -> dict[str, str | None] | None:
    # A tag may have no value, so "no tag" and "no value" must differ.
    return {"value": tags[key]} if key in tags else None


@transaction.atomic
def remove_tags(run: Run, keys: Iterable[str], *, actor: Actor, now: int) -> int:
    """Remove tags; returns how many there were."""
    wanted = [names.check_key(key, "remove") for key in keys]
    names.check_count(len(wanted), "remove")
    touch(run, now)
    edits = delete_tags(run, wanted)
    record(run.workspace, "remove tags", edits, actor=actor, now=now)
    return len(edits)


def delete_tags(run: Run, keys: Collection[str]) -> list[Edit]:
    """Remove them within a transaction of `run`; says what there was."""
    found = RunTag.objects.filter(run=run, key__kind=KeyKind.TAG, key__name__in=keys)
    rows = list(found.select_related("key"))
    RunTag.objects.filter(pk__in=[row.pk for row in rows]).delete()
    follow_tags(run, (row.key.name for row in rows))
    return [
        Edit(f"tags.{row.key.name}", {"value": row.value}, None, run) for row in rows
    ]


@transaction.atomic
def add_properties(
    run: Run, properties: Mapping[str, str], *, actor: Actor, now: int
) -> None:
    """Write properties once; raises Immutable where one has another value."""
    touch(run, now)
    write_properties(run, properties)


@transaction.atomic
def star_run(run: Run, user: User, on: bool, *, actor: Actor, now: int) -> None:
    """Star or unstar a run for one person."""
    if on:
        _, changed = RunStar.objects.get_or_create(run=run, user=user)
    else:
        changed = RunStar.objects.filter(run=run, user=user).delete()[0] > 0
    before = on != changed
    edits = [Edit("starred", before, on, run)]
    record(run.workspace, "star" if on else "unstar", edits, actor=actor, now=now)


@transaction.atomic
def star_experiment(
    experiment: Experiment, user: User, on: bool, *, actor: Actor, now: int
) -> None:
    """Star or unstar an experiment for one person."""
    stars = ExperimentStar.objects.filter(experiment=experiment, user=user)
    if on:
        _, changed = ExperimentStar.objects.get_or_create(
            experiment=experiment, user=user
        )
    else:
        changed = stars.delete()[0] > 0
    edits = [Edit("starred", on != changed, on, experiment=experiment)]
    record(
        experiment.workspace,
        "star experiment" if on else "unstar experiment",
        edits,
        actor=actor,
        now=now,
    )
