"""A view on its public page: its runs, groups and charts, and no others."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment, delete_experiment
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.public.share_links import create_share_link
from runs.actions.run.runs import create_run
from runs.models import Experiment, User, View, Workspace, now_ms
from tests.access.people import browser_of
from tests.parts.elements import every, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(workspace: Workspace, actor: Actor, now: int) -> Experiment:
    return create_experiment(workspace, "elsewhere", actor=actor, now=now)


@pytest.fixture
def look(workspace: Workspace, owner: User, actor: Actor) -> Any:
    """Return the public page of a view, with this query."""
    anonymous = browser_of(None)

    def page(view: View, query: str = "") -> Any:
        _link, secret = create_share_link(workspace, view, actor=actor, now=now_ms())
        return anonymous.get(f"/shared/{secret}/{query}")

    return page


def test_groups_are_shown_with_mean_and_deviation(
    log: Any, make_view: Any, look: Any
) -> None:
    for n, acc in enumerate((0.5, 0.7, 0.9)):
        log(f"run-{n}", acc=acc, tags={"model": "resnet" if n else "vgg"})
    log("left-out", tags={"model": "secret"})
    page = look(make_view("q=metrics.acc > 0&columns=metrics.acc&group=tags.model"))
    rows = [[cell.text for cell in row.all("td")] for row in every(page, "tbody tr")]
    assert rows == [["resnet", "2", "0.80 ± 0.14"], ["vgg", "1", "0.5"]]
    assert "secret" not in page.text
    assert "run-0" not in page.text


def test_a_status_has_its_icon(log: Any, make_view: Any, look: Any) -> None:
    log("good")
    page = look(make_view("columns=name,status"))
    (status,) = every(page, "tbody td .status")
    assert status.text == "Running"
    assert status.all("svg")


def test_rows_have_short_heads_and_the_dates_of_the_list(
    log: Any, make_view: Any, look: Any
) -> None:
    log("good", tags={"model": "vgg"})
    page = look(make_view("columns=name,created,tags.model"))
    heads = texts(page, "thead th")
    assert heads == ["Display name", "Submitted", "model"]
    (shown,) = every(page, "tbody td time")
    (until,) = every(page, ".shared-head time")
    pattern = r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d"
    assert re.fullmatch(pattern, until.text)
    assert re.fullmatch(r"\d{1,2} [A-Z][a-z]{2}, \d\d:\d\d", shown.text)


def test_groups_have_pages(log: Any, make_view: Any, look: Any) -> None:
    for n in range(60):
        log(f"run-{n}", tags={"model": f"m{n:02}"})
    view = make_view("columns=name&group=tags.model&rows=25")
    first, last = look(view), look(view, "?after=50")
    assert 'href="?after=25"' in first.text
    assert last.text.count("<tr>") == 11
    assert 'href="?before=25"' in last.text
    between = look(view, "?before=25").text
    assert 'href="?after=50"' in between
    assert 'href="?before=0"' in between
    assert look(view, "?before=0").text.count("m00<") == first.text.count("m00<")


def test_charts_are_shown_as_tables_with_curves(
    log: Any, make_view: Any, look: Any, actor: Actor, now: int
) -> None:
    run = log("good", acc=0.9)
    log_metrics(run, [Point("acc", 0.95, now, 1)], actor=actor, now=now)
    log("bad", acc=0.1)
    charts = "line!metrics.acc,bar!metrics.acc"
    page = look(make_view(f"q=metrics.acc > 0.5&columns=name&charts={charts}"))
    assert "acc max" in page.text
    assert page.text.count("0.95") >= 2
    assert 'class="sparkline"' in page.text
    drawn = [json.loads(each["data-shared-figure"]) for each in every(page, ".plot")]
    assert [figure["data"][0]["meta"]["part"] for figure in drawn] == ["line", "bars"]
    assert drawn[0]["data"][0]["y"] == [0.9, 0.95]
    assert all("run" not in trace["meta"] for trace in drawn[0]["data"])
    assert "bad<" not in page.text
    assert "/w/" not in page.text


def test_a_public_view_of_my_runs_shows_no_other_runs(
    log: Any, make_view: Any, look: Any, owner: User
) -> None:
    log("mine")
    other = log("theirs")
    other.submitter = User.objects.create(username="cleo")
    other.save()
    page = look(make_view("columns=name&mine=1"))
    assert texts(page, "tbody td") == ["mine"]


def test_an_unreadable_view_shows_no_run(log: Any, make_view: Any, look: Any) -> None:
    log("hush")
    view = make_view()
    View.objects.filter(pk=view.pk).update(spec={"q": "status:", "columns": "name"})
    view.refresh_from_db()
    page = look(view)
    assert page.status_code == 200
    assert "hush" not in page.text
    assert 'id="list-notice"' in page.text


def test_a_view_of_a_deleted_experiment_shows_no_run(
    log: Any,
    make_view: Any,
    look: Any,
    experiment: Experiment,
    elsewhere: Experiment,
    actor: Actor,
    now: int,
) -> None:
    create_run(elsewhere, run_id="hush", name="hush", actor=actor, now=now)
    log("known")
    view = make_view("columns=name", experiment=experiment)
    page = look(view).text
    assert "known<" in page
    assert "hush<" not in page
    delete_experiment(experiment, actor=actor, now=now)
    view.refresh_from_db()
    page = look(view).text
    assert "hush<" not in page
    assert "digits" in page.partition('id="list-notice"')[2]


@pytest.mark.parametrize("query", ["?after=x", "?before=x", "?after=x&before=y"])
def test_an_invalid_position_shows_the_first_page(
    log: Any, make_view: Any, look: Any, query: str
) -> None:
    log("good", acc=0.9)
    log("bad", acc=0.1)
    page = look(make_view(), query)
    assert texts(page, "tbody td") == ["good", "0.9"]


def test_query_parameters_of_the_address_are_ignored(
    log: Any, make_view: Any, look: Any
) -> None:
    log("good", acc=0.9)
    log("bad", acc=0.1)
    asked = "?q=&run=bad&charts=bar!metrics.acc&group=tags.x&mine=1"
    page = look(
        make_view("q=metrics.acc > 0.5&columns=name&charts=bar!metrics.acc"), asked
    )
    assert texts(page, "[aria-label=Runs] tbody td") == ["good"]
    assert "bad" not in texts(page, "th")


def test_the_number_of_queries_does_not_depend_on_the_runs(
    log: Any, make_view: Any, look: Any, django_assert_num_queries: Any
) -> None:
    view = make_view("columns=name,metrics.acc&charts=line!metrics.acc,bar!metrics.acc")
    log("first", acc=0.5)
    log("second", acc=0.5)
    look(view)
    with CaptureQueriesContext(connection) as few:
        look(view)
    for n in range(10):
        log(f"more-{n}", acc=0.5)
    with django_assert_num_queries(len(few)):
        look(view)
