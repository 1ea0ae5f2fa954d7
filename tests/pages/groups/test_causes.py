"""Failed runs in groups by their cause."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from runs.models import Run
from studio.core.statuses import RunStatus
from tests.pages.groups.test_groups import rows
from tests.pages.rows import ALL

pytestmark = pytest.mark.django_db
DAY = 86_400_000
FAILED = f"{ALL}?q=status:failed&group=error_kind&columns=name"
COPY = "/w/default/list/groups/?q=status:failed&group=error_kind&columns=name"


@pytest.fixture(autouse=True)
def failures(log: Any, now: int) -> None:
    for n, kind in enumerate(["OOM-1", "OOM-1", "Key-2"]):
        log(f"r{n}", status=RunStatus.FAILED)
        Run.objects.filter(run_id=f"r{n}").update(
            error_kind=kind,
            error="Traceback\n\n  frame\nCUDA out of <memory>" if n == 1 else "",
            ended=None if n == 2 else now + n * DAY,
            created=now,
        )


def test_a_cause_shows_when_it_was_seen_and_its_newest_run(visitor: Client) -> None:
    page = visitor.get(FAILED)
    first, second = rows(page)
    assert first.startswith("Error kind: OOM-1 2 24 Nov")
    assert first.index("24 Nov") < first.index("25 Nov") < first.index(" r1 ")
    assert "Traceback frame CUDA out of <memory> ada" in first
    assert "out of <memory>" not in page.text
    assert " r2 ada" in second


def test_an_open_cause_has_as_many_cells_as_heads(visitor: Client) -> None:
    page = visitor.get(FAILED)
    key = page.text.partition('id="group-')[2].partition('"')[0]
    opened = visitor.get(f"{FAILED}!open={key}").text
    [head] = [row for row in opened.split("<tr")[1:] if "<thead" in row or "<th" in row]
    member = opened.partition('class="member"')[0].rpartition("<tr")[2]
    member += opened.partition('class="member"')[2].partition("</tr>")[0]
    assert member.count("<td") == head.count("<th ")


def test_exports_of_causes_have_what_the_page_shows(visitor: Client) -> None:
    found = visitor.get(FAILED, headers={"Accept": "application/json"}).json()
    cause = found["rows"][0] if "rows" in found else found["groups"][0]
    assert cause["newest_run"] == "r1"
    assert cause["submitters"] == "ada"
    sheet = csv.reader(io.StringIO(visitor.get(f"{COPY}&form=csv").text))
    heads, first, _second = list(sheet)
    assert dict(zip(heads, first, strict=True))["newest_run"] == "r1"
    for form in ("markdown", "latex"):
        table = visitor.get(f"{COPY}&form={form}").text
        assert "Last seen" in table
        assert "r1" in table


@pytest.mark.parametrize(
    ("q", "shown"),
    [
        ("status:failed", True),
        ("error_kind:OOM-1", True),
        ("status:failed|completed", False),
        ("-status:failed", False),
        ("", False),
    ],
)
def test_a_list_of_failed_runs_shows_their_errors(
    visitor: Client, q: str, shown: bool
) -> None:
    page = visitor.get(ALL, {"q": q}).text
    assert (">Error<" in page) is shown


def test_a_group_links_to_its_runs(visitor: Client, log: Any) -> None:
    for field in ("starred", "number", "children.count", "created", "error"):
        page = visitor.get(f"{ALL}?group={field}&children=1")
        href = page.text.partition('title="Show the runs of this group"')[0]
        href = href.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        count = page.text.partition('of this group">')[2].partition("<")[0]
        assert f"{count}</b>" in visitor.get(ALL + href).text, field
