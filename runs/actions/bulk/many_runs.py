"""Write one field of many runs with a few statements.

The caller holds a transaction and has locked the runs' rows (`lock_runs`). Each
function returns the edits for the change set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import F, Q

from runs.actions.changes import Edit
from runs.actions.run import MIRROR_TAGS
from runs.actions.run_rows import intern_keys, refresh_search_texts
from runs.models import (
    KeyKind,
    LoggedModel,
    ModelVersion,
    Run,
    RunStar,
    RunTag,
    User,
    holds_min_or_max_of_root,
    parse_number,
    rebuild_root_metrics,
)
from runs.models.grams import SYSTEM_TAG_PREFIX
from runs.storage.prepared import Prepared, PreparedInsert
from studio.core.batches import batches

STAR_FIELD = "starred"
#: Rows that one statement names.
ROWS_PER_STATEMENT = 500
#: The tags of each run: keys with values, None for a tag without a value.
Tags = Mapping[str, str | None]
#: Descriptions and errors can be long, and no bulk change needs them.
_locked_runs = Prepared(
    lambda keys: (
        Run.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=keys)
        .select_related("workspace")
        .defer("description", "error")
        .order_by("pk")
    )
)
_insert_tags = PreparedInsert(RunTag, unique=["run", "key"], update=["value", "number"])


def lock_runs(keys: Collection[int]) -> list[Run]:
    """Lock the rows of runs; return those that still exist.

    Always in the same order, so two writers of the same runs can't wait for each other.
    """
    return [
        run
        for some in batches(sorted(keys), ROWS_PER_STATEMENT)
        for run in _locked_runs.all(list(some))
    ]


def bump_changed_revisions(edits: Sequence[Edit], now: int) -> None:
    """Bump the revisions of the runs that changed for everyone, so stars don't."""
    changed = {
        edit.run.pk
        for edit in edits
        if edit.run is not None and edit.field != STAR_FIELD
    }
    for some in batches(sorted(changed), ROWS_PER_STATEMENT):
        rows = Run.objects.filter(pk__in=some)
        rows.update(updated=now, revision=F("revision") + 1)


def set_tags_of_runs(runs: Sequence[Run], tags: Mapping[int, Tags]) -> list[Edit]:
    """Set checked tags, which are given by the run's key."""
    by_key = {run.pk: run for run in runs}
    wanted = [
        (run, name, value)
        for run in runs
        for name, value in sorted(tags.get(run.pk, {}).items())
    ]
    if not wanted:
        return []
    workspace = runs[0].workspace_id
    keys = intern_keys(workspace, KeyKind.TAG, {name: None for _, name, _ in wanted})
    before = _stored_tags(by_key, {name for _, name, _ in wanted})
    changed = [
        (run, name, value)
        for run, name, value in wanted
        if before.get((run.pk, name)) != {"value": value}
    ]
    numbers = {value: parse_number(value) for _run, _name, value in changed}
    _insert_tags.write(
        ("run_id", "key_id", "value", "number"),
        [
            (run.pk, keys[name].pk, value, numbers[value])
            for run, name, value in changed
        ],
    )
    _refresh_texts_of_tags((run.pk, name) for run, name, _value in changed)
    return [
        Edit(f"tags.{name}", before.get((run.pk, name)), {"value": value}, run)
        for run, name, value in changed
    ]


def remove_tags_of_runs(
    runs: Sequence[Run], names: Mapping[int, Collection[str]]
) -> list[Edit]:
    """Remove the tags with these names; `names` are by the run's key."""
    by_key = {run.pk: run for run in runs}
    every = {name for run in runs for name in names.get(run.pk, ())}
    stored = _stored_tags(by_key, every)
    gone = [key for key in stored if key[1] in names.get(key[0], ())]
    for name in sorted({name for _, name in gone}):
        of_key = [run for run, other in gone if other == name]
        RunTag.objects.filter(
            run__in=of_key, key__kind=KeyKind.TAG, key__name=name
        ).delete()
    _refresh_texts_of_tags(gone)
    return [
        Edit(f"tags.{name}", stored[run, name], None, by_key[run]) for run, name in gone
    ]


