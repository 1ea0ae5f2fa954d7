"""The comparison of runs: the page, its other formats and its notices."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run.metric_goals import set_metric_goal
from runs.models import Experiment, Run
from runs.pages.compare import sections as compare_sections
from runs.render.compare.cells import difference_html
from studio.core.statuses import RunStatus
from tests.parts.elements import one, texts

pytestmark = pytest.mark.django_db

COMPARE = "/w/default/compare/"
HTMX = {"HX-Request": "true"}


def rows(page: Any) -> dict[str, list[str]]:
    """The texts of the cells by the row's name."""
    found = {}
    for row in re.findall(r"<tr><th scope=\"row\".*?</tr>", page.text, re.DOTALL):
        label = re.search(r'<th scope="row" title="([^"]*)"', row)
        assert label
        cells = re.findall(r"<td.*?</td>", row, re.DOTALL)
        found[label[1]] = [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip() for cell in cells
        ]
    return found


def asked(*ids: str, **more: str) -> dict[str, Any]:
    return {"run": list(ids), **more}


@pytest.fixture
def three(log: Any) -> list[Run]:
    done = RunStatus.COMPLETED
    return [
        log("a", acc=0.8, params={"lr": "0.1", "opt": "sgd"}, status=done),
        log("b", acc=0.9, params={"lr": "0.2", "opt": "sgd", "mix": "1"}, status=done),
        log("c", acc=0.6, params={"lr": "0.1", "opt": "sgd"}, tags={"best": None}),
    ]


def test_only_differences_are_shown_by_default(
    visitor: Client, three: list[Run]
) -> None:
    shown = rows(visitor.get(COMPARE, asked("a", "b")))
    assert shown["lr"] == ["0.1", "0.2"]
    assert shown["mix"] == ["not set", "1"]
    assert "opt" not in shown
    every = visitor.get(COMPARE, asked("a", "b", differs="0"))
    assert rows(every)["opt"] == ["sgd", "sgd"]
    assert "2 of 3 with differences" in every.text


def test_metrics_show_their_difference_to_the_baseline(
    visitor: Client, three: list[Run], experiment: Experiment, actor: Actor, now: int
) -> None:
    set_metric_goal(
        experiment.workspace, [experiment], "acc", True, actor=actor, now=now
    )
    page = visitor.get(COMPARE, asked("a", "b", "c"))
    assert rows(page)["acc"] == ["0.8", "0.9 +0.1 +12.5 %", "0.6 −0.2 −25.0 %"]
    assert page.text.count('class="delta better"') == 1
    assert page.text.count('class="delta worse"') == 1
    assert re.search(r"<b>0\.9</b> <svg[^>]*>", page.text)
    other = visitor.get(COMPARE, asked("a", "b", "c", baseline="c"))
    assert rows(other)["acc"][0] == "0.8 +0.2 +33.3 %"
    plain = visitor.get(COMPARE, asked("a", "b", delta="0"))
    assert rows(plain)["acc"] == ["0.8", "0.9"]


def test_special_values_are_shown_next_to_numbers(
    visitor: Client, log: Any, actor: Actor, now: int
) -> None:
    log("nan", acc=float("nan"))
    log("more", acc=float("inf"))
    log("number", acc=0.5)
    text = log("text")
    log_metrics(text, [Point("acc", "n/a <b>", now, 0)], actor=actor, now=now)
    log("none")
    page = visitor.get(COMPARE, asked("number", "nan", "more", "text", "none"))
    assert rows(page)["acc"] == ["0.5", "NaN", "Infinity", "n/a &lt;b&gt;", "–"]
    zero = visitor.get(COMPARE, asked("nan", "number"))
    assert rows(zero)["acc"] == ["NaN", "0.5"]


