"""Search texts follow each edit, in its transaction, and their index with them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.comments import add_comment, delete_comment, edit_comment
from runs.actions.experiments.experiments import delete_experiment, rename_experiment
from runs.actions.ingest import points_and_params
from runs.actions.run import run_edits
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import create_run, trash_run
from runs.actions.run_rows.search_text import write_missing_search_texts
from runs.actions.undo import undo_change_set
from runs.models import ChangeSet, Experiment, Role, Run, SearchText, search_text
from runs.search.sql.words import search_text_scan

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(actor: Actor, now: int) -> dict[str, Any]:
    return {"actor": actor, "now": now}


def found(word: str) -> set[str]:
    """The ids of the runs that the index knows by a folded word."""
    keys = search_text_scan([word]).rows.values_list("run_id", flat=True)
    return set(Run.objects.filter(pk__in=list(keys)).values_list("run_id", flat=True))


def test_a_new_run_is_found_by_its_name_tags_and_description(
    experiment: Experiment, by: dict[str, Any]
) -> None:
    create_run(
        experiment,
        run_id="new-1",
        name="Fresh Name",
        description="Some words",
        tags={"team": "NLP", "baseline": None, "mlflow.user": "root"},
        params={"unseen": "param"},
        **by,
    )
    for word in ("fresh name", "new-1", "some words", "team", "nlp", "baseline"):
        assert found(word) == {"new-1"}
    for word in ("root", "mlflow", "unseen", "param"):
        assert found(word) == set()


def test_changed_names_and_descriptions_are_found(run: Run, by: dict[str, Any]) -> None:
    before = run.name.lower()
    run_edits.rename_run(run, "训练 second", **by)
    run_edits.describe_run(run, "Größer", **by)
    assert found(before) == set()
    assert found("second") == found("训练") == found("größer") == {"run-1"}
    run_edits.describe_run(run, "", **by)
    assert found("größer") == set()
    assert found("second") == {"run-1"}


def test_comments_are_found_until_they_are_deleted(
    run: Run, by: dict[str, Any]
) -> None:
    old = add_comment(run, "Looks viridian", **by)
    add_comment(run, "训练 again", **by)
    run_edits.rename_run(run, "other", **by)
    assert found("viridian") == found("训练") == {"run-1"}
    edit_comment(old, "Looks vermilion", **by)
    assert (found("viridian"), found("vermilion")) == (set(), {"run-1"})
    delete_comment(old, role=Role.OWNER, **by)
    assert (found("vermilion"), found("again")) == (set(), {"run-1"})
    last = ChangeSet.objects.order_by("pk").last()
    assert last is not None
    undo_change_set(last, **by)
    assert found("vermilion") == {"run-1"}


def test_changed_tags_are_found(run: Run, by: dict[str, Any]) -> None:
    # Colors that no generated run name contains.
    run_edits.set_run_tags(run, {"colour": "viridian", "word": None}, **by)
    points_and_params.log_batch(run, tags={"shape": "round"}, **by)
    for word in ("colour", "viridian", "word", "shape", "round"):
        assert found(word) == {"run-1"}
    run_edits.set_run_tags(run, {"colour": "vermilion"}, **by)
    run_edits.remove_run_tags(run, ["shape"], **by)
    assert found("viridian") == found("shape") == found("round") == set()
    assert found("vermilion") == found("word") == {"run-1"}


def test_system_tags_are_not_indexed(run: Run, by: dict[str, Any]) -> None:
    run_edits.set_run_tags(run, {"seen": "1"}, **by)
    for tags in ({"mlflow.note": "x"}, {"seen": "1"}):
        with CaptureQueriesContext(connection) as queries:
            run_edits.set_run_tags(run, tags, **by)
        assert not any(search_text.TABLE in each["sql"] for each in queries)


def test_a_failed_edit_leaves_the_search_text_unchanged(
    run: Run, by: dict[str, Any]
) -> None:
    before = SearchText.objects.get(run=run).text
    with transaction.atomic():
        run_edits.rename_run(run, "never", **by)
        assert found("never") == {"run-1"}
        transaction.set_rollback(True)
    assert SearchText.objects.get(run=run).text == before
    assert found("never") == set()


def test_a_purge_removes_the_search_text(
    run: Run, by: dict[str, Any], files_dir: Any
) -> None:
    run_edits.rename_run(run, "goes away", **by)
    trash_run(run, **by)
    assert found("goes away") == {"run-1"}
    purge_run(run, **by)
    assert not SearchText.objects.exists()
    assert not list(
        search_text_scan(["goes away"]).rows.values_list("run_id", flat=True)
    )


def test_experiments_write_no_search_texts(
    run: Run, experiment: Experiment, by: dict[str, Any]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        rename_experiment(experiment, "another", **by)
        delete_experiment(experiment, **by)
    written = [each["sql"] for each in queries if not each["sql"].startswith("SELECT")]
    assert not any(name in sql for sql in written for name in ("runs_run", "search"))


def test_missing_search_texts_are_built(
    run: Run, experiment: Experiment, by: dict[str, Any]
) -> None:
    run_edits.set_run_tags(run, {"kept": "tag"}, **by)
    create_run(experiment, run_id="run-2", name="other", **by)
    SearchText.objects.filter(run=run).delete()
    assert found("kept") == set()
    assert write_missing_search_texts() == 1
    assert write_missing_search_texts() == 0
    assert found("kept") == {"run-1"}
    assert found("other") == {"run-2"}


def test_lost_triggers_are_reported_and_recreated(run: Run, by: dict[str, Any]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's indexes need no triggers")
    assert search_text.missing(connection) == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER runs_searchtext_update")
    run_edits.rename_run(run, "unnoticed", **by)
    assert search_text.missing(connection) == ["runs_searchtext_update"]
    assert found("unnoticed") == set()
    search_text.restore(connection)
    assert search_text.missing(connection) == []
    assert found("unnoticed") == {"run-1"}


def test_an_interrupted_rebuild_is_repeated(
    run: Run, by: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL maintains its own index")
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER runs_searchtext_update")
    run_edits.rename_run(run, "unnoticed", **by)
    with monkeypatch.context() as patch:
        patch.setattr(search_text, "_HASH_BYTES", "never stored")
        with pytest.raises(OperationalError):
            search_text.restore(connection)
    assert search_text.missing(connection) == ["runs_searchtext_update"]
    search_text.restore(connection)
    assert found("unnoticed") == {"run-1"}


def test_a_rebuild_leaves_the_settings_of_ordinary_writes(run: Run) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL maintains its own index")
    settings = (
        "PRAGMA cache_size",
        "PRAGMA synchronous",
        f"SELECT v FROM {search_text.INDEX}_config WHERE k = 'hashsize'",
    )
    with connection.cursor() as cursor:
        pages, synchronous, _ = (cursor.execute(each).fetchone() for each in settings)
        search_text.refill(connection)
        found = [cursor.execute(each).fetchone() for each in settings]
    assert found == [pages, synchronous, (1024 * 1024,)]
