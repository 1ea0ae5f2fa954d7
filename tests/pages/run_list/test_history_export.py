"""Full histories on request: made by the worker, whole, for who asked, for a day."""

from __future__ import annotations

import html
import io
import math
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import delete_experiment
from runs.actions.expiry.expiry import purge_old_trash
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run_list.history_exports import HistoryExporter, delete_old_exports
from runs.models import Experiment, HistoryExport, Role, Workspace
from runs.search.run_list.export import find_matching_runs
from runs.search.run_list.metric_histories import read_histories
from runs.storage.metrics import Value
from studio.core.view_spec import ViewSpec
from tests.access.people import browser_of, make_member
from tests.pages.rows import link
from tests.parts.elements import every, hrefs

pytestmark = pytest.mark.django_db

DAY = 86_400_000


@pytest.fixture
def logged(log: Any, files_dir: Path, actor: Actor, now: int) -> None:
    for name, count in (("a", 3000), ("b", 2)):
        points = [Point("loss", n / 7, now + n, n) for n in range(count)]
        log_metrics(log(name), points, actor=actor, now=now)
    values: list[Value] = [math.nan, math.inf, "n/a", True, None, 2**70, 3]
    points = [Point("odd", value, now, n) for n, value in enumerate(values)]
    log_metrics(log("c"), points, actor=actor, now=now)


def made(visitor: Client, query: str = "") -> str:
    """The address of an export that was asked for."""
    answer = visitor.post(f"/w/default/exports/?{query}")
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def table(visitor: Client, address: str) -> pd.DataFrame:
    answer = visitor.get(f"{address}histories.parquet")
    return pd.read_parquet(io.BytesIO(answer.getvalue()))


def test_the_export_has_every_point_of_every_run(visitor: Client, logged: None) -> None:
    address = made(visitor)
    assert "Queued" in visitor.get(address).text
    assert visitor.get(f"{address}histories.parquet").status_code == 404
    assert HistoryExporter()(0) == 1
    page = visitor.get(address)
    assert "3 of 3 runs, 3,009 points" in page.text
    assert link(page, "histories.parquet") == f"{address}histories.parquet"
    found = table(visitor, address)
    a = found[found.run_id == "a"]
    assert list(a.value) == [n / 7 for n in range(3000)]
    assert list(a.step) == list(range(3000))


def test_a_value_without_a_number_keeps_its_text(visitor: Client, logged: None) -> None:
    address = made(visitor, "q=c")
    HistoryExporter()(0)
    found = table(visitor, address)
    assert list(found.run_id.unique()) == ["c"]
    assert math.isnan(found.value[0])
    assert (found.value[1], found.value[6]) == (math.inf, 3)
    assert list(found.text[2:5]) == ["n/a", "true", "null"]
    assert found.value[5] == float(2**70)
    assert pd.isna(found.text[5])


