"""Edit a run's name, description, tags, properties and stars.

Every action records a change set, for history and undo. Properties are the audit
record: they are written once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, check_version, record_changes
from runs.actions.run_rows import (
    begin_edit,
    check_tags,
    refresh_search_texts,
    update_search_text_after_tag_change,
    write_properties,
    write_tags,
)
from runs.models import (
    KeyKind,
    Run,
    RunStar,
    RunTag,
    User,
    parse_number,
)
from studio.core import names
from studio.core.errors import InvalidValue
from studio.core.git import shown_values

#: Tags of MLflow's clients that mirror a field and are updated with it.
MIRROR_TAGS = {"name": "mlflow.runName", "description": "mlflow.note.content"}


@transaction.atomic
def rename_run(
    run: Run, name: str, *, actor: Actor, now: int, seen_version: str | None = None
) -> Run:
    """Rename `run`; `seen_version` is the `version_token` of the replaced name."""
    names.check_display_name(name)
    return _edit_name_or_description(
        run, "name", name, seen_version, actor=actor, now=now
    )


@transaction.atomic
def describe_run(
    run: Run, text: str, *, actor: Actor, now: int, seen_version: str | None = None
) -> Run:
    """Set the Markdown description; an empty text removes it."""
    names.check_description(text)
    return _edit_name_or_description(
        run, "description", text, seen_version, actor=actor, now=now
    )


def _edit_name_or_description(
    run: Run, field: str, text: str, seen_version: str | None, *, actor: Actor, now: int
) -> Run:
    begin_edit(run, actor, now)
    # The given object may be older than the row, which is locked now.
    before = Run.objects.values_list(field, flat=True).get(pk=run.pk)
    check_version(seen_version, before, text, field)
    write_name_or_description(run, field, text)
    action = "rename run" if field == "name" else "describe run"
    record_changes(
        run.workspace, action, [Edit(field, before, text, run)], actor=actor, now=now
    )
    return run


@transaction.atomic
def pin_run_color(run: Run, color: int | None, *, actor: Actor, now: int) -> Run:
    """Give the run one of the series' colors everywhere; None is no color of its own.

    Raises InvalidValue for a number that is no color.
    """
    if color is not None and not 1 <= color <= names.SERIES_COLORS:
        raise InvalidValue(
            _("color must be a number from 1 to %(limit)s, not %(color)s")
            % {"limit": names.SERIES_COLORS, "color": color},
            field="color",
        )
    begin_edit(run, actor, now)
    before = Run.objects.values_list("color", flat=True).get(pk=run.pk)
    write_color(run, color)
    edit = Edit("color", before, color, run)
    record_changes(run.workspace, "pin color", [edit], actor=actor, now=now)
    return run


def write_color(run: Run, color: int | None) -> None:
    Run.objects.filter(pk=run.pk).update(color=color)
    run.color = color


def write_name_or_description(run: Run, field: str, text: str) -> None:
    """Write name or description, and the tag that mirrors it, if there is one."""
    Run.objects.filter(pk=run.pk).update(**{field: text})
    mirror_tag = RunTag.objects.filter(
        run=run, key__kind=KeyKind.TAG, key__name=MIRROR_TAGS[field]
    ).exclude(value=text)
    mirror_tag.update(value=text, number=parse_number(text))
    setattr(run, field, text)
    refresh_search_texts([run.pk])


@transaction.atomic
def set_run_tags(
    run: Run, tags: Mapping[str, str | None], *, actor: Actor, now: int
) -> None:
    """Set tags; None is a tag without a value."""
    check_tags(tags)
    begin_edit(run, actor, now)
    apply_run_tags(run, tags, actor=actor, now=now)


@transaction.atomic
def edit_run_tag(
    run: Run, key: str, value: str | None, *, seen_version: str, actor: Actor, now: int
) -> None:
    """Change a tag; `seen_version` is the `version_token` of the replaced value."""
    check_tags({key: value})
    begin_edit(run, actor, now)
    stored = RunTag.objects.filter(run=run, key__kind=KeyKind.TAG, key__name=key)
    # A form shows a tag without a value as an empty text.
    texts = [text or "" for text in stored.values_list("value", flat=True)]
    check_version(seen_version, texts[0] if texts else None, value or "", f"tags.{key}")
    if texts != [value or ""]:
        apply_run_tags(run, {key: value}, actor=actor, now=now)


def apply_run_tags(
    run: Run, tags: Mapping[str, str | None], *, actor: Actor, now: int
) -> None:
    """Write checked tags and their change set, in a transaction that locked `run`."""
    tags = shown_values(tags)
    before = write_tags(run, tags)
    update_search_text_after_tag_change(
        run,
        (k for k, v in tags.items() if _tag_before_or_after(k, before) != {"value": v}),
    )
    edits = [
        Edit(f"tags.{key}", _tag_before_or_after(key, before), {"value": value}, run)
        for key, value in tags.items()
    ]
    record_changes(run.workspace, "set tags", edits, actor=actor, now=now)


def _tag_before_or_after(
    key: str, tags: Mapping[str, str | None]
) -> dict[str, str | None] | None:
    # A tag can have no value, so "no tag" and "no value" must differ.
    return {"value": tags[key]} if key in tags else None


@transaction.atomic
def remove_run_tags(run: Run, keys: Iterable[str], *, actor: Actor, now: int) -> int:
    """Remove tags; return how many were removed."""
    wanted = [names.check_key(key, "remove") for key in keys]
    names.check_count(len(wanted), "remove")
    begin_edit(run, actor, now)
    edits = delete_run_tags(run, wanted)
    record_changes(run.workspace, "remove tags", edits, actor=actor, now=now)
    return len(edits)


def delete_run_tags(run: Run, keys: Collection[str]) -> list[Edit]:
    """Delete tags in a transaction that locked `run`; return the edits."""
    found = RunTag.objects.filter(run=run, key__kind=KeyKind.TAG, key__name__in=keys)
    rows = list(found.select_related("key"))
    RunTag.objects.filter(pk__in=[row.pk for row in rows]).delete()
    update_search_text_after_tag_change(run, (row.key.name for row in rows))
    return [
        Edit(f"tags.{row.key.name}", {"value": row.value}, None, run) for row in rows
    ]


@transaction.atomic
def add_run_properties(
    run: Run, properties: Mapping[str, str], *, actor: Actor, now: int
) -> None:
    """Write properties once; raise Immutable if one already has another value."""
    begin_edit(run, actor, now)
    write_properties(run, properties)


@transaction.atomic
def star_run(run: Run, user: User, on: bool, *, actor: Actor, now: int) -> None:
    """Star or unstar a run for one user."""
    if on:
        _, changed = RunStar.objects.get_or_create(run=run, user=user)
    else:
        changed = RunStar.objects.filter(run=run, user=user).delete()[0] > 0
    # What the write reports tells the state before it, without another query or a race.
    before = on != changed
    edits = [Edit("starred", before, on, run)]
    record_changes(
        run.workspace, "star" if on else "unstar", edits, actor=actor, now=now
    )
