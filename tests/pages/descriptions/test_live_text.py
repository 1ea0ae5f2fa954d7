"""References in descriptions: what they show, to whom, at what cost."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.run.run_edits import describe_run
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run, Workspace
from tests.pages.run.run_page import HTMX, PAGE, browser, cost, keep, log
from tests.parts.elements import every, hrefs, one, texts

__all__ = ["browser"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(files_dir: object) -> None:
    """Files are kept in a folder of the test."""


def shown(browser: Client, run: Run, actor: Actor, text: str) -> str:
    describe_run(run, text, actor=actor, now=run.updated)
    page = browser.get(PAGE).text
    start = page.index('<div class="prose">')
    return page[start : page.index("</div>", start)]


def test_a_metric_reference_shows_the_current_value(
    browser: Client, run: Run, actor: Actor
) -> None:
    log(run, **{"val/acc": [0.25, 0.75]})
    text = shown(browser, run, actor, "at metric:val/acc and [best](metric:val/acc)")
    assert texts(text, "a") == ["val/acc 0.75", "best 0.75"]
    assert set(hrefs(text)) == {f"{PAGE}metrics/?key=val%2Facc"}
    log(run, **{"val/acc": [0.25, 0.75, 0.875]})
    assert texts(browser.get(PAGE), ".prose a b") == ["0.875", "0.875"]


def test_a_changed_metric_of_another_run_updates_the_description(
    browser: Client, run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    other = create_run(experiment, run_id="other", actor=actor, now=now)
    log(other, loss=[0.5])
    describe_run(run, "at metric:loss@other", actor=actor, now=now)
    headers = {**HTMX, "If-None-Match": browser.get(PAGE, headers=HTMX)["ETag"]}
    assert browser.get(PAGE, headers=headers).status_code == 304
    log(other, loss=[0.5, 0.25])
    answer = browser.get(PAGE, headers=headers)
    assert answer.status_code == 200
    assert "<b>0.25</b>" in answer.text


def test_a_metric_name_with_an_at_sign_is_first_looked_up_in_the_run(
    browser: Client, run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    other = create_run(experiment, run_id="5", name="other", actor=actor, now=now)
    log(run, **{"recall@5": [0.5]})
    log(other, recall=[0.25], f1=[0.125])
    text = shown(browser, run, actor, "metric:recall@5 metric:f1@5 file:nosuch@5")
    links = [(each.text, each["title"]) for each in every(text, "a")]
    assert links == [("recall@5 0.5", "0.5"), ("f1 0.125", "0.125 of other")]
    assert "file:nosuch@5" in text


def test_files_and_runs_are_linked(
    browser: Client, run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    create_run(experiment, run_id="run-2", name="best <one>", actor=actor, now=now)
    keep(run, "logs/a b.txt")
    keep(run, "plots/c.png")
    text = shown(
        browser,
        run,
        actor,
        "run:run-2 [log](<file:logs/a b.txt#L3>) ![c](file:plots/c.png)",
    )
    assert [(each.text, each["href"]) for each in every(text, "a")] == [
        ("best <one>", "/w/default/runs/run-2/"),
        ("log", f"{PAGE}files/?path=logs/a%20b.txt#L3"),
    ]
    picture = one(text, "img")
    assert picture["src"] == f"{PAGE}files/raw/plots/c.png?inline=1"
    assert picture["alt"] == "c"


def test_contents_of_another_workspace_are_not_revealed(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    elsewhere = Workspace.objects.create(name="secret")
    hidden = create_experiment(elsewhere, "x", actor=actor, now=now)
    theirs = create_run(hidden, run_id="theirs", name="hush", actor=actor, now=now)
    log(theirs, acc=[0.125])
    text = shown(browser, run, actor, "run:theirs metric:acc@theirs")
    assert "hush" not in text
    assert "0.125" not in text
    assert "<a" not in text


def test_references_cost_a_fixed_number_of_queries(
    browser: Client, run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    describe_run(run, "none", actor=actor, now=now)
    plain = cost(browser, PAGE)
    many = " ".join(
        f"run:r{n} metric:m{n} metric:m@r{n} file:f{n} file:f@r{n}" for n in range(40)
    )
    for number in range(40):
        name = f"r{number}"
        other = create_run(experiment, run_id=name, actor=actor, now=now)
        log(other, m=[1.0])
    describe_run(run, many, actor=actor, now=now)
    assert cost(browser, PAGE) <= plain + 3
