"""The list in groups: rows, links, orders, formats, and text to copy."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.run.metric_goals import set_metric_goal
from runs.models import Experiment, Workspace
from runs.pages.groups import group_formats as group_texts
from runs.pages.groups import group_table
from runs.search.values import value_arrays as many_runs
from tests.pages.rows import ALL, names

pytestmark = pytest.mark.django_db
GROUPED = f"{ALL}?columns=name,metrics.acc&group=params.lr"
COPY = "/w/default/list/groups/?columns=name,metrics.acc&group=params.lr"
CHOICE = "/w/default/list/group/"


@pytest.fixture
def sweep(
    log: Any, workspace: Workspace, experiment: Experiment, actor: Actor, now: int
) -> None:
    for n, (lr, acc) in enumerate(
        [("0.1", 0.5), ("0.1", 0.7), ("0.2", 0.9), ("0.2", 0.8), ("0.2", 0.85)]
    ):
        log(f"r{n}", acc=acc, params={"lr": lr, "seed": str(n)})
    log("without")
    set_metric_goal(workspace, [experiment], "acc", True, actor=actor, now=now)


def rows(page: Any) -> list[str]:
    """The groups' rows as they are read."""
    found = re.findall(r'<tr class="group-row[^>]*>(.*?)</tr>', page.text, re.DOTALL)
    texts = (re.sub(r"<[^>]+>", " ", row) for row in found)
    return [" ".join(unescape(text).split()) for text in texts]


def toggle(page: Any, label: str) -> str:
    pattern = rf'href="([^"]*)"[^>]*aria-label="Runs of {re.escape(label)}"'
    [found] = re.findall(pattern, page.text)
    return ALL + unescape(found)


@pytest.mark.usefixtures("sweep")
def test_groups_show_counts_means_and_the_best_run(visitor: Client) -> None:
    page = visitor.get(GROUPED)
    assert rows(page) == [
        "lr: 0.2 3 best 0.850 ± 0.050",
        "lr: 0.1 2 0.60 ± 0.14",
        "lr: – 1 –",
    ]
    assert "Grouped by params.lr" in page.text
    assert "1–3 of 3 groups" in page.text
    assert "6</b> root runs" in page.text


def test_empty_values_and_missing_values_are_different_groups(
    visitor: Client, log: Any
) -> None:
    log("a", params={"note": ""})
    log("b")
    page = visitor.get(f"{ALL}?group=params.note")
    labels = {
        row[: row.index(")") + 1] if ")" in row else row[:7] for row in rows(page)
    }
    assert labels == {"note: (empty)", "note: –"}


@pytest.mark.usefixtures("sweep")
def test_a_group_opens_and_lists_its_runs_best_first(visitor: Client) -> None:
    page = visitor.get(toggle(visitor.get(GROUPED), "params.lr: 0.2"))
    assert names(page) == ["r2", "r4", "r3"]
    assert "0.8 – 0.9" in page.text
    assert 'title="r2">' in page.text
    assert names(visitor.get(toggle(page, "params.lr: 0.2"))) == []
    picked = visitor.get(toggle(page, "params.lr: 0.1") + "&selected=r0")
    assert "1 selected" in picked.text


@pytest.mark.usefixtures("sweep")
def test_the_count_of_a_group_links_to_its_runs(visitor: Client) -> None:
    page = visitor.get(GROUPED)
    counts = re.findall(
        r'href="([^"]*)" title="Show the runs of this group"', page.text
    )
    lists = [visitor.get(ALL + unescape(href)) for href in counts]
    assert [sorted(names(each)) for each in lists] == [
        ["r2", "r3", "r4"],
        ["r0", "r1"],
        ["without"],
    ]


@pytest.mark.usefixtures("sweep")
def test_groups_are_ordered_and_paged(visitor: Client, log: Any) -> None:
    by_value = visitor.get(f"{GROUPED}!by=value")
    assert [row[:7] for row in rows(by_value)] == ["lr: 0.1", "lr: 0.2", "lr: – 1"]
    by_std = visitor.get(f"{GROUPED}!by=-std:metrics.acc")
    assert rows(by_std)[0].startswith("lr: 0.1")
    for n in range(30):
        log(f"more{n}", params={"lr": f"1.{n:02d}"})
    first = visitor.get(f"{GROUPED}!by=value&rows=25")
    second = visitor.get(f"{GROUPED}!by=value&rows=25&after=25")
    assert (len(rows(first)), len(rows(second))) == (25, 8)
    assert not {*rows(first)} & {*rows(second)}
    assert "1–25 of 33 groups" in first.text


@pytest.mark.usefixtures("sweep")
def test_child_runs_are_grouped_with_the_others(visitor: Client, log: Any) -> None:
    log("child", parent="r0", params={"lr": "0.1"})
    page = visitor.get(GROUPED.replace("?", "?children=1&tree=r0&"))
    assert page.status_code == 200
    assert "lr: 0.1 3 0.60 ± 0.14" in rows(page)
    assert "7</b> runs" in page.text


