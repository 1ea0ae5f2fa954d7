"""The page *Storage*: who sees what of it, its quota, refresh and export."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.files.files import save_file
from runs.actions.run.runs import create_run
from runs.actions.usage import count_storage, read_fill
from runs.actions.usage.counting import DAY_MS
from runs.models import Run, StorageReport, StorageSettings, User, now_ms
from tests.access.people import Team, browser_of, make_team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

PAGE = "/w/lab/storage/"
MB = 1_000_000


@pytest.fixture
def team() -> Team:
    return make_team()


def store(team: Team, user: User, name: str, **sizes: int) -> Run:
    actor, now = Actor(user), now_ms()
    place = create_experiment(team.workspace, name, actor=actor, now=now)
    run = create_run(place, name=f"{name} run", actor=actor, now=now)
    for path, size in sizes.items():
        named = path.replace("_", ".")
        save_file(run, named, [b"x" * size], actor=actor, now=now, limit=9 * MB)
    return run


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def test_owners_see_all_and_others_what_is_theirs(team: Team) -> None:
    store(team, team.owner, "large", last_pt=5_000, a_png=300)
    store(team, team.contributor, "small", train_log=70)
    owner, contributor = browser_of(team.owner), browser_of(team.contributor)
    assert "Not counted yet" in text_of(owner.get(PAGE))
    count_storage(now_ms())
    page = text_of(owner.get(PAGE))
    assert "5.4 KB" in page
    assert page.index(">large<") < page.index(">small<")
    assert "large run" in text_of(owner.get(PAGE, {"by": "run"}))
    assert f"submitter:{team.owner.username}" in text_of(
        owner.get(PAGE, {"by": "member"})
    )
    kinds = text_of(owner.get(PAGE, {"by": "kind"}))
    assert kinds.index("Checkpoints</td>") < kinds.index("Images and media</td>")
    for by in ("", "experiment", "member", "run"):
        shown = text_of(contributor.get(PAGE, {"by": by}))
        assert "small run" in shown
        assert "large run" not in shown
    mine = text_of(contributor.get(PAGE, {"by": "kind"}))
    assert "Logs</td>" in mine
    assert "Checkpoints</td>" not in mine
    assert 'id="quota-gb"' in page
    assert 'id="quota-gb"' not in mine


def test_the_export_has_what_the_table_shows(team: Team) -> None:
    store(team, team.owner, "=1+1", last_pt=5_000)
    count_storage(now_ms())
    answer = browser_of(team.owner).get(PAGE, {"format": "csv"})
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows == [["name", "bytes", "percent_of_30_days"], ["'=1+1", "5000", ""]]


def test_the_change_in_30_days_and_the_forecast(team: Team) -> None:
    run = store(team, team.owner, "grows", last_pt=4 * MB)
    now = now_ms()
    today = now // DAY_MS
    place = run.experiment_id
    StorageReport.objects.create(
        workspace=team.workspace,
        day=today - 30,
        counted=now - 30 * DAY_MS,
        by_kind={"checkpoints": MB},
        by_experiment=[[place, {"checkpoints": MB}]],
    )
    StorageSettings.objects.create(workspace=team.workspace, quota=5 * MB)
    count_storage(now)
    page = text_of(browser_of(team.owner).get(PAGE))
    assert "+300%" in page
    assert "Full in about 10 days at the current growth" in page
    assert "of 5 MB used, 80%" in page
    assert '<polygon class="of-checkpoints"' in page


def test_only_owners_set_the_quota(team: Team) -> None:
    owner, contributor = browser_of(team.owner), browser_of(team.contributor)
    address = f"{PAGE}quota/"
    assert contributor.post(address, {"gigabytes": "5"}).status_code == 403
    answer = owner.post(address, {"gigabytes": "0.25"}, follow=True)
    assert "The quota is now 250 MB." in text_of(answer)
    fill = read_fill(team.workspace.pk)
    assert fill is not None
    assert fill.quota == 250 * MB
    for wrong in ("-1", "many", "1e99", "NaN"):
        refused = owner.post(address, {"gigabytes": wrong})
        assert refused.status_code == 422
        assert 'id="quota-problem"' in refused.content.decode()
    activity = text_of(owner.get("/w/lab/activity/"))
    assert "set the storage quota to 250 MB" in activity
    answer = owner.post(address, {"gigabytes": ""}, follow=True)
    assert "Quota removed." in text_of(answer)
    assert read_fill(team.workspace.pk) is None


def test_a_refresh_asks_for_a_count(team: Team) -> None:
    count_storage(now_ms() - DAY_MS)
    contributor = browser_of(team.contributor)
    assert browser_of(team.reader).post(f"{PAGE}refresh/").status_code == 403
    assert "Counting…" in text_of(contributor.post(f"{PAGE}refresh/", follow=True))


def test_the_page_reads_reports_and_no_files(team: Team) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            text_of(client.get(PAGE))
        assert not [q for q in found if "runs_file" in q["sql"]]
        return len(found)

    client: Client = browser_of(team.owner)
    store(team, team.owner, "one", a_pt=10)
    count_storage(now_ms())
    queries()
    few = queries()
    for n in range(5):
        store(team, team.owner, f"place {n}", a_pt=10, b_png=20)
    count_storage(now_ms())
    assert queries() == few