def test_the_export_is_written_in_slices(
    visitor: Client, logged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.actions.run_list.history_exports.SLICE_SECONDS", 0)
    address = made(visitor)
    work = HistoryExporter()
    slices = 1
    while not work(0):
        slices += 1
        assert slices < 1000
    assert slices > 1
    assert len(table(visitor, address)) == 3009


def test_an_interrupted_worker_starts_again(
    visitor: Client, logged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = made(visitor)
    with monkeypatch.context() as patch:
        patch.setattr("runs.actions.run_list.history_exports.SLICE_SECONDS", 0)
        HistoryExporter()(0)
    assert HistoryExporter()(0) == 1
    assert len(table(visitor, address)) == 3009


def test_a_worker_without_pyarrow_says_what_to_install(
    visitor: Client, logged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = made(visitor)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert HistoryExporter()(0) == 1
    assert "pip install pyarrow" in visitor.get(address).text


def test_an_export_belongs_to_its_requester(
    visitor: Client, logged: None, workspace: Workspace
) -> None:
    address = made(visitor)
    HistoryExporter()(0)
    other = browser_of(make_member(workspace, "rita", Role.OWNER))
    assert other.get(address).status_code == 404
    assert other.get(f"{address}histories.parquet").status_code == 404


def test_an_export_expires_after_a_day(
    visitor: Client, logged: None, files_dir: Path, now: int
) -> None:
    address = made(visitor)
    HistoryExporter()(0)
    job = HistoryExport.objects.get()
    assert delete_old_exports(job.created + DAY - 1) == 0
    assert delete_old_exports(job.created + 2 * DAY) == 1
    assert not list((files_dir / "exports").iterdir())
    assert visitor.get(address).status_code == 404


def test_an_export_whose_file_is_missing_after_a_restore_is_not_found(
    visitor: Client, logged: None, files_dir: Path
) -> None:
    address = made(visitor)
    HistoryExporter()(0)
    for path in (files_dir / "exports").iterdir():
        path.unlink()
    assert visitor.get(address).status_code == 200
    assert visitor.get(f"{address}histories.parquet").status_code == 404


def test_the_same_export_is_queued_once_and_an_invalid_one_is_refused(
    visitor: Client, logged: None
) -> None:
    assert made(visitor, "q=a") == made(visitor, "q=a") != made(visitor, "q=b")
    assert visitor.post("/w/default/exports/?q=(((").status_code == 400


def test_a_deleted_experiment_cannot_be_exported(
    visitor: Client, logged: None, experiment: Experiment, actor: Actor, now: int
) -> None:
    address = made(visitor, f"in={experiment.number}")
    delete_experiment(experiment, actor=actor, now=now)
    purge_old_trash(now + 31 * DAY)
    assert not Experiment.objects.exists()
    assert HistoryExporter()(0) == 1
    page = visitor.get(address)
    assert "Failed" in page.text
    assert "This experiment no longer exists." in page.text
    assert visitor.get(f"{address}histories.parquet").status_code == 404


def test_the_export_links_back_to_its_list(
    visitor: Client, logged: None, experiment: Experiment
) -> None:
    page = visitor.get(made(visitor, f"in={experiment.number}&q=a&sort=name"))
    back = every(page, ".crumb-path a")[-1]
    address = "/w/default/experiments/digits/?q=a&sort=name"
    assert (back.text, back["href"]) == ("digits", address)
    back = every(visitor.get(made(visitor, "q=a")), ".crumb-path a")[-1]
    assert (back.text, back["href"]) == ("All runs", "/w/default/runs/?q=a")


@pytest.mark.parametrize(
    "address",
    [
        "/w/default/runs/?q=a&group=params.lr!open%3Dab&rows=25&after=25",
        "/w/default/runs/?columns=name,metrics.loss&charts=line!metrics.loss",
        "/w/default/runs/?children=1&tree=a",
        "/w/default/experiments/digits/?q=a&mine=1&selected=a,,c&facets=1",
        "/w/default/runs/a/children/?q=parent%3Aa+and+status:failed&sort=name",
    ],
)
def test_the_form_returns_to_its_starting_page(
    visitor: Client, logged: None, log: Any, address: str
) -> None:
    log("child", parent="a")
    page = visitor.get(address)
    [action] = re.findall(r'formaction="(/w/default/exports/[^"]*)"', page.text)
    job = visitor.get(visitor.post(html.unescape(action)).headers["Location"])
    back = re.findall(r'<li><a href="([^"]*)">', job.text)[-1]
    path, _, query = html.unescape(back).partition("?")
    assert path == address.partition("?")[0]
    assert ViewSpec.from_query(query) == ViewSpec.from_query(address.partition("?")[2])


def test_the_export_links_back_to_its_view(
    visitor: Client, logged: None, make_view: Any
) -> None:
    slug = make_view("q=a&sort=name").slug
    page = visitor.get(f"/v/{slug}/", {"sort": "-name"})
    [action] = re.findall(r'formaction="(/w/default/exports/[^"]*)"', page.text)
    job = visitor.get(visitor.post(html.unescape(action)).headers["Location"])
    back = f"/w/default/runs/?q=a&sort=-name&view={slug}.1"
    assert hrefs(job, ".crumb-path a")[-1] == back


def test_the_list_of_children_exports_the_children(
    visitor: Client, logged: None, log: Any, actor: Actor, now: int
) -> None:
    point = Point("loss", 1.0, now, 0)
    log_metrics(log("kid", parent="a"), [point], actor=actor, now=now)
    page = visitor.get("/w/default/runs/a/children/")
    [action] = re.findall(r'formaction="(/w/default/exports/[^"]*)"', page.text)
    address = str(visitor.post(html.unescape(action)).headers["Location"])
    assert "Child runs</a>" in visitor.get(address).text
    HistoryExporter()(0)
    assert list(table(visitor, address).run_id.unique()) == ["kid"]


def test_the_list_links_to_the_history_export(visitor: Client, logged: None) -> None:
    page = visitor.get("/w/default/experiments/digits/?q=a")
    actions = [each["formaction"] for each in every(page, "button[formaction]")]
    [export] = [each for each in actions if each.startswith("/w/default/exports/")]
    assert export.startswith("/w/default/exports/?q=a&in=")


def test_merging_the_last_chunks_loses_no_point(
    log: Any, actor: Actor, now: int, workspace: Workspace, monkeypatch: Any
) -> None:
    monkeypatch.setattr("runs.storage.metrics.chunk_writer.TAIL_POINTS", 4)
    monkeypatch.setattr("runs.storage.metrics.chunk_writer.CHUNK_POINTS", 8)
    monkeypatch.setattr("runs.search.run_list.metric_histories.BATCH_CHUNKS", 3)
    run, logged = log("a"), 0

    def grow(count: int) -> None:
        nonlocal logged
        steps = range(logged, logged + count)
        points = [Point("loss", n / 7, now + n, n) for n in steps]
        log_metrics(run, points, actor=actor, now=now)
        logged += count

    # Two full chunks, one of four points, and an end of three that does not stand by
    # itself yet: where the first reading stops, a chunk has room for more.
    for count in (16, 4):
        grow(count)
    viewer = actor.user
    assert viewer is not None
    matching = find_matching_runs(ViewSpec(), viewer, workspace)
    steps: list[int] = []
    for stretch in read_histories(matching):
        if stretch.points is not None:
            steps += stretch.points.steps.tolist()
            if logged < 60:
                grow(3)
    assert steps == list(range(len(steps)))
    assert len(steps) >= 60
