"""Columns of the run list: picked, ordered, ranked, hidden where nothing differs."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run.runs import create_run
from runs.models import Change, Experiment, MetricGoal, Workspace
from runs.search.run_list.field_list import list_attributes
from tests.pages.rows import ALL, HTMX

pytestmark = pytest.mark.django_db

DIALOG = "/w/default/list/columns/"
HEAD = "/w/default/list/head/"
GOAL = "/w/default/list/goal/"


def heads(page: Any) -> list[str]:
    found = re.findall(r'<th [^>]*data-column="([^"]*)"', page.text)
    return [html.unescape(each) for each in found]


def fields(page: Any) -> list[str]:
    found = re.findall(r'name="pick" value="([^"]*)"', page.text)
    return [html.unescape(each) for each in found]


def shown(page: Any) -> list[str]:
    form = page.text.partition("<template")[0]
    found = re.findall(r'name="shown" value="([^"]*)"', form)
    return [html.unescape(each) for each in found]


def cells(page: Any, css: str) -> list[str]:
    """The texts of the cells of a class."""
    found = re.findall(r'<td class="([^"]*)"[^>]*>(.*?)</td>', page.text, re.DOTALL)
    return [re.sub("<[^>]*>", "", cell) for has, cell in found if css in has.split()]


def bests(page: Any) -> list[str]:
    return cells(page, "best")


def test_chosen_columns_are_shown_even_if_they_are_the_default_ones(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.5)
    usual = "name,tags,status,created,submitter,duration"
    assert "metrics.acc" in heads(visitor.get(ALL))
    assert heads(visitor.get(f"{ALL}?columns={usual}")) == usual.split(",")


def test_the_dialog_finds_every_kind_of_field_and_counts_its_runs(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.5, tags={"acclaim": "x"}, params={"accum": "2"})
    log("b", params={"accum": "4", "lr": "1"})
    page = visitor.get(DIALOG, {"find": "acc"}, headers=HTMX)
    assert fields(page) == [
        *("metrics.acc", "metrics.acc.min", "metrics.acc.max"),
        *("params.accum", "tags.acclaim"),
    ]
    assert "in 2 runs" in page.text
    assert "last, in 1 run<" in page.text
    assert f"5 of {len(list_attributes()) + 6} fields" in page.text
    assert "No other field contains “acc”" in page.text
    assert "No field contains “zz”" in visitor.get(DIALOG, {"find": "zz"}).text


@pytest.mark.parametrize("find", ["params.val acc", 'PARAM."val acc"', "val ac"])
@pytest.mark.parametrize(
    "address", [DIALOG, "/w/default/list/filter/", "/w/default/list/facets/"]
)
def test_a_field_is_found_by_its_name_in_a_filter(
    visitor: Client, log: Any, address: str, find: str
) -> None:
    log("a", params={"val acc": "1", "lr": "2"}, tags={"seed": "3"})
    found = visitor.get(address, {"find": find}, headers=HTMX).text
    assert "params.&quot;val acc&quot;" in found
    assert "params.lr" not in found
    assert "tags.seed" not in found


def test_the_dialog_counts_the_runs_that_match(visitor: Client, log: Any) -> None:
    log("a", params={"lr": "1"})
    log("b", params={"lr": "2", "wd": "3"})
    page = visitor.get(DIALOG, {"q": "params.lr = 1"})
    assert "params.lr" in fields(page)
    assert "params.wd" not in fields(page)
    broken = visitor.get(DIALOG, {"q": "params.lr = = 1"})
    assert "params.wd" in fields(broken)


def test_the_form_adds_removes_and_moves_without_a_script(
    visitor: Client, log: Any
) -> None:
    log("a", params={"lr,s": "1"})
    start = {"columns": "name:200,status,created", "q": "x"}
    given = {
        "shown": ["name:200", "status", "created"],
        "had": ["status", "created"],
        "pick": ["created", 'params."lr,s"'],
        "q": "x",
    }
    page = visitor.get(DIALOG, given, follow=True)
    assert shown(page) == ["name:200", "created", 'params."lr,s"']
    moved = visitor.get(DIALOG, {**start, "down": "status"}, follow=True)
    assert shown(moved) == ["name:200", "created", "status"]
    first = visitor.get(DIALOG, {**start, "up": "status"}, follow=True)
    assert shown(first) == ["name:200", "status", "created"]
    gone = visitor.get(DIALOG, {**start, "remove": ["status", "name"]}, follow=True)
    assert shown(gone) == ["name", "created"]
    done = visitor.get(DIALOG, {**given, "done": "1"})
    assert done["Location"] == (f"{ALL}?q=x&columns=name:200,created,params.%22lr,s%22")


def test_default_columns_are_not_in_the_address(visitor: Client, log: Any) -> None:
    log("a", acc=0.5)
    page = visitor.get(DIALOG, {"columns": "name,status"})
    usual = re.findall(r'data-default="([^"]*)"', page.text)[0].split(",")
    assert "metrics.acc" in usual
    done = visitor.get(DIALOG, {"shown": usual, "done": "1", "rows": "25"})
    assert done["Location"] == f"{ALL}?rows=25"


def test_only_differences_hides_columns_with_equal_values(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.5, params={"lr": "1", "wd": "0"})
    log("b", acc=0.7, params={"lr": "1", "wd": "1"})
    asked = {"columns": "name,status,params.lr,params.wd,metrics.acc", "differs": "1"}
    page = visitor.get(ALL, asked)
    assert heads(page) == ["name", "params.wd", "metrics.acc"]
    assert "2 columns have the same value on this page" in page.text
    assert page.context["constant_columns"] == ["Status", "params.lr"]
    one = visitor.get(ALL, {**asked, "q": "id:a"})
    assert len(heads(one)) == 5


def test_a_goal_marks_the_best_value(
    visitor: Client, log: Any, experiment: Experiment
) -> None:
    log("low", acc=0.1)
    log("high", acc=0.9)
    log("none")
    assert bests(visitor.get(ALL)) == []
    visitor.post(f"{GOAL}?in=1", {"field": "metrics.acc", "goal": "higher"})
    assert bests(visitor.get(ALL)) == ["0.9"]
    visitor.post(f"{GOAL}?in=1", {"field": "metrics.acc.max", "goal": "lower"})
    assert bests(visitor.get(ALL)) == ["0.1"]
    visitor.post(f"{GOAL}?in=1", {"field": "metrics.acc", "goal": "none"})
    assert bests(visitor.get(ALL)) == []
    kept = Change.objects.filter(experiment=experiment, field="goals.acc")
    assert list(kept.order_by("pk").values_list("before", "after")) == [
        (None, "higher"),
        ("higher", "lower"),
        ("lower", None),
    ]


def test_a_list_sorted_by_a_goal_starts_with_the_best_run(
    visitor: Client, log: Any, experiment: Experiment
) -> None:
    for number in range(26):
        log(f"run-{number}", acc=number / 100)
    visitor.post(f"{GOAL}?in=1", {"field": "metrics.acc", "goal": "higher"})
    newest = visitor.get(f"{ALL}?rows=25")
    assert 'title="0.25, best on this page"' in newest.text
    first = visitor.get(f"{ALL}?sort=-metrics.acc&rows=25")
    assert 'title="0.25, best overall"' in first.text
    assert bests(visitor.get(ALL + first.context["next"])) == []


def test_a_goal_applies_if_the_shown_experiments_agree(
    visitor: Client, log: Any, workspace: Workspace, actor: Actor, now: int
) -> None:
    log("low", acc=0.1)
    log("high", acc=0.9)
    other = create_experiment(workspace, "other", actor=actor, now=now)
    run = create_run(other, run_id="x", name="x", actor=actor, now=now, started=now)
    log_metrics(run, [Point("acc", 0.5, now, 0)], actor=actor, now=now)
    visitor.post(GOAL, {"field": "metrics.acc", "goal": "higher"})
    assert MetricGoal.objects.count() == 2
    assert bests(visitor.get(ALL)) == ["0.9"]
    visitor.post(f"{GOAL}?in={other.number}", {"field": "metrics.acc", "goal": "lower"})
    assert bests(visitor.get(ALL)) == []
    assert bests(visitor.get("/w/default/experiments/digits/")) == ["0.9"]


@pytest.mark.parametrize(
    ("field", "goal", "status"),
    [
        ("metrics.acc", "upwards", 400),
        ("params.lr", "higher", 400),
        ("metrics.unknown", "higher", 404),
        ("nonsense", "higher", 400),
    ],
)
def test_an_invalid_goal_is_refused(
    visitor: Client, log: Any, field: str, goal: str, status: int
) -> None:
    log("a", acc=0.1)
    answer = visitor.post(GOAL, {"field": field, "goal": goal})
    assert answer.status_code == status
    assert not MetricGoal.objects.exists()


def test_the_column_menu_sorts_moves_and_removes(visitor: Client, log: Any) -> None:
    log("a", acc=0.1)
    asked = {"columns": "name,status:120,metrics.acc", "field": "status"}
    page = visitor.get(HEAD, asked, headers=HTMX)
    links = [
        html.unescape(each) for each in re.findall(r'<a [^>]*href="([^"]*)"', page.text)
    ]
    assert links == [
        f"{ALL}?sort=status&columns=name,status:120,metrics.acc",
        f"{ALL}?sort=-status&columns=name,status:120,metrics.acc",
        f"{ALL}?columns=name,status,metrics.acc",
        f"{ALL}?columns=name,metrics.acc,status:120",
        f"{ALL}?columns=name,metrics.acc",
    ]
    ranked = visitor.get(HEAD, {**asked, "field": "metrics.acc"})
    assert "Higher is better" in ranked.text
    fixed = visitor.get(HEAD, {**asked, "field": "name"}, headers=HTMX).text
    assert "Remove" not in fixed


def test_booleans_are_shown_as_yes_and_no(visitor: Client, log: Any) -> None:
    log("a")
    page = visitor.get(ALL, {"columns": "name,locked,archived"})
    assert re.findall(r">(yes|no)<", page.text) == ["no", "no"]


def test_the_number_of_queries_of_the_dialog_does_not_depend_on_the_runs(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.1, tags={"t": "1"}, params={"p": "1"})
    visitor.get(DIALOG)
    with CaptureQueriesContext(
        connection,
    ) as few:
        visitor.get(DIALOG)
    for number in range(20):
        log(f"b{number}", acc=0.1, tags={f"t{number}": "1"}, params={f"p{number}": "1"})
    with CaptureQueriesContext(connection) as many:
        visitor.get(DIALOG)
    assert len(many) == len(few)


def test_empty_default_columns_are_hidden_until_they_are_shown(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.5)
    log("b")
    assert "metrics.acc" in heads(visitor.get(ALL))
    part = visitor.get(ALL, {"q": "name:b"})
    assert part.context["empty_columns"] == ["acc"]
    assert "metrics.acc" not in heads(part)
    # Tags are added in their column, so it stays.
    assert "tags" in heads(part)
    shown = visitor.get(ALL + part.context["show_empty"])
    assert "metrics.acc" in heads(shown)
    assert not shown.context["empty_columns"]


def test_an_empty_column_stays_if_it_was_chosen_or_sorts_the_list(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.5)
    log("b")
    chosen = visitor.get(ALL, {"columns": "name,tags,metrics.acc", "q": "name:b"})
    assert heads(chosen) == ["name", "tags", "metrics.acc"]
    sorted_by = visitor.get(ALL, {"sort": "-metrics.acc", "q": "name:b"})
    assert "metrics.acc" in heads(sorted_by)
    assert "metrics.acc" not in heads(visitor.get(ALL, {"q": "name:b"}))