def _stored_tags(
    runs: Collection[int], names: Collection[str]
) -> dict[tuple[int, str], dict[str, str | None]]:
    found = RunTag.objects.filter(
        run__in=runs, key__kind=KeyKind.TAG, key__name__in=names
    )
    return {
        (run, name): {"value": value}
        for run, name, value in found.order_by("pk").values_list(
            "run_id", "key__name", "value"
        )
    }


def _refresh_texts_of_tags(changed: Iterable[tuple[int, str]]) -> None:
    # Free words don't search the tags that MLflow's clients write for themselves.
    runs = {run for run, name in changed if not name.startswith(SYSTEM_TAG_PREFIX)}
    refresh_search_texts(sorted(runs))


def write_names_of_runs(runs: Sequence[Run], names: Mapping[int, str]) -> list[Edit]:
    """Rename runs; the tag that mirrors a name is updated with it."""
    renamed = [run for run in runs if names.get(run.pk, run.name) != run.name]
    edits = [Edit("name", run.name, names[run.pk], run) for run in renamed]
    for run in renamed:
        run.name = names[run.pk]
    Run.objects.bulk_update(renamed, ["name"])
    mirrors = RunTag.objects.filter(
        run__in=[run.pk for run in renamed],
        key__kind=KeyKind.TAG,
        key__name=MIRROR_TAGS["name"],
    )
    changed = list(mirrors)
    for tag in changed:
        tag.value = names[tag.run_id]
        tag.number = parse_number(tag.value)
    RunTag.objects.bulk_update(changed, ["value", "number"])
    refresh_search_texts([run.pk for run in renamed])
    return edits


def write_flag_of_runs(
    runs: Sequence[Run], field: str, wanted: bool, now: int
) -> list[Edit]:
    """Set `archived` or `deleted`, stored as the time since when, or clear it."""
    changed = [run for run in runs if (getattr(run, field) is not None) != wanted]
    since = now if wanted else None
    Run.objects.filter(pk__in=[run.pk for run in changed]).update(**{field: since})
    for run in changed:
        setattr(run, field, since)
    if field == "deleted":
        rebuild_root_metrics(_roots_to_rebuild(changed, wanted))
    return [Edit(field, not wanted, wanted, run) for run in changed]


def _roots_to_rebuild(runs: Sequence[Run], deleted: bool) -> set[int]:
    # Rebuilding reads a whole tree, so it is left out if no bound can change.
    roots: set[int] = set()
    for run in runs:
        root = run.root_id
        if root is None or root in roots:
            continue
        if not deleted or holds_min_or_max_of_root(run.pk, root):
            roots.add(root)
    return roots


def write_stars_of_runs(runs: Sequence[Run], user: User, on: bool) -> list[Edit]:
    """Star or unstar runs for one user."""
    rows = RunStar.objects.filter(user=user, run__in=[run.pk for run in runs])
    starred = set(rows.values_list("run_id", flat=True))
    changed = [run for run in runs if (run.pk in starred) != on]
    if on:
        RunStar.objects.bulk_create(
            [RunStar(run=run, user=user) for run in changed], ignore_conflicts=True
        )
    else:
        rows.delete()
    return [Edit(STAR_FIELD, not on, on, run) for run in changed]


def registered_runs(keys: Collection[int]) -> set[int]:
    """Return those of the runs that a version of a registered model points to."""
    direct = ModelVersion.objects.filter(Q(run__in=keys) | Q(files_run__in=keys))
    pairs = direct.values_list("run_id", "files_run_id")
    models = LoggedModel.objects.filter(
        source_run__in=keys,
        pk__in=ModelVersion.objects.exclude(logged_model=None).values("logged_model"),
    )
    used = {key for pair in pairs for key in pair}
    return (used | set(models.values_list("source_run_id", flat=True))) & set(keys)
