"""A run on its public page, and its images."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.files.files import save_file
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.public.share_links import create_share_link, revoke_share_link
from runs.actions.run.run_edits import describe_run
from runs.models import Run, ShareLink, Workspace, now_ms
from tests.access.people import browser_of

pytestmark = pytest.mark.django_db

NOTE = (
    "![curve](file:plots/a%20b.png) reached metric:acc and metric:acc@other,"
    " like run:other, [code](file:train.py), ![theirs](file:plots/theirs.png@other)"
)


@pytest.fixture(autouse=True)
def _files(files_dir: object) -> None:
    """Files are kept in a folder of the test."""


@pytest.fixture
def anonymous() -> Client:
    return browser_of(None)


@pytest.fixture
def described(log: Any, actor: Actor, now: int) -> Run:
    """A run whose description names files of its own and of another run."""
    run, other = log("a", acc=0.8137), log("other", acc=0.4321)
    log("child", parent="a")
    for where, path in (
        (run, "plots/a b.png"),
        (run, "plots/unnamed.png"),
        (run, "train.py"),
        (other, "plots/theirs.png"),
    ):
        save_file(where, path, [path.encode()], actor=actor, now=now, limit=10**6)
    log_metrics(run, [Point("acc", 0.9, now, 1)], actor=actor, now=now)
    describe_run(run, NOTE, actor=actor, now=now)
    return run


@pytest.fixture
def link(described: Run, workspace: Workspace, actor: Actor) -> tuple[ShareLink, str]:
    made, secret = create_share_link(workspace, described, actor=actor, now=now_ms())
    return made, f"/shared/{secret}/"


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_the_description_shows_its_own_picture_and_metric(
    anonymous: Client, link: tuple[ShareLink, str]
) -> None:
    text = anonymous.get(link[1]).text
    assert '<img src="pictures/plots/a%20b.png?inline=1" alt="curve"' in text
    assert '<span title="0.9">acc <b>0.9</b></span>' in text
    assert "<dt>Child runs</dt><dd>1</dd>" in text
    assert "0.4321" not in text
    assert "/w/" not in text
    picture = anonymous.get(f"{link[1]}pictures/plots/a%20b.png?inline=1")
    assert (body(picture), picture["Content-Type"]) == (b"plots/a b.png", "image/png")
    assert picture["Content-Security-Policy"].startswith("sandbox")
    assert picture["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    [
        "plots/unnamed.png",
        "train.py",
        "plots/theirs.png",
        "plots/theirs.png@other",
        "",
        "plots/",
        "../train.py",
        "plots/a%20b.png/",
        "plots/%00",
    ],
)
def test_a_run_link_gives_access_to_no_other_file(
    anonymous: Client, link: tuple[ShareLink, str], path: str
) -> None:
    assert anonymous.get(f"{link[1]}pictures/{path}").status_code == 404


def test_images_are_readable_only_while_linked_and_mentioned(
    anonymous: Client,
    link: tuple[ShareLink, str],
    described: Run,
    actor: Actor,
    now: int,
) -> None:
    made, path = link
    picture = f"{path}pictures/plots/a%20b.png"
    assert anonymous.get(picture).status_code == 200
    assert anonymous.post(picture).status_code == 405
    describe_run(described, "no picture", actor=actor, now=now)
    assert anonymous.get(picture).status_code == 404
    describe_run(described, NOTE, actor=actor, now=now)
    revoke_share_link(made, actor=actor, now=now)
    assert anonymous.get(picture).status_code == 404


def test_a_view_link_gives_no_access_to_images(
    anonymous: Client,
    described: Run,
    make_view: Any,
    workspace: Workspace,
    actor: Actor,
) -> None:
    view = make_view(description=NOTE)
    _made, secret = create_share_link(workspace, view, actor=actor, now=now_ms())
    path = f"/shared/{secret}/"
    assert "pictures/" not in anonymous.get(path).text
    assert anonymous.get(f"{path}pictures/plots/a%20b.png").status_code == 404
