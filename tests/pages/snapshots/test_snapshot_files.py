"""The run page's tab Snapshot: the sources that a run was started from."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.files.snapshots import save_snapshot
from runs.models import Run, User
from runs.render.files.code_highlighting import MAX_HIGHLIGHTED_CHARS
from tests.pages.run.run_page import PAGE, browser, cost
from tests.parts.elements import one
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

TAB = f"{PAGE}snapshot/"
TRAIN = 'import math\n\n# <b>why</b>\ndef loss(x):\n    return """a\nb""" * 2\n'


@pytest.fixture
def sources(run: Run, owner: User, files_dir: Path) -> None:
    Run.objects.filter(pk=run.pk).update(script="src/train.py")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        opened.writestr("lib/model.py", "x = 1\n")
        opened.writestr("train.py", TRAIN)
        opened.writestr("README.md", "# Words\n\n<script>alert(1)</script>")
        opened.writestr("page.html", "<script>alert(1)</script>")
        opened.writestr("long.py", "x = 1\n" * (MAX_HIGHLIGHTED_CHARS // 6 + 1))
    save_snapshot(run, [target.getvalue()], actor=Actor(owner), now=NOON)


def viewer(browser: Client, query: str = "") -> str:
    page = browser.get(TAB + query).text
    return page[page.index('id="file-view"') :]


def test_a_run_without_a_snapshot_explains_how_to_take_one(
    browser: Client, run: Run
) -> None:
    assert one(browser.get(TAB), "#run-snapshot .empty h2").text == "No snapshot"


@pytest.mark.usefixtures("sources")
def test_the_sources_are_listed_and_the_script_is_open(browser: Client) -> None:
    page = browser.get(TAB).text
    for text in ("lib", "path=lib/model.py", "train.py", "snapshot/all.zip"):
        assert text in page
    lines = re.findall(r"<code>(.*?)</code>", viewer(browser))
    assert lines[0] == '<span class="word">import</span> math'
    assert lines[2] == '<span class="note"># &lt;b&gt;why&lt;/b&gt;</span>'
    assert lines[3].startswith('<span class="word">def</span> <span class="called">')
    assert lines[4].endswith('<span class="text">&quot;&quot;&quot;a</span>')
    assert lines[5].startswith('<span class="text">b&quot;&quot;&quot;</span>')
    assert len(lines) == 6


@pytest.mark.usefixtures("sources")
def test_a_long_source_is_shown_plain(browser: Client) -> None:
    assert "<code>x = 1</code>" in viewer(browser, "?path=long.py")


@pytest.mark.usefixtures("sources")
def test_source_files_run_no_script(browser: Client) -> None:
    assert "<script>alert" not in viewer(browser, "?path=README.md")
    shown = browser.get(f"{TAB}raw/page.html?inline=1")
    assert "sandbox" in shown["Content-Security-Policy"]


@pytest.mark.usefixtures("sources")
def test_a_source_and_the_archive_are_downloaded(browser: Client) -> None:
    raw = browser.get(f"{TAB}raw/train.py")
    assert raw.getvalue() == TRAIN.encode()
    assert raw["Content-Disposition"].startswith("attachment")
    again = browser.get(f"{TAB}raw/train.py", headers={"If-None-Match": raw["ETag"]})
    assert again.status_code == 304
    packed = browser.get(f"{TAB}all.zip").getvalue()
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert opened.read("train.py") == TRAIN.encode()


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize("path", ["?path=no.py", "raw/no.py", "raw/../train.py"])
def test_files_outside_the_snapshot_are_not_found(browser: Client, path: str) -> None:
    assert browser.get(TAB + path).status_code == 404


@pytest.mark.usefixtures("sources")
def test_the_tab_costs_a_fixed_number_of_queries(browser: Client) -> None:
    assert cost(browser, TAB) == cost(browser, f"{TAB}?path=lib/model.py")
