"""The run page's tab Outputs + logs, and the files behind it."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.run.runs import create_run
from runs.models import Experiment, LoggedModel, Run
from runs.pages.files.log_view import FIRST_LINES
from tests.pages.metrics.test_metric_kinds import PNG
from tests.pages.run.run_page import PAGE, browser, cost, keep
from tests.parts.elements import every, one, texts
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

FILES = f"{PAGE}files/"
RAW = f"{FILES}raw/"


@pytest.fixture
def model(run: Run) -> LoggedModel:
    return LoggedModel.objects.create(
        workspace=run.workspace,
        experiment=run.experiment,
        model_id="m-1",
        name="classifier",
        status="LOGGED_MODEL_READY",
        source_id=run.run_id,
        source_run=run,
        created=NOON,
        updated=NOON,
    )


def viewer(browser: Client, query: str = "") -> str:
    page = browser.get(FILES + query).text
    return page[page.index('id="file-view"') :]


def lines(browser: Client, query: str = "") -> list[str]:
    return re.findall(r"<code>(.*?)</code>", viewer(browser, query))


def test_a_run_without_files_says_so(browser: Client, run: Run) -> None:
    page = browser.get(FILES)
    assert one(page, "#run-tree .side-note").text == "No files yet"
    assert every(page, "#run-tree .leaf") == []


def test_the_tree_lists_every_file(browser: Client, run: Run) -> None:
    for path in ("logs/std_log.txt", "outputs/deep/a b.txt", "é.txt"):
        keep(run, path)
    page = browser.get(FILES)
    assert page.context["head"].files == 3
    for text in ("std_log.txt", "deep", "path=outputs/deep/a%20b.txt", "%C3%A9.txt"):
        assert text in page.text


def test_the_log_is_open_by_default(browser: Client, run: Run) -> None:
    keep(run, "a.txt", b"a")
    keep(run, "logs/std_log.txt", b"one\ntwo\n")
    assert lines(browser) == ["one", "two"]


def test_lines_have_anchors_and_no_markup_of_the_file(
    browser: Client, run: Run
) -> None:
    keep(run, "a.txt", b"<script>alert(1)</script>\n{{ x }}")
    shown = viewer(browser, "?path=a.txt")
    assert [line["id"] for line in every(shown, ".line")] == ["L1", "L2"]
    code = texts(shown, ".line code")
    assert code == ["<script>alert(1)</script>", "{{ x }}"]


def test_a_large_file_opens_at_its_end_with_line_numbers(
    browser: Client, run: Run
) -> None:
    text = "".join(f"line {n:07}\n" for n in range(1, 200_001)).encode()
    keep(run, "big.log", text)
    shown = viewer(browser, "?path=big.log")
    assert [line["id"] for line in every(shown, ".line")] == [
        f"L{number}" for number in range(200_001 - FIRST_LINES, 200_001)
    ]


@pytest.mark.parametrize(
    ("query", "first"),
    [("line=5000", 4960), ("line=5000&top=1", 5000), ("line=1", 1), ("line=9e9", 0)],
)
def test_a_window_begins_where_the_address_says(
    browser: Client, run: Run, query: str, first: int
) -> None:
    keep(run, "big.log", b"x\n" * 9000)
    answer = browser.get(f"{FILES}?path=big.log&{query}")
    if not first:
        assert answer.status_code == 400
        return
    assert every(answer.text, ".line")[0]["id"] == f"L{first}"


@pytest.mark.parametrize(
    ("path", "data", "shown"),
    [
        ("a.csv", b"id,label\n1,cat\n", "<td>cat</td>"),
        (
            "a.json",
            b'{"a":1}',
            '<span class="called">a</span> <span class="value">1</span>',
        ),
        ("t.json", b'{"columns":["c"],"data":[[1]]}', '<td class="number">1</td>'),
        ("broken.json", b"{", "<code>{</code>"),
        ("a.md", b"# T\n*x*", "<em>x</em>"),
        ("a.png", PNG, f'<img src="{RAW}a.png?inline=1"'),
        ("a.html", b"<b>x</b>", "<code>&lt;b&gt;x&lt;/b&gt;</code>"),
        ("a.bin", b"\x00\x01", "This file has no preview"),
        ("empty.txt", b"", "Empty file"),
    ],
)
def test_a_file_is_shown_by_its_type(
    browser: Client, run: Run, path: str, data: bytes, shown: str
) -> None:
    keep(run, path, data)
    assert shown in viewer(browser, f"?path={path}")


@pytest.mark.parametrize("path", ["a.csv", "a.json", "a.md", "a.html", "a.svg"])
def test_the_source_of_a_rendered_file_can_be_shown(
    browser: Client, run: Run, path: str
) -> None:
    keep(run, path, b"<b>1,2</b>")
    assert lines(browser, f"?path={path}&view=source") == ["&lt;b&gt;1,2&lt;/b&gt;"]


def test_a_page_is_shown_only_on_request(browser: Client, run: Run) -> None:
    keep(run, "a.html", b"<b>x</b>")
    button = next(
        link
        for link in every(viewer(browser, "?path=a.html"), "a.tool")
        if link.text == "Preview HTML"
    )
    frame = one(browser.get(button["href"]), "iframe.view-frame")
    assert (frame["src"], frame["sandbox"]) == (f"{RAW}a.html?inline=1", "")


@pytest.mark.parametrize("path", ["no.txt", "../x", "/etc/passwd", "a//b", "a\x00b"])
def test_a_path_outside_the_run_is_refused(
    browser: Client, run: Run, path: str
) -> None:
    keep(run, "a.txt")
    assert browser.get(FILES, {"path": path}).status_code in (400, 404)


def test_a_download_is_an_attachment_with_a_neutral_type(
    browser: Client, run: Run
) -> None:
    keep(run, "a/page.html", b"<script>alert(1)</script>")
    answer = browser.get(f"{RAW}a/page.html")
    assert answer.getvalue() == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["Content-Length"] == "25"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.png", "image/png")],
)
def test_inline_files_are_sandboxed(
    browser: Client, run: Run, name: str, kind: str
) -> None:
    keep(run, name)
    answer = browser.get(f"{RAW}{name}?inline=1")
    assert answer["Content-Type"].partition(";")[0] == kind
    assert answer["Content-Security-Policy"].startswith("sandbox;")


def test_other_types_are_never_shown_inline(browser: Client, run: Run) -> None:
    keep(run, "a.js")
    answer = browser.get(f"{RAW}a.js?inline=1")
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_file_with_a_name_in_any_script_can_be_downloaded(
    browser: Client, run: Run
) -> None:
    keep(run, 'é "中".txt')
    answer = browser.get(RAW + "%C3%A9%20%22%E4%B8%AD%22.txt")
    assert answer.status_code == 200
    assert "filename*=utf-8''" in answer["Content-Disposition"]


def test_a_path_is_decoded_once(browser: Client, run: Run) -> None:
    keep(run, "a%2Fb.txt", b"literal")
    assert browser.get(f"{RAW}a%252Fb.txt").getvalue() == b"literal"
    assert browser.get(f"{RAW}a%252F..%252Fb.txt").status_code == 404


def test_an_unchanged_file_costs_a_304(browser: Client, run: Run) -> None:
    keep(run, "a.png")
    headers = {"If-None-Match": browser.get(f"{RAW}a.png")["ETag"]}
    assert browser.get(f"{RAW}a.png", headers=headers).status_code == 304


def test_a_file_of_another_run_is_not_readable(
    browser: Client, experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    other = create_run(experiment, run_id="other", actor=actor, now=now)
    keep(other, "secret.txt")
    assert browser.get(f"{RAW}secret.txt").status_code == 404
    assert browser.get("/w/default/runs/other/files/raw/secret.txt").status_code == 200


def test_files_of_a_model_are_readable_through_its_run(
    browser: Client, run: Run, model: LoggedModel
) -> None:
    keep(model, "MLmodel", b"flavors:\n")
    page = browser.get(f"{FILES}?model=m-1")
    assert ("classifier" in page.text, "flavors:" in page.text) == (True, True)
    assert browser.get(f"{PAGE}models/m-1/MLmodel").getvalue() == b"flavors:\n"


def test_files_of_a_model_of_another_run_are_not_readable(
    browser: Client, experiment: Experiment, model: LoggedModel, actor: Actor, now: int
) -> None:
    keep(model, "MLmodel")
    create_run(experiment, run_id="other", actor=actor, now=now)
    address = "/w/default/runs/other/models/m-1/MLmodel"
    assert browser.get(address).status_code == 404


def test_the_archive_has_every_file(
    browser: Client, run: Run, model: LoggedModel
) -> None:
    keep(run, "logs/a.txt", b"a" * 100_000)
    keep(run, "é.txt", b"")
    keep(model, "MLmodel", b"m")
    answer = browser.get(f"{FILES}all.zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == ["logs/a.txt", "models/m-1/MLmodel", "é.txt"]
    assert answer["Content-Disposition"] == 'attachment; filename="run-1.zip"'


def test_the_tab_costs_the_same_for_any_number_of_files(
    browser: Client, run: Run, model: LoggedModel, files_dir: Path
) -> None:
    keep(run, "a.txt")
    before = cost(browser, FILES)
    for n in range(20):
        keep(run, f"logs/{n}.txt")
        keep(model, f"{n}.txt")
    assert cost(browser, FILES) == before
    # One of them reads the names of files since the last scan for media, which the
    # tab Media counts.
    assert before <= 14
