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
    Workspace,
    parse_number,
    rebuild_root_metrics,
    roots_with_bounds_of,
    widen_root_metrics,
)
from runs.models.grams import SYSTEM_TAG_PREFIX
from runs.storage.prepared import (
    Prepared,
    PreparedDelete,
    PreparedInsert,
    PreparedRows,
    PreparedRowValues,
    PreparedUpdate,
)
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
        .defer("description", "error")
        .order_by("pk")
    )
)
_bump = PreparedUpdate(
    lambda keys, now: (
        Run.objects.filter(pk__in=keys),
        {"updated": now, "revision": F("revision") + 1},
    )
)
_tags = PreparedRows(
    lambda runs, names: (
        RunTag.objects.filter(
            run__pk__in=runs, key__kind=KeyKind.TAG, key__name__in=names
        )
        .order_by("pk")
        .values_list("pk", "run_id", "key__name", "value")
    )
)
_delete_tags = PreparedDelete(lambda keys: RunTag.objects.filter(pk__in=keys))
_write_names = PreparedRowValues(Run, "name")
_write_tag_values = PreparedRowValues(RunTag, "value", "number")
_insert_tags = PreparedInsert(RunTag, unique=["run", "key"], update=["value", "number"])


def lock_runs(keys: Collection[int]) -> list[Run]:
    """Lock the rows of runs; return those that still exist.

    Always in the same order, so two writers of the same runs can't wait for each other.
    """
    found = [
        run
        for some in batches(sorted(keys), ROWS_PER_STATEMENT)
        for run in _locked_runs.all(list(some))
    ]
    # One object for all runs: they are of one workspace.
    workspaces = Workspace.objects.in_bulk({run.workspace_id for run in found})
    for run in found:
        run.workspace = workspaces[run.workspace_id]
    return found


def bump_changed_revisions(edits: Sequence[Edit], now: int) -> None:
    """Bump the revisions of the runs that changed for everyone, so stars don't."""
    changed = {
        edit.run.pk
        for edit in edits
        if edit.run is not None and edit.field != STAR_FIELD
    }
    for some in batches(sorted(changed), ROWS_PER_STATEMENT):
        _bump(list(some), now)


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
    stored = _stored_tags(by_key, {name for _, name, _ in wanted})
    before = {place: value for place, (_pk, value) in stored.items()}
    # One object for each value, so that it is made JSON once.
    after = {value: {"value": value} for _run, _name, value in wanted}
    changed = [
        (run, name, value)
        for run, name, value in wanted
        if before.get((run.pk, name)) != after[value]
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
        Edit(f"tags.{name}", before.get((run.pk, name)), after[value], run)
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
    for some in batches([stored[place][0] for place in gone], ROWS_PER_STATEMENT):
        _delete_tags(list(some))
    _refresh_texts_of_tags(gone)
    return [
        Edit(f"tags.{name}", stored[run, name][1], None, by_key[run])
        for run, name in gone
    ]


def _stored_tags(
    runs: Collection[int], names: Collection[str]
) -> dict[tuple[int, str], tuple[int, dict[str, str | None]]]:
    """Return the row's key and the value of each tag, by run and name."""
    values: dict[str | None, dict[str, str | None]] = {}
    return {
        (run, name): (pk, values.setdefault(value, {"value": value}))
        for some in batches(list(runs), ROWS_PER_STATEMENT)
        for pk, run, name, value in _tags.all(list(some), list(names))
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
    _write_names([(run.pk, run.name) for run in renamed])
    mirrors = RunTag.objects.filter(
        run__in=[run.pk for run in renamed],
        key__kind=KeyKind.TAG,
        key__name=MIRROR_TAGS["name"],
    )
    _write_tag_values(
        [
            (tag, names[run], parse_number(names[run]))
            for tag, run in mirrors.values_list("pk", "run_id")
        ]
    )
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
        below = [run.pk for run in changed if run.root_id is not None]
        for some in batches(below, ROWS_PER_STATEMENT):
            if wanted:
                # Rebuilding reads whole trees, so others are left out.
                rebuild_root_metrics(roots_with_bounds_of(some))
            else:
                widen_root_metrics(some)
    return [Edit(field, not wanted, wanted, run) for run in changed]


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
