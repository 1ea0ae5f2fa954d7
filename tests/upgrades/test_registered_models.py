"""Models that an older SDK registered are in the registry after the upgrade."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.actions.files import save_file
from runs.actions.ingest import create_logged_model, trash_logged_model
from runs.models import (
    Experiment,
    LoggedModel,
    ModelVersion,
    RegisteredModel,
    Run,
    Workspace,
)

Write = Callable[..., LoggedModel]

MIGRATION = import_module("runs.migrations.0027_registered_models")


@pytest.fixture
def shelf(workspace: Workspace, actor: Actor, now: int) -> Experiment:
    return create_experiment(workspace, "models", actor=actor, now=now)


@pytest.fixture
def write(shelf: Experiment, actor: Actor, now: int) -> Write:
    """Writes a logged model as `Model.register` did."""

    def write_model(
        title: str, version: str, run_id: str = "", /, **tags: str
    ) -> LoggedModel:
        own = {f"studio.model.{key}": text for key, text in tags.items()}
        given = {"area": "digits", "studio.model.version": version, **own}
        return create_logged_model(
            shelf, title, actor=actor, now=now, source_run_id=run_id, tags=given
        )

    return write_model


def upgrade() -> None:
    MIGRATION.register_models(apps, None)


def numbers(name: str) -> list[tuple[int, str]]:
    rows = ModelVersion.objects.filter(model__name=name).order_by("number")
    return list(rows.values_list("number", "logged_model__model_id"))


def test_a_version_has_all_that_was_in_tags(
    write: Write, run: Run, actor: Actor, now: int, files_dir: Path
) -> None:
    texts = {"description": "good", "framework": "PyTorch", "framework_version": "2.1"}
    properties = json.dumps({"auc": "0.9"})
    old = write(
        "net~pt", "3", run.run_id, name="net.pt", properties=properties, **texts
    )
    save_file(old, "net/w", [b"12345"], actor=actor, now=now, limit=10)
    upgrade()
    version = ModelVersion.objects.select_related("model").get()
    assert (version.model.name, version.number) == ("net.pt", 3)
    assert version.model.last_version == 3
    assert (version.logged_model, version.run, version.path) == (old, run, "")
    assert version.source == f"models:/{old.model_id}"
    assert version.properties == {"auc": "0.9"}
    found = (version.description, version.framework, version.framework_version)
    assert found == ("good", "PyTorch", "2.1")
    assert list(version.tags.values_list("key", "value")) == [("area", "digits")]
    assert (version.size, version.created) == (5, old.created)


def test_versions_keep_their_numbers_and_later_duplicates_get_new_ones(
    write: Write,
) -> None:
    keys = [write("net", text).model_id for text in ("2", "1", "2", "odd", "7")]
    upgrade()
    order = [(1, 1), (2, 0), (7, 4), (8, 2), (9, 3)]
    assert numbers("net") == [(number, keys[index]) for number, index in order]
    model = RegisteredModel.objects.get()
    assert (model.last_version, model.latest_version, model.version_count) == (9, 9, 5)


def test_unusual_texts_stop_no_upgrade(write: Write) -> None:
    write("net", "1", name="a/b:c", properties="[1", framework="f" * 200)
    write("net", "1" * 30, name="d" * 300, properties="[1]")
    write("net", "-1", properties="[" * 100_000)
    upgrade()
    names = set(RegisteredModel.objects.values_list("name", flat=True))
    assert names == {"a_b_c", "d" * 256, "net"}


def test_properties_that_postgresql_refuses_stop_no_upgrade(write: Write) -> None:
    write("net", "1", properties=r'{"a\u0000": "\u0000", "b": "\ud800x"}')
    upgrade()
    assert ModelVersion.objects.get().properties == {"a\ufffd": "\ufffd", "b": "?x"}


def test_deleted_and_other_logged_models_are_left_out(
    write: Write, shelf: Experiment, actor: Actor, now: int
) -> None:
    trash_logged_model(write("net", "1"), now=now)
    create_logged_model(shelf, "of MLflow", actor=actor, now=now, tags={"a": "b"})
    upgrade()
    assert not RegisteredModel.objects.exists()


def test_the_upgrade_can_be_reversed(
    write: Write, workspace: Workspace, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MIGRATION, "BATCH", 2)
    for number in range(5):
        write("net", str(number + 1))
    kept = RegisteredModel.objects.create(
        workspace=workspace, name="kept", created=now, updated=now
    )
    upgrade()
    first = numbers("net")
    MIGRATION.remove_models(apps, None)
    assert list(RegisteredModel.objects.all()) == [kept]
    upgrade()
    assert numbers("net") == first
    assert len(first) == 5
