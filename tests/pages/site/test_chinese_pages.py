"""Chinese pages: everything that a reader sees of them is Chinese.

What people typed has no Latin letter here, so each Latin word is a technical term or
an untranslated text.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from runs.actions.account.accounts import add_member, create_workspace, ensure_user
from runs.actions.account.tokens import create_token
from runs.actions.actor import SERVER, Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.files.files import save_file
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.public.share_links import create_share_link
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import create_run
from runs.actions.views.views import ViewState, create_view
from runs.models import JobAttempt, Role
from runs.render.formats import experiment_path
from studio.core.filters.fields import ATTRIBUTES
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec
from tests.access.people import bearer, browser_of
from tests.pages.rows import HTMX
from tests.parts.compute_rows import ComputeScene

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9"}
#: Parts of pages, which a full request is redirected from.
PARTS = ("/w/42/list/facets/", "/w/42/views/menu/", "/w/42/list/differs/")
NOW = 1_764_000_000_000
LIST = "/w/42/runs/"
RUN = "/w/42/runs/1/"
CHART = "charts=line!metrics.7,scatter!params.3!metrics.7,bar!metrics.7"

PAGES = (
    "/w/42/experiments/",
    LIST,
    f"{LIST}?children=1&flat=1&columns=name,status,target,error,commit,children.failed",
    f"{LIST}?q=status:failed+created:-7d+7&facets=1",
    f"{LIST}?q=status+%3D",
    f"{LIST}?q=number:>1x",
    f"{LIST}?q=nosuch:1&sort=log&rows=7",
    f"{LIST}?q=nothing",
    f"{LIST}?group=params.3",
    f"{LIST}?{CHART}",
    f"{LIST}?selected=1,2",
    "{experiment}",
    "/w/42/list/columns/",
    "/w/42/list/head/?field=metrics.7",
    "/w/42/list/group/",
    "/w/42/list/complete/?q=&at=0",
    "/w/42/list/complete/?q=status+&at=7",
    "/w/42/list/filter/",
    "/w/42/list/filter/?field=created",
    "/w/42/list/facets/",
    "/w/42/list/charts/",
    "/w/42/list/differs/?selected=1,2",
    "/w/42/compare/?run=1&run=2",
    RUN,
    f"{RUN}metrics/",
    f"{RUN}media/",
    f"{RUN}children/",
    f"{RUN}files/",
    f"{RUN}files/?file=1.txt",
    f"{RUN}snapshot/",
    f"{RUN}history/",
    f"{RUN}description/",
    f"{RUN}name/",
    f"{RUN}tags/",
    "/w/42/runs/2/cancel/",
    "/w/42/runs/2/finish/",
    "/w/42/runs/3/",
    "/w/42/views/",
    "/w/42/views/menu/",
    "/w/42/views/new/",
    "/w/42/views/{view}/edit/",
    "/w/42/views/{view}/history/",
    "/w/42/share/?run=1",
    "/w/42/members/",
    "/w/43/compute/",
    "/w/43/compute/targets/",
    "/w/43/compute/targets/8/",
    "/w/43/compute/agents/?target=8",
    "/w/43/runs/{queued}/",
    "/w/43/runs/{queued}/resubmit/",
    "/w/43/new-run/",
    "/shared/{shared}/",
    "/account/",
    "/sign-in/",
    "/help/?find=zzz",
    "/w/42/nosuch/",
    "/w/42/runs/nosuch/",
)

#: Terms that stay as they are, codes of errors, units, and what the scene is made of.
TERMS = frozenset(
    """Run Studio MLflow CSV TSV JSON HTML XLSX Excel Parquet PNG SVG GIF JPEG WebP
    LaTeX Markdown REST API URL URI ID UTC GB MB KB KiB OR AND NaN Infinity NUL SDK
    Azure Git JavaScript CPU GPU Alt Ctrl Cmd Shift Enter Esc Escape Tab Home End
    English px ms min pip zip DOI IP Python shell Slurm Ray SSH ssh
    NotFound InvalidValue Default local agent nosuch nothing log
    """.split()
)
#: Words of the filter language and of examples.
WORDS = frozenset(
    """and not or in like ilike contains is null sort rows metrics loss train
    gpu cluster HF TOKEN NAME train numpy model gpt lr epochs python lab
    studio run resubmit module load cuda""".split()
)
#: Examples of filters, parts of the filter language, addresses and code.
CODE = re.compile(
    r"%\(\w+\)s|status (?:=|in)(?: \w+| \(Failed, Canceled\)|$)"
    r"|https?://\S*|[\w-]*[.:/_@=][\w.:/@=%-]*\w[\w.:/@=%-]*(?:\(\w+\))?|'[^']*'"
    # Beginnings of fields, offered while a name is typed.
    r"|^(?:metrics|params|tags|properties|children)\.$"
)
ZONES = zoneinfo.available_timezones()
KNOWN = TERMS | WORDS | {*ATTRIBUTES}
#: How the values of data- attributes begin that are selectors, JSON or addresses.
NO_TEXT = ("{", "[", "#", "q ", "plot /", "description /")
SPOKEN = ("title", "aria-label", "placeholder", "alt", "content-label")


class Reader(HTMLParser):
    """Collects the texts of a page that a reader sees or hears."""

    SILENT = ("script", "style", "code", "pre", "kbd", "svg")

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_silent = tag in self.SILENT or "mono" in given.get("class", "").split()
        if tag not in VOID and (is_silent or self.silent):
            self.silent.append(tag)
        for name, value in given.items():
            is_data = name.startswith("data-") and " " in value.strip()
            if name in SPOKEN or (is_data and not value.startswith(NO_TEXT)):
                self.texts.append(value)

    def handle_endtag(self, _tag: str) -> None:
        if self.silent:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.texts.append(data)


VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()
)


def latin_words(html: str) -> list[str]:
    """Return the page's texts that have Latin words other than terms and code."""
    reader = Reader()
    reader.feed(html)
    return [
        " ".join(text.split())
        for text in reader.texts
        if text not in ZONES
        and set(re.findall(r"[A-Za-z]{2,}", CODE.sub(" ", text))) - KNOWN
    ]


