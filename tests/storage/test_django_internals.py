"""The private parts of Django that prepared statements use are as they were checked."""

from __future__ import annotations

from typing import Any

import django
import pytest
from django.apps import apps
from django.db import connection
from django.db.models import F, Model, QuerySet, query, sql
from django.db.models.options import Options
from django.db.models.signals import post_init, pre_init
from django.db.models.sql.compiler import SQLCompiler

from runs.models import Experiment, Key, Member, Role, User, Workspace
from runs.storage.prepared import django_internals
from runs.storage.prepared.django_internals import (
    CHECKED_VERSIONS,
    CompiledQuery,
    Row,
    RowLayout,
    delete_query,
    inserted_fields,
    new_object,
    row_layout,
    update_query,
)

HINT = (
    f"Django {django.get_version()} differs from the versions that were checked: "
    f"adapt {django_internals.__name__}, or build these queries as usual."
)


def compile_query(query: Any) -> CompiledQuery:
    return CompiledQuery(query, connection)


def run(compiled: CompiledQuery) -> Any:
    cursor = connection.cursor()
    cursor.execute(compiled.sql, compiled.params)
    return cursor


def test_the_installed_version_was_checked() -> None:
    assert django.VERSION[:2] in CHECKED_VERSIONS, HINT


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (query, "get_related_populators"),
        (sql.Query, "chain"),
        (sql.Query, "get_compiler"),
        (sql.UpdateQuery, "add_update_values"),
        (sql, "DeleteQuery"),
        (SQLCompiler, "as_sql"),
        (SQLCompiler, "get_converters"),
        (SQLCompiler, "apply_converters"),
        (Options, "concrete_fields"),
    ],
)
def test_a_private_name_exists(owner: Any, name: str) -> None:
    assert hasattr(owner, name), f"{name} is missing. {HINT}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["select", "col_count", "klass_info"])
def test_a_compiler_knows_its_columns_after_compiling(name: str) -> None:
    compiler = compile_query(Member.objects.select_related("user").query).compiler
    assert getattr(compiler, name, None), f"{name} is missing. {HINT}"
    assert compiler.klass_info["select_fields"] == [0, 1, 2, 3, 4], HINT


def test_a_queryset_says_whether_its_rows_are_tuples() -> None:
    rows: QuerySet[Any, Any] = User.objects.all()
    assert rows._fields is None, HINT  # type: ignore[attr-defined]
    assert rows.values_list("pk")._fields == ("pk",), HINT  # type: ignore[attr-defined]


def test_an_insert_sends_all_fields_but_an_automatic_key() -> None:
    assert [field.name for field in inserted_fields(Key)] == [
        "workspace",
        "kind",
        "name",
    ], HINT


def convert(layout: RowLayout, rows: list[Row]) -> list[Row]:
    """PostgreSQL's values need no conversion."""
    return rows if layout.convert is None else list(layout.convert(rows))


@pytest.mark.django_db
def test_objects_are_read_as_by_the_queryset() -> None:
    lab = Workspace.objects.create(name="lab")
    ada = User.objects.create(username="ada")
    Member.objects.create(workspace=lab, user=ada, role=Role.OWNER)
    rows = Member.objects.select_related("user", "workspace")
    compiled = compile_query(rows.query)
    layout = row_layout(rows, compiled)
    assert (layout.model, layout.names[:2]) == (Member, ["id", "workspace_id"]), HINT
    assert layout.own is not None, HINT
    [row] = convert(layout, run(compiled).fetchall())
    found = new_object(Member, layout.names, row[layout.own])
    assert (found, found.role) == (rows.get(), Role.OWNER), HINT
    for populate in layout.populators:
        populate(row, found)
    assert {"user", "workspace"} <= found._state.fields_cache.keys(), HINT
    assert found.user.created == User.objects.get().created, HINT


@pytest.mark.django_db
def test_tuples_are_read_as_by_the_queryset() -> None:
    User.objects.create(username="ada")
    rows: QuerySet[Any, Any] = User.objects.values_list("username", "created")
    compiled = compile_query(rows.query)
    layout = row_layout(rows, compiled)
    assert layout.model is None, HINT
    found = convert(layout, run(compiled).fetchall())
    assert list(map(tuple, found)) == list(rows), HINT


@pytest.mark.django_db
def test_rows_are_changed_and_deleted_as_by_the_queryset() -> None:
    lab = Workspace.objects.create(name="lab")
    Experiment.objects.create(
        workspace=lab, name="digits", number=1, created=1, updated=1
    )
    named = Experiment.objects.filter(name="digits")
    update = compile_query(update_query(named, {"number": F("number") + 4}))
    assert run(update).rowcount == 1, HINT
    assert named.get().number == 5, HINT
    assert run(compile_query(delete_query(named))).rowcount == 1, HINT
    assert not named.exists(), HINT


@pytest.mark.parametrize("model", list(apps.get_app_config("runs").get_models()))
def test_nothing_is_lost_without_a_models_constructor(model: type[Model]) -> None:
    assert model.__init__ is Model.__init__, HINT
    assert model.from_db.__func__ is Model.from_db.__func__, HINT  # type: ignore[attr-defined]
    for signal in (pre_init, post_init):
        assert not signal.has_listeners(model), HINT


@pytest.mark.django_db
def test_an_object_is_the_one_that_the_model_makes() -> None:
    lab = Workspace.objects.create(name="lab")
    ada = User.objects.create(username="ada")
    Member.objects.create(workspace=lab, user=ada, role=Role.OWNER)
    values = Member.objects.values_list().get()
    names = [field.attname for field in Member._meta.concrete_fields]
    usual = Member.from_db("default", names, values)
    found = new_object(Member, names, values)
    kept = {"_state": None}
    assert {**vars(found), **kept} == {**vars(usual), **kept}, HINT
    for state in (found._state, usual._state):
        assert (state.adding, state.db) == (False, "default"), HINT
    found.workspace_id = 0
    found.refresh_from_db()
    found.save()
    assert (found.workspace, Member.objects.count()) == (lab, 1), HINT