def test_invalid_parameters_of_the_address_are_reported(
    visitor: Client, three: list[Run]
) -> None:
    Run.objects.filter(run_id="b").update(deleted=1)
    page = visitor.get(COMPARE, asked("a", "b", "nosuch", "c", baseline="gone"))
    assert page.status_code == 200
    assert "No run nosuch in this workspace." in page.text
    assert "Run b is in the trash and is not shown." in page.text
    assert "The baseline gone is not one of the runs" in page.text
    assert "Compare 2 runs" in page.text
    drawn = visitor.get(COMPARE, asked("a", "c", charts="pie!metrics.acc")).text
    assert "charts: &#x27;pie&#x27; is not one of line, scatter" in drawn
    for right in ("none", "bar!metrics.acc"):
        page = visitor.get(COMPARE, asked("a", "c", charts=right))
        assert "were ignored" not in page.text


def test_more_than_a_hundred_runs_are_truncated_with_a_notice(
    visitor: Client, log: Any
) -> None:
    ids = [log(f"r{n}").run_id for n in range(101)]
    page = visitor.get(COMPARE, asked(*ids))
    assert one(page, "title").text.startswith("Compare 100 runs")
    assert "Comparing the first 100 runs" in page.text


def test_a_run_is_added_by_its_name_or_suggested(
    visitor: Client, three: list[Run]
) -> None:
    added = visitor.get(COMPARE, asked("a", add="b"))
    assert added.headers["Location"] == f"{COMPARE}?run=a&run=b"
    several = visitor.get(COMPARE, asked("a", add="status:completed"))
    assert 'href="?run=a&amp;run=b"' in several.text
    assert 'href="?run=a&amp;run=a"' not in several.text
    none = visitor.get(COMPARE + "runs/", asked("a", add="((("), headers=HTMX)
    assert "No other run matches" in none.text


def test_forms_redirect_to_the_short_address(visitor: Client, three: list[Run]) -> None:
    sent = f"{COMPARE}?run=a&run=b&differs=0&differs=1&delta=0&find=&baseline=a"
    answer = visitor.get(sent)
    assert answer.headers["Location"] == f"{COMPARE}?run=a&run=b&baseline=a&delta=0"


def test_sections_collapse_and_rows_can_be_searched(
    visitor: Client, three: list[Run]
) -> None:
    folded = visitor.get(COMPARE, asked("a", "b", fold="params"))
    assert "lr" not in rows(folded)
    assert 'aria-expanded="false"' in folded.text
    found = rows(visitor.get(COMPARE, asked("a", "b", differs="0", find="l")))
    assert {"lr"} <= set(found)
    assert "opt" not in found


def test_tags_are_shown_as_chips_and_escaped(visitor: Client, log: Any) -> None:
    tags = {"best": "", "m": "<b>x", "n": "1", "o": "2", "p": "3"}
    log("a", tags=tags)
    log("b")
    page = visitor.get(COMPARE, asked("a", "b"))
    assert rows(page)["Tags"] == ["best m: &lt;b&gt;x n: 1 +2", "–"]
    assert 'title="best, m: &lt;b&gt;x, n: 1, o: 2, p: 3"' in page.text


def test_different_words_are_marked(visitor: Client, log: Any) -> None:
    log("a", params={"cmd": "train --lr 0.1 --wd 1"})
    log("b", params={"cmd": "train --lr 0.2 --wd 1"})
    page = visitor.get(COMPARE, asked("a", "b"))
    assert texts(page, "td[title=train --lr 0.2 --wd 1] mark") == ["2"]


def test_the_csv_has_the_same_rows(visitor: Client, three: list[Run]) -> None:
    body = visitor.get(COMPARE, asked("a", "b", "x", format="json")).json()
    assert [run["id"] for run in body["runs"]] == ["a", "b"]
    assert body["unknown"] == ["x"]
    lr = next(row for row in body["rows"] if row["name"] == "lr")
    assert lr["values"] == {"a": "0.1", "b": "0.2"}
    sheet = visitor.get(COMPARE, asked("a", "b"), headers={"Accept": "text/csv"})
    table = list(csv.DictReader(io.StringIO(sheet.text)))
    assert next(row for row in table if row["name"] == "acc")["b"] == "0.9"
    text = visitor.get(COMPARE, asked("a", "b"), headers={"Accept": "text/plain"})
    assert text.text.startswith("section")


