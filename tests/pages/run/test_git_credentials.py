"""The token in the address of a repository is neither stored nor shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.run.run_edits import add_run_properties, set_run_tags
from runs.actions.run.runs import create_run
from runs.models import Change, Experiment, Run, RunProperty, RunTag
from tests.pages.run.run_page import PAGE, browser
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

RAW, SHOWN = "https://me:s3cret@example.org/team/x", "https://example.org/team/x"
TAG, PROPERTY = "mlflow.source.git.repoURL", "azureml.git.repository_uri"
COLUMNS = f"columns=name,tags.%22{TAG}%22,properties.%22{PROPERTY}%22"


def test_new_values_are_stored_without_it(run: Run, actor: Actor) -> None:
    act: dict[str, Any] = {"actor": actor, "now": NOON}
    set_run_tags(run, {TAG: RAW}, **act)
    for _again in range(2):
        add_run_properties(run, {PROPERTY: RAW}, **act)
    assert RunTag.objects.get(key__name=TAG).value == SHOWN
    assert RunProperty.objects.get(key__name=PROPERTY).value == SHOWN
    kept = json.dumps(list(Change.objects.values_list("before", "after")), default=str)
    assert "s3cret" not in kept


def test_the_script_of_a_new_run_is_stored_without_it(
    experiment: Experiment, actor: Actor
) -> None:
    run = create_run(experiment, script=RAW, actor=actor, now=NOON)
    assert Run.objects.get(pk=run.pk).script == SHOWN


def test_values_of_older_releases_are_shown_without_it(
    browser: Client, run: Run, actor: Actor
) -> None:
    act: dict[str, Any] = {"actor": actor, "now": NOON}
    set_run_tags(run, {TAG: "x", "mlflow.source.git.commit": "0123"}, **act)
    RunTag.objects.filter(key__name=TAG).update(value=RAW)
    add_run_properties(run, {"x": "y"}, **act)
    key = RunProperty.objects.get(key__name="x").key
    old = key.__class__.objects.create(
        workspace=key.workspace, kind=key.kind, name=PROPERTY
    )
    RunProperty.objects.create(run=run, key=old, value=RAW)
    addresses = [
        PAGE,
        f"{PAGE}snapshot/",
        f"/w/default/compare/?run={run.run_id}&differs=0",
        f"/w/default/runs/?{COLUMNS}",
        f"/w/default/runs/?format=csv&{COLUMNS}",
    ]
    for address in addresses:
        response = browser.get(address, follow=True)
        assert response.status_code == 200
        text = response.getvalue().decode()
        assert SHOWN in text, address
        assert "s3cret" not in text, address
