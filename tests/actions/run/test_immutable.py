"""Parameters, properties and events: the database itself refuses to change them."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import log_params
from runs.actions.run.run_edits import add_run_properties
from runs.models import Key, Run, RunEvent, RunParam, RunProperty, immutable

MODELS = [RunParam, RunProperty, RunEvent]


@pytest.fixture(autouse=True)
def written(run: Run, actor: Actor, now: int) -> None:
    log_params(run, {"lr": "0.1"}, actor=actor, now=now)
    add_run_properties(run, {"git": "4be1"}, actor=actor, now=now)


def statement(model, verb: str) -> str:
    table = model._meta.db_table
    return {
        "update": f"UPDATE {table} SET run_id = run_id",
        "delete": f"DELETE FROM {table}",
    }[verb]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_refuses_changes_of_immutable_rows(model, verb: str) -> None:
    with (
        pytest.raises(DatabaseError, match="immutable"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement(model, verb))
    assert model.objects.count() == 1


@pytest.mark.parametrize("model", MODELS)
def test_rows_of_a_run_being_purged_can_be_deleted_but_not_changed(
    run: Run, model
) -> None:
    Run.objects.filter(pk=run.pk).update(purging=True)
    with (
        pytest.raises(DatabaseError, match="immutable"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement(model, "update"))
    model.objects.filter(run=run).delete()
    assert model.objects.count() == 0


def test_a_missing_trigger_is_detected_and_recreated() -> None:
    assert immutable.missing(connection) == []
    immutable.remove(connection)
    assert len(immutable.missing(connection)) > 2 * len(MODELS)
    immutable.install(connection)
    assert immutable.missing(connection) == []


def test_a_name_keeps_its_spelling() -> None:
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        Key.objects.filter(name="lr").update(name="momentum")
    assert RunParam.objects.get().key.name == "lr"


def test_nothing_bypasses_the_triggers() -> None:
    row = RunParam.objects.get()
    trick = (
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE runs_runparam"
        if connection.vendor == "postgresql"
        else "INSERT OR REPLACE INTO runs_runparam (id, run_id, key_id, value) "
        f"VALUES ({row.pk}, {row.run_id}, {row.key_id}, '9')"
    )
    with (
        pytest.raises(DatabaseError, match="immutable"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(trick)
    assert RunParam.objects.get().value == "0.1"
