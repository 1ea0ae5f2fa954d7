"""Credentials in stored addresses of git repositories are removed by the upgrade."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import DatabaseError

from runs.actions.actor import Actor
from runs.actions.run.run_edits import add_run_properties, set_run_tags
from runs.models import Change, Key, Run, RunProperty, RunTag, SearchText, immutable
from runs.models.grams import fold_case, grams_of
from studio.core.git import shown_values

RAW, SHOWN = "https://me:s3cret@example.org/team/x", "https://example.org/team/x"
REPOSITORY = "mlflow.source.git.repoURL"
PROPERTY = "azureml.git.repository_uri"
MIGRATION = import_module("runs.migrations.0042_git_credentials")


def store_as_before(run: Run, actor: Actor, now: int) -> None:
    """Store what an older release did: addresses with credentials."""
    tags = {REPOSITORY: SHOWN, PROPERTY: SHOWN, "mlflow.source.name": "train.py"}
    set_run_tags(run, {**tags, "note": RAW}, actor=actor, now=now)
    set_run_tags(run, {REPOSITORY: None}, actor=actor, now=now)
    set_run_tags(run, {REPOSITORY: SHOWN}, actor=actor, now=now)
    RunTag.objects.filter(value=SHOWN).update(value=RAW)
    for each in Change.objects.all():
        each.before, each.after = (
            json.loads(json.dumps(value).replace(SHOWN, RAW))
            for value in (each.before, each.after)
        )
        each.save()
    for text in SearchText.objects.all():
        text.text = text.text.replace(fold_case(SHOWN), fold_case(RAW))
        text.grams = grams_of(text.text)
        text.save()
    add_run_properties(run, {"other": "me@example.org"}, actor=actor, now=now)
    other = Key.objects.get(name="other")
    address = Key.objects.create(
        workspace=other.workspace, kind=other.kind, name=PROPERTY
    )
    RunProperty.objects.create(run=run, key=address, value=RAW)
    Run.objects.filter(pk=run.pk).update(script=RAW)


def everything_stored() -> str:
    rows: list[Any] = [
        *RunTag.objects.exclude(key__name="note").values_list("value", flat=True),
        *RunProperty.objects.values_list("value", flat=True),
        *Run.objects.values_list("script", flat=True),
        *Change.objects.exclude(field="tags.note").values_list("before", "after"),
    ]
    return json.dumps(rows)


@pytest.mark.django_db
def test_stored_addresses_have_no_credentials_after_the_upgrade(
    run: Run, actor: Actor, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_as_before(run, actor, now)
    assert everything_stored().count("s3cret") == 8
    monkeypatch.setattr(MIGRATION, "ROWS_PER_BATCH", 1)
    MIGRATION.clean(apps, connection.schema_editor())
    stored = everything_stored()
    assert "s3cret" not in stored
    assert stored.count(SHOWN) == 8
    # Other texts stay as they were, also in the search text.
    assert "me@example.org" in stored
    assert RunTag.objects.get(key__name="note").value == RAW
    text = SearchText.objects.get(run=run)
    assert text.text.count("s3cret") == 1
    assert fold_case(SHOWN) in text.text
    assert text.grams == grams_of(text.text)


@pytest.mark.django_db
def test_properties_are_immutable_after_the_upgrade(
    run: Run, actor: Actor, now: int
) -> None:
    store_as_before(run, actor, now)
    MIGRATION.clean(apps, connection.schema_editor())
    assert not immutable.missing(connection)
    with pytest.raises(DatabaseError), transaction.atomic():
        RunProperty.objects.update(value="x")


def test_the_upgrade_knows_the_keys_of_addresses() -> None:
    assert shown_values(dict.fromkeys(MIGRATION.ADDRESS_KEYS, RAW)) == dict.fromkeys(
        MIGRATION.ADDRESS_KEYS, SHOWN
    )
