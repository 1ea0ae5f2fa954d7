"""Prepared statements answer as the querysets that they are made from."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Upper
from pytest_django import DjangoAssertNumQueries

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.models import Experiment, Key, KeyKind, User, Workspace
from runs.storage.prepared.insert import PreparedInsert
from runs.storage.prepared.row_values import PreparedRowValues
from runs.storage.prepared.statements import (
    Prepared,
    PreparedDelete,
    PreparedRows,
    PreparedUpdate,
)

pytestmark = pytest.mark.django_db
NOW = 1_800_000_000_000

by_name = Prepared(
    lambda workspace, name: Experiment.objects.filter(
        workspace_id=workspace, name=name
    ).select_related("workspace", "created_by")
)
named = PreparedRows(
    lambda names: (
        Experiment.objects.filter(name__in=names)
        .order_by("name")
        .values_list("name", Upper("name"))
    )
)
describe = PreparedUpdate(
    lambda pk, text: (
        Experiment.objects.filter(pk=pk),
        {"description": text, "last_run_number": F("last_run_number") + 1},
    )
)
delete_key = PreparedDelete(lambda name: Key.objects.filter(name=name))
set_both = PreparedRowValues(Experiment, "description", "archived")
insert_keys = PreparedInsert(Key, unique=["workspace", "kind", "name"])


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.objects.create(name="lab")


@pytest.fixture
def experiment(workspace: Workspace) -> Experiment:
    ada = User.objects.create(username="ada")
    return create_experiment(workspace, "digits", actor=Actor(ada), now=NOW)


def test_a_row_is_loaded_with_its_relations(
    experiment: Experiment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        found = by_name.first(experiment.workspace_id, "digits")
        assert found == experiment
        assert found.workspace.name == "lab"
        assert found.created_by is not None
        assert found.created_by.created == experiment.created_by.created  # type: ignore[union-attr]


def test_a_second_use_has_its_own_values(experiment: Experiment) -> None:
    other = create_experiment(experiment.workspace, "words", actor=Actor(), now=NOW)
    for one in (experiment, other, experiment):
        assert by_name.first(one.workspace_id, one.name) == one
    assert by_name.first(experiment.workspace_id, "none") is None
    found = by_name.first(other.workspace_id, "words")
    assert found is not None
    assert found.created_by is None


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 9])
def test_a_list_can_have_any_length(workspace: Workspace, count: int) -> None:
    names = [f"e{index}" for index in range(count)]
    for name in names:
        create_experiment(workspace, name, actor=Actor(), now=NOW)
    assert named.all(names) == [(name, name.upper()) for name in names]


def test_an_update_counts_its_rows(experiment: Experiment) -> None:
    assert describe(experiment.pk, "what it is") == 1
    assert describe(experiment.pk + 1000, "nothing") == 0
    experiment.refresh_from_db()
    assert (experiment.description, experiment.last_run_number) == ("what it is", 1)


def test_each_row_is_updated_with_its_own_values(experiment: Experiment) -> None:
    other = create_experiment(experiment.workspace, "words", actor=Actor(), now=NOW)
    describe.execute_many([(experiment.pk, "one"), (other.pk, "two")])
    texts = Experiment.objects.order_by("pk").values_list("description", flat=True)
    assert list(texts) == ["one", "two"]


def test_existing_rows_are_kept(workspace: Workspace) -> None:
    rows = [Key(workspace=workspace, kind=KeyKind.TAG, name=name) for name in "ab"]
    insert_keys(rows[:1])
    first = Key.objects.get()
    insert_keys(rows)
    assert list(Key.objects.order_by("name").values_list("name", flat=True)) == [*"ab"]
    assert Key.objects.order_by("name").first() == first


def test_a_deletion_deletes_only_matching_rows(workspace: Workspace) -> None:
    insert_keys(
        [Key(workspace=workspace, kind=KeyKind.TAG, name=name) for name in "abc"]
    )
    assert delete_key("b") == 1
    assert list(Key.objects.order_by("name").values_list("name", flat=True)) == [
        "a",
        "c",
    ]


def test_an_inserted_object_counts_as_stored(workspace: Workspace) -> None:
    key = insert_keys.insert_one(Key(workspace=workspace, kind=KeyKind.TAG, name="a"))
    assert key == Key.objects.get()
    assert not key._state.adding


def test_a_captured_statement_gives_the_same_rows(
    experiment: Experiment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Captured, it goes through Django's cursor; otherwise through the driver.
    plain = named.all(["digits", "100%"])
    with django_assert_num_queries(2):
        assert named.all(["digits", "100%"]) == plain == [("digits", "DIGITS")]
        assert describe(experiment.pk, "%s ? %%") == 1
    assert describe(experiment.pk, "%s ? %%") == 1
    experiment.refresh_from_db()
    assert (experiment.description, experiment.last_run_number) == ("%s ? %%", 2)


def test_an_error_of_the_driver_is_djangos(workspace: Workspace) -> None:
    insert = PreparedInsert(Key)
    rows = [Key(workspace=workspace, kind=KeyKind.TAG, name="a")]
    insert(rows)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(rows)


def test_a_broken_transaction_runs_no_statement(experiment: Experiment) -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        for use in (lambda: named.all(["digits"]), lambda: describe(experiment.pk, "")):
            with pytest.raises(transaction.TransactionManagementError):
                use()


def test_rows_get_values_of_their_own(workspace: Workspace) -> None:
    actor = Actor(User.objects.create(username="ada"))
    keys = [
        create_experiment(workspace, f"e{n}", actor=actor, now=NOW).pk for n in range(3)
    ]
    set_both([(keys[0], "", None), (keys[2], "Größe", NOW)])
    rows = Experiment.objects.order_by("pk").values_list("description", "archived")
    assert list(rows) == [("", None), ("", None), ("Größe", NOW)]