@pytest.mark.usefixtures("sweep")
def test_runs_can_be_grouped_by_all_parameters_but_the_seed(visitor: Client) -> None:
    page = visitor.get(f"{ALL}?columns=name,metrics.acc&group=-params.seed")
    assert [row[:9] for row in rows(page)] == ["lr: 0.2 3", "lr: 0.1 2", "1 –"]
    assert "Grouped by all parameters except params.seed" in page.text


@pytest.mark.usefixtures("sweep")
def test_programs_get_the_same_groups(visitor: Client) -> None:
    found = visitor.get(GROUPED, headers={"Accept": "application/json"}).json()
    assert (found["total"], found["runs"]) == (3, 6)
    first = found["rows"][0]
    assert first["params.lr"] == "0.2"
    assert first["runs"] == 3
    assert first["metrics.acc.mean"] == pytest.approx(0.85)
    assert first["metrics.acc.best_run"] == "r2"
    assert "metrics.acc.mean" not in found["rows"][2]
    sheet = visitor.get(GROUPED, headers={"Accept": "text/csv"})
    [head, row, *_] = csv.reader(io.StringIO(sheet.text))
    assert dict(zip(head, row, strict=True))["metrics.acc.max"] == "0.9"
    plain = visitor.get(GROUPED, headers={"Accept": "text/plain"})
    assert plain.text.splitlines()[1].split()[:2] == ["0.2", "3"]


def test_copied_text_contains_no_formulas(visitor: Client, log: Any) -> None:
    log("a", acc=0.5, params={"lr": "=cmd|'/c calc'!A0"})
    log("b", acc=0.5, params={"lr": r"\write18{x} & 5%"})
    log("c", acc=0.5, params={"lr": "a|b"})
    sheet = visitor.get(f"{COPY}&form=csv")
    assert sheet.headers["Content-Type"].startswith("text/plain")
    assert "'=cmd|'/c calc'!A0" in sheet.text
    paper = visitor.get(f"{COPY}&form=latex").text
    assert r"\textbackslash{}write18\{x\} \& 5\% & $1$" in paper
    assert r"a\|b" in visitor.get(f"{COPY}&form=markdown").text
    assert visitor.get(f"{COPY}&form=exe").status_code == 404


@pytest.mark.usefixtures("sweep")
def test_copied_text_lists_what_is_left_out(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "X-Studio-Notice" not in visitor.get(f"{COPY}&form=latex").headers
    monkeypatch.setattr(group_table, "MAX_COPIED_GROUPS", 2)
    monkeypatch.setattr(group_texts, "MAX_COPIED_GROUPS", 2)
    page = visitor.get(GROUPED)
    assert 'data-copied="Copied as LaTeX: the first 2 of 3 groups"' in page.text
    assert ">The first 2 of 3 groups<" in page.text
    copy = visitor.get(f"{COPY}&form=csv")
    assert copy.headers["X-Studio-Notice"] == '["the first 2 of 3 groups"]'
    assert len(copy.text.splitlines()) == 3


def test_with_too_many_runs_to_group_the_page_suggests_a_filter(
    visitor: Client, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        log(f"r{n}")
    monkeypatch.setattr(many_runs, "MAX_ARRAY_RUNS", 3)
    page = visitor.get(GROUPED)
    assert "Too many runs for groups" in page.text
    assert "Narrow the list" in page.text
    assert visitor.get(f"{COPY}&form=csv").status_code == 400
    asked = visitor.get(GROUPED, headers={"Accept": "application/json"})
    assert "Narrow the list" in asked.json()["error"]["message"]


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("duration", "can't be grouped by duration. Durations differ"),
        ("nmae", "Unknown field"),
        ("params.lr!by=median", "can't be sorted by"),
        ("params.lr!by=mean:metrics.loss", "no column metrics.loss"),
        ("params.lr!x=1", "no option"),
        ("-tags.model", "is not a parameter"),
        ("!", "contains no field"),
    ],
)
def test_an_invalid_group_is_reported(
    visitor: Client, log: Any, group: str, said: str
) -> None:
    log("a", acc=0.5)
    page = visitor.get(f"{ALL}?columns=name,metrics.acc&group={group}")
    assert page.status_code == 200
    assert said in unescape(page.text)


@pytest.mark.usefixtures("sweep")
def test_the_group_menu_lists_fields_that_runs_have(visitor: Client) -> None:
    page = visitor.get(f"{CHOICE}?q=status:Running&group=params.lr")
    assert "group=params.lr,status" in page.text
    assert "group=params.lr,params.seed" in page.text
    assert "group=-params.seed" in page.text
    assert 'aria-label="Stop grouping by params.lr"' in page.text
    found = visitor.get(f"{CHOICE}?find=see", headers={"HX-Request": "true"})
    assert "group=params.seed" in found.text
    assert "group=status" not in found.text
    assert visitor.get(f"{CHOICE}?q=a+and").status_code == 200