@pytest.fixture(scope="module")
def scene(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, str]]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


def make_scene() -> dict[str, str]:
    workspace = create_workspace("42", actor=SERVER, now=NOW)
    owner = ensure_user("1001", actor=SERVER, now=NOW)
    add_member(workspace, owner, Role.OWNER, actor=SERVER, now=NOW)
    actor = Actor(owner)
    experiment = create_experiment(workspace, "数字", actor=actor, now=NOW)
    for number, status in enumerate(
        (RunStatus.COMPLETED, RunStatus.RUNNING, RunStatus.FAILED, RunStatus.QUEUED), 1
    ):
        run = create_run(
            experiment,
            run_id=str(number),
            name=f"第 {number} 个",
            params={"3": str(number), "4": "一"},
            tags={"5": "二", "6": None},
            actor=actor,
            now=NOW,
            started=NOW if status is not RunStatus.QUEUED else None,
            status=RunStatus.QUEUED
            if status is RunStatus.QUEUED
            else RunStatus.RUNNING,
            parent_run_id="1" if number == 3 else "",
        )
        points = [Point("7", 0.1 * step, NOW + step, step) for step in range(5)]
        log_metrics(run, points, actor=actor, now=NOW)
        save_file(run, "1.txt", [b"1\n2\n"], limit=100, actor=actor, now=NOW)
        if status.is_final:
            change_status(run, status, actor=actor, now=NOW, ended=NOW + 90_000)
        if number == 1:
            first = run
    second = create_workspace("43", actor=SERVER, now=NOW)
    add_member(second, owner, Role.OWNER, actor=SERVER, now=NOW)
    queued = submit_runs(ComputeScene(second, owner, now=NOW, experiment="队列"))
    state = ViewState(ViewSpec.from_query("q=status:failed"))
    view = create_view(workspace, "视图", state, shared=True, actor=actor, now=NOW)
    _link, shared = create_share_link(workspace, first, actor=actor, now=NOW)
    _token, secret = create_token(owner, workspace, "令牌", actor=actor, now=NOW)
    owner.language = "zh-hans"
    owner.save()
    browser = browser_of(owner)
    return {
        "experiment": experiment_path(
            workspace.name, experiment.number, experiment.name
        ),
        "queued": queued,
        "view": view.slug,
        "shared": shared,
        "secret": secret,
        "cookies": browser.cookies.output(header="", sep=";"),
    }


def submit_runs(scene: ComputeScene) -> str:
    """Targets in every state; return the id of a queued run."""
    scene.target("7", paused=True)
    scene.agent(scene.target("9"), "91", heard=0)
    target = scene.target("8")
    agent = scene.agent(target, "81", draining=True)
    scene.agent(target, "82", heard=0)
    scene.job(target, agent=agent, is_waiting=True)
    run = scene.run(definition={"command": "1"})
    job = scene.job(target, run=run, priority=10, attempt=2, max_attempts=3)
    for number, outcome in enumerate(("Failed", "lost", "returned", ""), 1):
        JobAttempt.objects.create(
            job=job, number=number, agent_name="81", started=NOW, outcome=outcome
        )
    return run.run_id


def visit(scene: dict[str, str], path: str) -> str:
    client = Client(headers=CHINESE, raise_request_exception=False)
    if not path.startswith(("/shared/", "/sign-in/")):
        client.cookies.load(scene["cookies"])
    is_part = path.startswith(PARTS)
    answer = client.get(path.format(**scene), headers=HTMX if is_part else {})
    assert answer.status_code in (200, 400, 404, 422), (path, answer.status_code)
    return answer.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_chinese_page_has_no_english_text(scene, path):
    assert latin_words(visit(scene, path)) == []


REST = "/api/v1/workspaces/42/runs"
WRONG = f"{REST}?q=number:>x"


def error_of(scene: dict[str, str], path: str, **headers: str) -> dict[str, Any]:
    client = Client(headers={**bearer(scene["secret"]), **headers})
    return dict(client.get(path).json()["error"])


@pytest.mark.django_db
def test_rest_errors_follow_accept_language(scene):
    english = error_of(scene, WRONG)
    chinese = error_of(scene, WRONG, **CHINESE)
    assert english["message"].startswith("Expected a number after '>' at character 9.")
    assert chinese["message"].startswith("'>' 后应为数字（第 9 个字符处）。")
    assert (english["expected"], chinese["expected"]) == ("a number", "数字")
    same = ("code", "field", "position", "length", "suggestions")
    assert [english[name] for name in same] == [chinese[name] for name in same]


@pytest.mark.django_db
def test_rest_field_labels_follow_accept_language(scene):
    client = Client(headers=bearer(scene["secret"]))
    labels = [
        client.get("/api/v1/fields", headers=given).json()["fields"][0]["label"]
        for given in ({}, CHINESE)
    ]
    assert labels == ["Run ID", "运行 ID"]


@pytest.mark.django_db
def test_suggestions_have_chinese_punctuation(scene):
    page = visit(scene, f"{LIST}?q=status:bogus")
    [note] = re.findall(r'<p class="soft">(.*尝试.*?)</p>', page)
    assert note.endswith("</a>。")
    assert "</a>, <a" not in note
