"""The page with two logs side by side, and the rows that its script loads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run
from runs.search.logs import log_source
from runs.storage.logs import BLOCK_BYTES, log_reader
from tests.pages.run.run_page import HTMX, browser, keep
from tests.parts.elements import every, one
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

PAGE = "/w/default/compare/logs/"
ROWS = f"{PAGE}rows/"
LOG = "user_logs/std_log.txt"
FIRST = "2026-11-24T12:00:00Z \x1b[32mepoch 1\x1b[0m loss 0.5\nERROR <b>\nsame\n"
SECOND = "2026-11-24T17:00:00Z epoch 1 loss 0.7\nERROR <b>\nsame\nthe end of it\n"


@pytest.fixture
def new_run(experiment: Experiment, actor: Actor) -> Callable[[str], Run]:
    return lambda run_id: create_run(experiment, run_id=run_id, actor=actor, now=NOON)


@pytest.fixture
def pair(run: Run, new_run: Callable[[str], Run]) -> str:
    """Two runs with a log, as parameters of an address."""
    other = new_run("run-2")
    keep(run, LOG, FIRST.encode())
    keep(other, LOG, SECOND.encode())
    keep(other, "logs/other.txt", b"another file\n")
    return "?run=run-1&run=run-2"


def texts(page: str, side: str) -> list[str]:
    return [each.text for each in every(page, f".log-lines[data-side={side}] code")]


def test_lines_of_a_large_log_are_counted_before_it_is_shown(
    browser: Client, run: Run, pair: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_source, "COUNT_SECONDS", 0)
    monkeypatch.setattr(log_reader, "SAVED_BLOCKS", 2)
    keep(run, LOG, b"a line\n" * (3 * BLOCK_BYTES // 7 + 1))
    page = browser.get(PAGE + pair).text
    assert one(page, ".empty h2").text == "Counting the lines: 66 %"
    assert one(page, ".empty .button")["href"] == PAGE + pair
    assert one(page, "#log-pair-uncounted")["hx-get"] == PAGE + pair
    page = browser.get(PAGE + pair).text
    assert texts(page, "left")[0] == "a line"
    assert not every(page, ".empty")


def test_polls_continue_to_count_and_then_load_the_page(
    browser: Client, run: Run, pair: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_source, "COUNT_SECONDS", 0)
    monkeypatch.setattr(log_reader, "SAVED_BLOCKS", 1)
    keep(run, LOG, b"a line\n" * (3 * BLOCK_BYTES // 7 + 1))
    [poll] = every(browser.get(PAGE + pair).text, "#log-pair-uncounted")
    headers = {**HTMX, "HX-Target": str(poll["id"])}
    reply = browser.get(str(poll["hx-get"]), headers=headers)
    assert "Counting the lines: 66 %" in reply.text
    assert not every(reply.text, "h1")
    reply = browser.get(str(poll["hx-get"]), headers=headers)
    assert (reply["HX-Refresh"], reply.text) == ("true", "")


def test_the_main_logs_are_side_by_side_with_marks(browser: Client, pair: str) -> None:
    page = browser.get(PAGE + pair).text
    assert texts(page, "left")[0].endswith("epoch 1 loss 0.5")
    assert texts(page, "right")[3] == "the end of it"
    marks = [mark.text for mark in every(page, ".log-lines mark")]
    assert marks == ["5", "7"]
    assert one(page, "#l1")["class"] == "line differs"
    assert every(page, ".ansi-green")[0].text == "epoch 1"
    assert one(page, "#l2")["class"] == "line level-error"
    assert len(every(page, ".filler")) == 1
    assert one(page, "#r3 a")["href"] == f"{pair}&of=right&line=3"


def test_another_file_can_be_chosen_on_each_side(browser: Client, pair: str) -> None:
    page = browser.get(f"{PAGE}{pair}&to=logs/other.txt").text
    assert texts(page, "right") == ["another file"]
    page = browser.get(f"{PAGE}{pair}&left=run-2&right=run-1").text
    assert texts(page, "left")[-1] == "the end of it"
    # Two files of one run.
    page = browser.get(f"{PAGE}?run=run-2&to=logs/other.txt").text
    assert texts(page, "right") == ["another file"]


def test_a_missing_file_is_named_and_the_main_log_is_shown(
    browser: Client, pair: str
) -> None:
    page = browser.get(f"{PAGE}{pair}&path=logs/none.txt").text
    assert "This run has no file logs/none.txt. Its main log is shown" in page
    assert texts(page, "left")[2] == "same"


def test_with_one_run_the_other_log_is_chosen(browser: Client, pair: str) -> None:
    page = browser.get(f"{PAGE}?run=run-2&path={LOG}").text
    offered = every(page, "#compare-offer a")
    assert [each["href"] for each in offered] == [f"?run=run-2&run=run-1&path={LOG}"]
    files = every(page, ".log-pane-files a")
    assert [each["href"] for each in files] == [
        f"?run=run-2&path={LOG}&to=logs/other.txt"
    ]
    answer = browser.get(f"{PAGE}?run=run-2&path={LOG}&add=run-1")
    assert answer["Location"] == f"?run=run-2&run=run-1&path={LOG}"


def test_a_search_lists_the_hits_of_both_logs(browser: Client, pair: str) -> None:
    page = browser.get(f"{PAGE}{pair}&q=loss .\\..&regex=1").text
    hits = [every(page, f"[data-side={side}] .log-hit") for side in ("left", "right")]
    assert [len(each) for each in hits] == [1, 1]
    assert hits[1][0]["href"].endswith("&of=right&line=1#L1")
    assert browser.get(f"{PAGE}{pair}&q=(&regex=1").status_code == 400


def test_lines_of_the_same_time_are_aligned(browser: Client, pair: str) -> None:
    page = browser.get(f"{PAGE}{pair}&align=clock").text
    assert one(page, "#log-pair")["data-align"] == "clock"
    assert len(every(page, ".filler")) == 7
    page = browser.get(f"{PAGE}?run=run-1&run=run-2&to=logs/other.txt&align=clock").text
    assert "Not both logs have time stamps" in page


def test_only_lines_with_a_level_or_a_text_are_shown(
    browser: Client, pair: str
) -> None:
    page = browser.get(f"{PAGE}{pair}&level=error").text
    assert [texts(page, side) for side in ("left", "right")] == [["ERROR <b>"]] * 2
    chosen = one(page, "#pair-form [name=level] option[selected]")
    assert chosen["value"] == "error"
    # Without `only`, a text is just searched for.
    assert len(texts(browser.get(f"{PAGE}{pair}&q=end").text, "left")) == 3
    for address in (PAGE, ROWS):
        rows = browser.get(f"{address}{pair}&q=END of&only=1").text
        assert (texts(rows, "left"), texts(rows, "right")) == ([], ["the end of it"])
    assert browser.get(f"{ROWS}{pair}&q=(&regex=1&only=1").status_code == 400


def test_rows_are_read_without_a_script(browser: Client, run: Run) -> None:
    keep(run, "a.txt", b"".join(b"a %d\n" % n for n in range(1, 1001)))
    keep(run, "b.txt", b"".join(b"b %d\n" % n for n in range(1, 901)))
    address = f"{PAGE}?run=run-1&path=a.txt&to=b.txt"
    page, seen = browser.get(address).text, []
    while True:
        seen += texts(page, "left")
        later = [
            each for each in every(page, ".log-page a") if each.text == "Later lines"
        ]
        if not later:
            break
        page = browser.get(PAGE + later[0]["href"]).text
    assert seen == [f"a {n}" for n in range(1, 1001)]
    page = browser.get(f"{address}&line=500&of=right").text
    assert [each["id"] for each in every(page, ".line.marked")] == ["l500", "r500"]


def test_unchanged_rows_are_not_sent_again(
    browser: Client, run: Run, pair: str
) -> None:
    answer = browser.get(ROWS + pair)
    assert one(answer.text, ".log-pair-rows")["data-stop"] == "5-5"
    headers = {"If-None-Match": answer["ETag"]}
    assert browser.get(ROWS + pair, headers=headers).status_code == 304
    keep(run, LOG, b"other\n")
    assert browser.get(ROWS + pair, headers=headers).status_code == 200


@pytest.mark.parametrize("query", ["start=1", "before=1-x", "line=-2"])
def test_a_wrong_position_is_refused(browser: Client, pair: str, query: str) -> None:
    assert browser.get(f"{ROWS}{pair}&{query}").status_code == 400


def test_the_number_of_queries_is_fixed(
    browser: Client, pair: str, new_run: Callable[[str], Run]
) -> None:
    def cost(query: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert browser.get(PAGE + query).status_code == 200
        return len(asked)

    browser.get(PAGE + pair)
    before = cost(pair)
    for number in range(3, 9):
        other = new_run(f"run-{number}")
        keep(other, LOG, b"line\n")
        pair += f"&run=run-{number}"
    assert cost(pair) == before


def test_the_comparison_and_a_log_lead_here(browser: Client, pair: str) -> None:
    page = browser.get(f"/w/default/compare/{pair}").text
    assert f'href="{PAGE}{pair.replace("&", "&amp;")}"' in page
    page = browser.get(f"/w/default/runs/run-1/files/?path={LOG}").text
    assert f"{PAGE}?run=run-1&amp;path={LOG}" in page
