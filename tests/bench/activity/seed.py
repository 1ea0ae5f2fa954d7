"""A home folder with many change sets of several members, written by SQL."""

from __future__ import annotations

from pathlib import Path

from django.db import connection, transaction

from runs.actions.actor import Actor
from runs.actions.run import create_run
from runs.models import Experiment, Member, Role, User, Workspace, now_ms
from tests.bench.data.invented import FIRST
from tests.bench.data.seed import prepare

#: A change every ten seconds: a million are four months.
PAUSE_MS = 10_000
RUNS = 1_000
#: Kinds with their actions and fields; the share of each kind is below.
KINDS = (
    ("tag", "set tags", "tags.stage"),
    ("rename", "rename run", "name"),
    ("archive", "archive run", "archived"),
    ("delete", "trash run", "deleted"),
    ("describe", "describe run", "description"),
)
#: Each 5,000th change is a rare kind, of a member who changes little, by a rare way.
RARE = 5_000


def seed(home: Path, count: int) -> None:
    """Fill an empty home folder with `count` change sets of one change each."""
    place, actor = prepare(home, _say_nothing)
    workspace = Workspace.objects.get(pk=place.workspace)
    with transaction.atomic():
        users = [place.user, *_add_members(workspace)]
        _add_runs(workspace, actor)
        _add_changes(workspace, users, count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _say_nothing(text: str) -> None:
    del text


def _add_members(workspace: Workspace) -> list[int]:
    found = []
    for name in ("jonas", "priya", "rare"):
        user = User.objects.create(username=name)
        Member.objects.create(workspace=workspace, user=user, role=Role.CONTRIBUTOR)
        found.append(user.pk)
    return found


def _add_runs(workspace: Workspace, actor: Actor) -> None:
    [first, *_rest] = Experiment.objects.filter(workspace=workspace).order_by("pk")
    for number in range(RUNS):
        create_run(first, run_id=f"run-{number}", actor=actor, now=FIRST)


def _add_changes(workspace: Workspace, users: list[int], count: int) -> None:
    """Number n is by member n % 3 and of kind n % 5; each `RARE`th is rare."""
    [experiment] = Experiment.objects.filter(runs__run_id="run-0").values_list("pk")
    numbers = (
        "WITH RECURSIVE numbers(n) AS (SELECT CAST(1 AS bigint) UNION ALL "
        f"SELECT n + 1 FROM numbers WHERE n < {count})"
    )
    # After the keys of the changes that were made until now.
    base = 1_000_000
    is_rare = f"n % {RARE} = 0"
    kinds = _choice("n % 5", [f"'{kind}'" for kind, _action, _field in KINDS])
    actions = _choice("n % 5", [f"'{action}'" for _kind, action, _field in KINDS])
    fields = _choice("n % 5", [f"'{name}'" for _kind, _action, name in KINDS])
    actors = _choice("n % 3", [str(user) for user in users[:3]])
    ways = _choice("n % 4", ["'browser'", "'rest'", "'sdk'", "'cli'"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"{numbers} INSERT INTO runs_changeset (id, workspace_id, time, action, "
            "actor_id, way, kind, experiment_id, run_count, change_count, is_compute, "
            f"is_personal, is_undone) SELECT {base} + n, {workspace.pk}, "
            f"{now_ms() - count * PAUSE_MS} + n * {PAUSE_MS}, "
            f"CASE WHEN {is_rare} THEN 'lock run' ELSE {actions} END, "
            f"CASE WHEN {is_rare} THEN {users[3]} ELSE {actors} END, "
            f"CASE WHEN {is_rare} THEN 'mlflow' ELSE {ways} END, "
            f"CASE WHEN {is_rare} THEN 'lock' ELSE {kinds} END, "
            f"{experiment[0]}, 1, 1, {_false()}, {_false()}, {_false()} FROM numbers"
        )
        first_run = "(SELECT MIN(id) FROM runs_run)"
        cursor.execute(
            f"{numbers} INSERT INTO runs_change (id, change_set_id, run_id, field, "
            f"before, after) SELECT {base} + n, {base} + n, {first_run} + n % {RUNS}, "
            f"{fields}, NULL, '\"x\"' FROM numbers"
        )


def _choice(what: str, values: list[str]) -> str:
    cases = " ".join(f"WHEN {at} THEN {value}" for at, value in enumerate(values))
    return f"(CASE {what} {cases} END)"


def _false() -> str:
    return "FALSE" if connection.vendor == "postgresql" else "0"
