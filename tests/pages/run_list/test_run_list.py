"""The run list: what the address asks for is what the page shows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run.metric_goals import set_metric_goal
from runs.actions.run.runs import create_run
from runs.models import Experiment, RunStar, User, Workspace
from runs.pages.lists.list_links import ListLinks, status_strip, status_strip_css
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec
from tests.pages.rows import ALL, HTMX, link, names
from tests.parts.elements import every, hrefs, one, texts

pytestmark = pytest.mark.django_db

DIGITS = "/w/default/experiments/digits/"


def test_the_newest_root_runs_come_first(visitor: Client, log: Any) -> None:
    log("first")
    log("second")
    log("child", parent="first")
    assert names(visitor.get(ALL)) == ["second", "first"]
    assert names(visitor.get(ALL + "?children=1&flat=1")) == [
        "child",
        "second",
        "first",
    ]


def test_an_experiment_shows_only_its_runs(
    visitor: Client, log: Any, workspace: Workspace, actor: Actor, now: int
) -> None:
    other = create_experiment(workspace, "/Shared/YOLOv8", actor=actor, now=now)
    create_run(other, run_id="elsewhere", name="elsewhere", actor=actor, now=now)
    log("here")
    assert names(visitor.get(DIGITS)) == ["here"]
    assert names(visitor.get(f"/w/default/experiments/~{other.number}/")) == [
        "elsewhere"
    ]


@pytest.mark.parametrize("number", ["\u00b2", "x", "9" * 30, "9" * 5000])
def test_an_unknown_experiment_number_is_not_found(
    visitor: Client, number: str
) -> None:
    assert visitor.get(f"/w/default/experiments/~{number}/").status_code == 404
    parts = visitor.get("/w/default/list/charts/", {"in": number})
    assert parts.status_code == 404


def test_the_filter_is_in_the_address(visitor: Client, log: Any) -> None:
    log("good", acc=0.9)
    log("bad", acc=0.1)
    page = visitor.get(ALL, {"q": "metrics.acc > 0.5"})
    assert names(page) == ["good"]
    assert 'value="metrics.acc &gt; 0.5"' in page.text


def test_a_pill_links_to_the_list_without_its_term(visitor: Client, log: Any) -> None:
    log("good", acc=0.9, tags={"model": "resnet"})
    page = visitor.get(ALL, {"q": "metrics.acc > 0.5 tags.model = vgg"})
    assert names(page) == []
    [without] = re.findall(
        r'<a class="remove" href="([^"]*)"[^>]*aria-label="[^"]*model', page.text
    )
    assert names(visitor.get(ALL + without.replace("&amp;", "&"))) == ["good"]


def test_a_value_links_to_a_filter_for_it_and_one_against_it(
    visitor: Client, log: Any
) -> None:
    log("a", tags={"model": "resnet"})
    log("b", tags={"model": "vgg"})
    log("c")
    page = visitor.get(ALL)
    only = link(page, 'q=tags.model[^"]*resnet')
    assert names(visitor.get(ALL + only)) == ["a"]
    [but] = re.findall(r'data-but="([^"]*resnet)"', page.text)
    assert names(visitor.get(ALL + but)) == ["c", "b"]


def test_a_tag_without_a_value_links_to_all_runs_that_have_it(
    visitor: Client, log: Any
) -> None:
    log("a", tags={"worth another look": None})
    log("b")
    page = visitor.get(ALL)
    assert names(visitor.get(ALL + link(page, "worth"))) == ["a"]


def test_an_empty_parameter_links_to_runs_where_it_is_empty(
    visitor: Client, log: Any
) -> None:
    log("a", params={"note": ""})
    log("b", params={"note": "warm"})
    log("c")
    page = visitor.get(f"{ALL}?columns=name,params.note")
    only = link(page, 'q=params.note[^"]*%22%22')
    assert names(visitor.get(ALL + only)) == ["a"]


def test_another_value_of_the_same_field_replaces_the_first(
    visitor: Client, log: Any
) -> None:
    log("a", status=RunStatus.FAILED)
    log("b", status=RunStatus.COMPLETED)
    page = visitor.get(ALL, {"q": "status:failed"})
    assert names(visitor.get(ALL + link(page, "Completed"))) == ["b"]


def test_the_status_bar_counts_the_runs_of_each_status(
    visitor: Client, log: Any
) -> None:
    log("a", status=RunStatus.FAILED)
    log("b", status=RunStatus.COMPLETED)
    page = visitor.get(ALL, {"q": "status:failed"})
    counts = {entry.group: entry.count for entry in page.context["strip"]}
    assert (counts["Failed"], counts["Completed"], counts["Running"]) == (1, 1, 0)
    chosen = [entry.group for entry in page.context["strip"] if entry.chosen]
    assert chosen == ["Failed"]


def test_a_column_link_sorts_and_then_reverses_the_order(
    visitor: Client, log: Any
) -> None:
    log("low", acc=0.1)
    log("high", acc=0.9)
    log("none")
    first = link(visitor.get(ALL), "sort=-metrics.acc")
    page = visitor.get(ALL + first)
    assert names(page) == ["high", "low", "none"]
    second = link(page, "sort=metrics.acc")
    assert names(visitor.get(ALL + second)) == ["low", "high", "none"]


def test_the_most_common_metrics_are_the_default_columns(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.81374)
    assert texts(visitor.get(ALL), "td.metric[data-label=acc]") == ["0.8137"]
    chosen = visitor.get(ALL + "?columns=name,status")
    assert names(chosen) == ["a"]
    assert every(chosen, "td.metric") == []


def test_metrics_with_goals_and_curves_come_first(
    visitor: Client,
    log: Any,
    experiment: Experiment,
    actor: Actor,
    now: int,
) -> None:
    curve, constant = [3.0, 2.0, 1.0], [1.0, 1.0]
    values = {"layer10": curve, "layer2": curve, "epoch": curve, "big_count": [7.0]}
    for name in "ab":
        run = log(name)
        logged = values | {"a_constant": constant, "z_goal": [0.5]}
        for key, numbers in logged.items():
            points = [Point(key, n, now, step) for step, n in enumerate(numbers)]
            log_metrics(run, points, actor=actor, now=now)
    set_metric_goal(
        experiment.workspace, [experiment], "z_goal", True, actor=actor, now=now
    )
    page = visitor.get(f"/w/default/experiments/{experiment.name}/")
    labels = [cell["data-label"] for cell in every(page, "td.metric")]
    assert labels[:3] == ["z_goal", "layer2", "layer10"]


def test_metrics_that_only_children_have_add_no_column(
    visitor: Client, log: Any, actor: Actor, now: int
) -> None:
    log("sweep", acc=0.5)
    for name in "abc":
        child = log(name, parent="sweep")
        points = [Point(key, 1.0, now, 0) for key in ("b", "c", "d")]
        log_metrics(child, points, actor=actor, now=now)
    assert texts(visitor.get(ALL), "td.metric[data-label=acc]") == ["0.5"]


def test_pages_link_to_each_other(visitor: Client, log: Any) -> None:
    for number in range(60):
        log(f"run-{number:02d}")
    first = visitor.get(ALL + "?rows=25")
    second = visitor.get(ALL + first.context["next"])
    third = visitor.get(ALL + second.context["next"])
    assert names(first)[0] == "run-59"
    assert "1–25 of 60 root runs" in first.text
    assert "51–60 of 60 root runs" in third.text
    assert [len(names(page)) for page in (first, second, third)] == [25, 25, 10]
    assert third.context["next"] == ""
    back = visitor.get(ALL + second.context["previous"])
    assert names(back) == names(first)


def test_a_parent_row_summarizes_its_children(visitor: Client, log: Any) -> None:
    log("sweep")
    log("one", parent="sweep", status=RunStatus.COMPLETED)
    log("two", parent="sweep", status=RunStatus.FAILED)
    page = visitor.get(ALL)
    assert page.context["rows"][0].rollup == (("Completed", 1), ("Failed", 1))
    assert names(visitor.get(ALL + link(page, "parent"))) == ["two", "one"]


def test_an_empty_workspace_explains_how_to_log_a_run(visitor: Client) -> None:
    snippets = texts(visitor.get(ALL), ".snippet pre")
    assert 'eval "$(studio env)"' in snippets
    assert any("import Experiment, Workspace" in each for each in snippets)


def test_a_filter_without_matches_links_to_all_runs(visitor: Client, log: Any) -> None:
    log("a")
    page = visitor.get(ALL, {"q": "nothing-like-it"})
    assert one(page, "#no-match h2").text == "No matching runs"
    assert ALL in hrefs(page, "#no-match a")
    assert every(page, ".snippet") == []


def test_stars_are_personal(visitor: Client, log: Any, owner: User) -> None:
    run = log("a")
    answer = visitor.post(f"{ALL}a/star/", {"starred": "1"}, headers=HTMX)
    assert 'aria-pressed="true"' in answer.text
    assert RunStar.objects.get(run=run).user == owner
    assert names(visitor.get(ALL, {"q": "starred"})) == ["a"]


@pytest.mark.parametrize(
    ("counts", "size"),
    [((6, 41, 3), ""), ((6, 1_041, 38), "long"), ((17_000, 104_100, 3_800), "longer")],
)
def test_a_long_status_bar_is_smaller_on_a_phone(
    counts: tuple[int, ...], size: str
) -> None:
    words = (RunStatus.RUNNING, RunStatus.COMPLETED, RunStatus.FAILED)
    links = ListLinks("default", ViewSpec(), None)
    entries = status_strip(dict(zip(words, counts, strict=True)), links)
    assert status_strip_css(entries) == size
