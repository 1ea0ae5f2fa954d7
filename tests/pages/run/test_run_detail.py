"""The run page's head and its tab Details."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.ingest.logged_models import (
    CONTEXT_TAG,
    DatasetUse,
    create_logged_model,
    log_run_inputs,
)
from runs.actions.ingest.points_and_params import log_params
from runs.actions.run.lifecycle import change_status
from runs.actions.run.run_edits import add_run_properties, describe_run, set_run_tags
from runs.actions.run.runs import create_run, trash_run
from runs.models import Experiment, Member, Role, Run, User, Workspace
from studio.core.statuses import RunStatus
from tests.access.people import browser_of
from tests.pages.run.run_page import HTMX, PAGE, browser, cost, log
from tests.parts.elements import every, hrefs, one, texts

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

NAN = float("nan")


def card(page: str, name: str) -> str:
    """The text of one card, as a reader sees it."""
    html = re.search(rf'aria-labelledby="h-{name}".*?</section>', page, re.DOTALL)
    assert html, f"no card {name}"
    return " ".join(re.sub(r"<[^>]+>", " ", html[0].partition(">")[2]).split())


def test_an_unknown_run_is_not_found(browser: Client, run: Run) -> None:
    assert browser.get("/w/default/runs/other/").status_code == 404


def test_a_stranger_sees_nothing(run: Run) -> None:
    stranger = User.objects.create(username="eve")
    assert browser_of(stranger).get(PAGE).status_code == 404


def test_the_attributes_show_the_origin_of_the_run(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    set_run_tags(
        run,
        {"mlflow.source.git.commit": "9f2c1ab" * 5, "mlflow.source.name": "train.py"},
        actor=actor,
        now=now,
    )
    shown = card(browser.get(PAGE).text, "attributes")
    for words in ("run-1", "Running", "digits", "ada", "train.py", "9f2c1ab9f2"):
        assert words in shown


def test_a_child_links_its_parent(
    browser: Client, experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    create_run(
        experiment, run_id="kid", parent_run_id="run-1", actor=actor, now=now, name="k"
    )
    child = browser.get("/w/default/runs/kid/")
    assert PAGE in hrefs(child, "#run-attributes a")
    parent = browser.get(PAGE)
    assert "Child runs 1" in card(parent.text, "attributes")
    assert texts(browser.get(f"{PAGE}children/"), "a[data-row-link]") == ["k"]


def test_tags_are_shown_without_system_tags(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    tags = {"team": "nlp", "worth another look": None, "mlflow.user": "root"}
    set_run_tags(run, tags, actor=actor, now=now)
    shown = card(browser.get(PAGE).text, "tags")
    assert shown.startswith("Tags 2 Add tag team: nlp worth another look Show 1 ")


def test_a_tag_links_to_the_runs_that_have_it(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    set_run_tags(run, {"my team": "nlp"}, actor=actor, now=now)
    link = re.search(
        r'<span class="chip editable"><a href="([^"]+)"', browser.get(PAGE).text
    )
    assert link
    listed = browser.get(link[1].replace("&amp;", "&"))
    assert (listed.status_code, run.name in listed.text) == (200, True)


def test_a_description_is_rendered(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    describe_run(run, "*best* <script>x</script>", actor=actor, now=now)
    described = one(browser.get(PAGE), "#run-description .prose")
    assert described.text == "best <script>x</script>"
    assert [each.tag for each in described.inside()] == ["p", "em"]


def test_parameters_and_properties_are_listed(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    log_params(run, {"lr": "0.1"}, actor=actor, now=now)
    add_run_properties(run, {"author": "<ada>"}, actor=actor, now=now)
    page = browser.get(PAGE).text
    assert "lr 0.1" in card(page, "params")
    assert "author &lt;ada&gt;" in card(page, "attributes")


def test_parameters_can_be_searched(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    log_params(run, {f"p{n:03}": "x" for n in range(130)}, actor=actor, now=now)
    log_params(run, {"optim.LR": "0.1"}, actor=actor, now=now)
    first = browser.get(PAGE)
    assert (len(first.context["params"]), first.context["params_more"]) == (100, 31)
    assert "hx-select" in first.text
    found = browser.get(f"{PAGE}?find=lr+0.1")
    assert [each.key for each in found.context["params"]] == ["optim.LR"]
    assert 'name="find" value="lr 0.1"' in found.text
    many = browser.get(f"{PAGE}?find=p")
    assert "?params=all&amp;find=p#run-params" in many.text
    assert "No matching parameters." in browser.get(f"{PAGE}?find=none").text


def test_all_properties_can_be_expanded_without_scripts(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    assert "run-properties" not in browser.get(PAGE).text
    add_run_properties(run, {"mlflow.x": "1", "author": "ada"}, actor=actor, now=now)
    shown = card(browser.get(PAGE).text, "attributes")
    assert "See all properties 2" in shown
    assert "author ada" in shown


@pytest.mark.parametrize(("said", "dirty"), [("True", True), ("False", False)])
def test_a_commit_shows_whether_there_were_uncommitted_changes(
    browser: Client, run: Run, actor: Actor, now: int, said: str, *, dirty: bool
) -> None:
    git = {"azureml.git.commit": "9f2c1ab", "azureml.git.dirty": said}
    add_run_properties(run, git, actor=actor, now=now)
    shown = card(browser.get(PAGE).text, "attributes")
    assert ("Git commit 9f2c1ab uncommitted changes" in shown) == dirty


def test_system_metrics_are_shown_with_the_rest(browser: Client, run: Run) -> None:
    log(run, **{"system/cpu": [1.0, 2.0]})
    assert "system/cpu" in card(browser.get(PAGE).text, "metrics")
    log(run, loss=[1.0, 0.5])
    page = browser.get(PAGE).text
    assert "system/cpu" not in card(page, "metrics")
    assert one(page, "#run-metrics-card .card-end a").text == "Show 1 more"
    everything = browser.get(f"{PAGE}?metrics=all").text
    assert "system/cpu" in card(everything, "metrics")


def test_the_recorded_machine_is_shown(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    assert "Hardware" not in card(browser.get(PAGE).text, "attributes")
    recorded = {
        "studio.host": "node7",
        "studio.system": "Linux 6.1",
        "studio.cpus": "1024",
        "studio.memory_bytes": str(32 * 2**30),
        "studio.gpus": "NVIDIA A100",
        "studio.python": "3.11.7",
    }
    add_run_properties(run, recorded, actor=actor, now=now)
    shown = card(browser.get(PAGE).text, "attributes")
    assert "Host node7 Linux 6.1" in shown
    set_run_tags(run, {"studio.host": "elsewhere"}, actor=actor, now=now)
    assert "Host node7" in card(browser.get(PAGE).text, "attributes")
    assert "1,024 processors, 34.4 GB memory, NVIDIA A100" in shown
    assert "Python 3.11.7" in shown


def test_a_recorded_number_can_be_any_text(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    recorded = {"studio.host": "node7", "studio.cpus": "many", "studio.gpus": "<b>"}
    add_run_properties(run, recorded, actor=actor, now=now)
    assert "Hardware &lt;b&gt;" in card(browser.get(PAGE).text, "attributes")


def test_datasets_and_models_that_clients_recorded_are_listed(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    page = browser.get(PAGE).text
    assert "h-datasets" not in page
    assert "h-models" not in page
    by: Any = {"actor": actor, "now": now}
    made = create_logged_model(
        run.experiment, "net <b>", source_run_id=run.run_id, **by
    )
    tags = ((CONTEXT_TAG, "train"),)
    used = DatasetUse("digits", "abc", "local", "{}", tags=tags)
    log_run_inputs(run, [used], ["m-read"], actor=actor, now=now)
    page = browser.get(PAGE).text
    assert "digits train local abc" in card(page, "datasets")
    placed = DatasetUse("more", "def", "http", '{"url": "https://x.example/<d>.csv"}')
    log_run_inputs(run, [placed], [], actor=actor, now=now)
    page = browser.get(PAGE).text
    assert "more – https://x.example/&lt;d&gt;.csv def" in card(page, "datasets")
    assert f"net &lt;b&gt; Pending {made.model_id}" in card(page, "models")
    assert "read by this run m-read" in card(page, "models")


def test_metrics_show_last_min_max_and_their_curve(browser: Client, run: Run) -> None:
    log(run, loss=[3.0, 1.0, 2.0], odd=[1.0, NAN], word=["a", "b"])
    page = browser.get(PAGE).text
    assert "loss 2 1 3 odd NaN 1 1 word b – –" in card(page, "metrics")
    assert page.count('<svg class="sparkline"') == 2


def test_many_metrics_are_shown_on_demand(browser: Client, run: Run) -> None:
    log(run, **{f"m{n:02}": [1.0] for n in range(20)})
    few = one(browser.get(PAGE), "#run-metrics-card")
    assert len(few.all(".metric-name")) == 7
    more = few.one(".card-end a")
    assert more.text == "Show 13 more"
    all_of_them = browser.get(f"{PAGE}{more['href']}")
    assert len(every(all_of_them, "#run-metrics-card .metric-name")) == 20


def test_an_error_is_named_with_its_traceback(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py"\nValueError: no <b>'
    change_status(run, RunStatus.FAILED, actor=actor, now=now, message=trace)
    page = browser.get(PAGE).text
    assert "<strong>ValueError: no &lt;b&gt;</strong>" in page
    link = re.search(r'href="(/w/default/runs/\?[^"]*error[^"]*)"', page)
    assert link
    assert run.name in browser.get(link[1].replace("&amp;", "&")).text


def test_a_run_in_the_trash_is_shown_with_a_notice(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    trash_run(run, actor=actor, now=now)
    banner = one(browser.get(PAGE), ".banner.warn strong").text
    assert banner == "This run is in the trash."


def test_the_raw_json_is_linked(browser: Client, run: Run) -> None:
    link = re.search(r'href="(/api/v1/[^"]+)"', browser.get(PAGE).text)
    assert link
    assert browser.get(link[1]).json()["id"] == "run-1"


def test_a_reader_finds_cancel_and_delete_disabled_with_the_reason(
    workspace: Workspace, run: Run
) -> None:
    reader = User.objects.create(username="rea")
    Member.objects.create(workspace=workspace, user=reader, role=Role.READER)
    page = browser_of(reader).get(PAGE).text
    assert page.count('disabled title="You need the role contributor."') == 8


def test_the_page_and_its_fragment_are_the_same_markup(
    browser: Client, run: Run
) -> None:
    fragment = browser.get(PAGE, headers=HTMX).text
    assert fragment.strip().startswith('<div id="run"')
    assert "<html" not in fragment
    assert 'id="run-attributes"' in browser.get(PAGE).text


def test_an_unchanged_page_is_a_304(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    headers = {**HTMX, "If-None-Match": browser.get(PAGE, headers=HTMX)["ETag"]}
    assert browser.get(PAGE, headers=headers).status_code == 304
    set_run_tags(run, {"a": "b"}, actor=actor, now=now)
    assert browser.get(PAGE, headers=headers).status_code == 200


def test_only_the_page_of_an_active_run_polls(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    assert one(browser.get(PAGE), "#run")["data-pace"] == "3"
    change_status(run, RunStatus.CANCEL_REQUESTED, actor=actor, now=now)
    assert one(browser.get(PAGE), "#run")["data-pace"] == "2"
    change_status(run, RunStatus.CANCELED, actor=actor, now=now)
    assert one(browser.get(PAGE), "#run")["data-pace"] == "0"


def test_the_number_of_queries_does_not_depend_on_the_run(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    log(run, loss=[1.0])
    before = cost(browser, PAGE)
    log(run, **{f"m{n}": [1.0, 2.0] for n in range(30)})
    set_run_tags(run, {f"t{n}": "x" for n in range(30)}, actor=actor, now=now)
    log_params(run, {f"p{n}": "x" for n in range(30)}, actor=actor, now=now)
    assert cost(browser, PAGE) == before
    assert before <= 21