def test_the_shown_table_is_copied_for_papers(
    visitor: Client, three: list[Run], log: Any, actor: Actor, now: int
) -> None:
    experiment = Experiment.objects.get(name=three[0].experiment.name)
    set_metric_goal(
        experiment.workspace, [experiment], "acc", True, actor=actor, now=now
    )
    log("d", acc=0.7, params={"lr": "=5% & <b>_", "opt": "sgd"})
    ids = ("a", "b", "d")
    page = visitor.get(COMPARE, asked(*ids, fold="attributes"))
    hrefs = re.findall(r'href="([^"]*copy=\w+)"', page.text)
    forms = {
        href.rpartition("=")[2]: visitor.get(COMPARE + unescape(href)).text
        for href in hrefs
    }
    paper = forms["latex"].splitlines()
    assert paper[2] == r" & Name & a & b & d \\"
    assert r"Metrics & acc & $0.8$ & $\mathbf{0.9}$ & $0.7$ \\" in paper
    assert (
        r"Parameters & lr & 0.1 & 0.2 & =5\% \& \textless{}b\textgreater{}\_ \\"
        in paper
    )
    assert r" & mix & – & 1 & – \\" in paper
    assert "| Metrics | acc | 0.8 | **0.9** | 0.7 |" in forms["markdown"]
    assert "params,lr,0.1,0.2,'=5% & <b>_" in forms["csv"]
    assert not any("opt" in text or "Duration" in text for text in forms.values())
    attributes = visitor.get(COMPARE, asked("a", "d", copy="latex", find="dur"))
    assert r" & Duration & 1 min 30 s & " in attributes.text


def test_the_number_of_queries_does_not_depend_on_the_content(
    visitor: Client, log: Any, actor: Actor, now: int
) -> None:
    for n in range(12):
        run = log(f"r{n}", params={f"p{n}": "1"}, tags={"t": str(n)})
        points = [Point(f"m{k}", float(n), now, 0) for k in range(20)]
        log_metrics(run, points, actor=actor, now=now)
    visitor.get(COMPARE, asked(*(f"r{n}" for n in range(12))), headers=HTMX)
    counts = []
    for size in (2, 12):
        with CaptureQueriesContext(
            connection,
        ) as asking:
            ids = [f"r{n}" for n in range(size)]
            visitor.get(COMPARE, asked(*ids), headers=HTMX)
        asked_of = [one["sql"] for one in asking.captured_queries]
        counts.append(sum(sql.startswith("SELECT") for sql in asked_of))
    assert counts[0] == counts[1] <= 20


def test_a_long_difference_fits_its_cell() -> None:
    shown = difference_html(0.0106012, 0.0047597, is_higher_better=False)
    assert shown == (
        '<span class="delta worse"><span>+0.00584</span><span>+123 %</span></span>'
    )


def test_showing_all_rows_has_a_limit(
    visitor: Client, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        log(name, params={f"p{n:02d}": name for n in range(30)})
    monkeypatch.setattr(compare_sections, "INITIAL_SECTION_CELLS", 20)
    monkeypatch.setattr(compare_sections, "MAX_SECTION_CELLS", 40)
    first = visitor.get(COMPARE, asked("a", "b"))
    assert "Show 20 more" in first.text
    every = visitor.get(COMPARE, asked("a", "b", rows="params"))
    assert {"p19", "p20"} & set(rows(every)) == {"p19"}
    assert "10 more rows. Search for them by name" in every.text
    found = visitor.get(COMPARE, asked("a", "b", rows="params", find="p29"))
    assert "p29" in rows(found)
