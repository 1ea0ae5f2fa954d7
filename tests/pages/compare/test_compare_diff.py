"""Files, sources and packages of runs side by side, and how they differ."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.files.files import save_file
from runs.actions.files.snapshots import save_snapshot
from runs.models import Run
from tests.pages.compare.test_compare import COMPARE, asked, rows
from tests.pages.metrics.test_metric_kinds import PNG
from tests.parts.elements import hrefs, one, texts

pytestmark = pytest.mark.django_db

HEAD = "".join(f"line {n}\n" for n in range(20))
OLD = f"{HEAD}sched = StepLR(opt, step_size=30)\nend <b>\n"
NEW = f"{HEAD}sched = CosineLR(opt, T_max=30)\nend <b>\n"


def zipped(**members: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return made.getvalue()


@pytest.fixture
def keep(log: Any, files_dir: Path, actor: Actor, now: int) -> Any:
    """Makes a run with sources and files."""

    def make(name: str, source: bytes, **files: bytes) -> Run:
        run: Run = log(name)
        act: dict[str, Any] = {"actor": actor, "now": now}
        save_snapshot(run, [source], **act)
        for path, data in files.items():
            save_file(run, path.replace("__", "."), [data], limit=10**6, **act)
        return run

    return make


def shown(page: Any) -> list[tuple[str, str]]:
    """The lines of the card, without their marks' tags: kind and text."""
    found = re.findall(r'<tr class="(\w+)">(.*?)</tr>', page.text, re.DOTALL)
    texts = [(kind, re.findall(r"<code>(.*?)</code>", row)) for kind, row in found]
    return [(kind, code[0]) for kind, code in texts if code]


def test_a_changed_source_file_is_shown_with_marked_words(
    visitor: Client, keep: Any
) -> None:
    keep("a", zipped(train__py=OLD, same__py="x = 1\n"))
    keep("b", zipped(train__py=NEW, same__py="x = 1\n"))
    page = visitor.get(COMPARE, asked("a", "b"))
    assert set(rows(page)) >= {"train.py"}
    assert "same.py" not in rows(page)
    lines = shown(page)
    assert ("same", "end &lt;b&gt;") in lines
    assert ("del", "sched = <mark>StepLR</mark>(opt, <mark>step_size</mark>=30)") in (
        lines
    )
    assert ("ins", "sched = <mark>CosineLR</mark>(opt, <mark>T_max</mark>=30)") in (
        lines
    )
    assert "17 equal lines" in page.text
    assert "1 of 2 files with differences" in page.text


def test_texts_are_shown_side_by_side(visitor: Client, keep: Any) -> None:
    keep("a", zipped(train__py=OLD))
    keep("b", zipped(train__py=NEW))
    page = visitor.get(COMPARE, asked("a", "b", view="side"))
    [row] = re.findall(r"<tr>(?:(?!</tr>).)*StepLR.*?</tr>", page.text, re.DOTALL)
    assert "CosineLR" in row


def test_the_file_and_the_other_run_can_be_chosen(visitor: Client, keep: Any) -> None:
    keep("a", zipped(a__py="1\n"), out__txt=b"one\n", image__png=b"\x89PNG1")
    keep("b", zipped(a__py="1\n"), out__txt=b"two\n", image__png=b"\x89PNG2")
    keep("c", zipped(a__py="2\n"), out__txt=b"three\n")
    text = visitor.get(COMPARE, asked("a", "b", "c", diff="files:out.txt", against="c"))
    assert shown(text) == [("del", "one"), ("ins", "three")]
    # Another file is of the other run that was chosen.
    assert "diff=source:a.py&amp;against=c" in text.text
    picture = visitor.get(COMPARE, asked("a", "b", diff="files:image.png"))
    assert "/runs/b/files/raw/image.png?inline=1" in picture.text
    gone = visitor.get(COMPARE, asked("a", "b", diff="files:nosuch"))
    assert "out.txt" in gone.text


def test_files_are_counted_as_in_the_table_and_texts_come_first(
    visitor: Client, keep: Any
) -> None:
    same = zipped(same__py="x = 1\n")
    keep("a", same, a__bin=b"\x00\x01", out__txt=b"one\n")
    keep("b", same, a__bin=b"\x00\x02", out__txt=b"two\n", more__txt=b"three\n")
    page = visitor.get(COMPARE, asked("a", "b"))
    assert one(page, "#diff-files summary").text == "3 of 4 files with differences"
    assert "3 of 3 with differences" in texts(page, "tbody th .small")
    assert one(page, "#h-diff").text == one(page, "#h-diff")["title"] == "out.txt"


def test_missing_files_and_images_are_named(visitor: Client, keep: Any) -> None:
    keep("a", zipped(train__py=OLD))
    keep("b", zipped(train__py=NEW))
    query = asked("a", "b", diff="files:gone<b>.txt", image="none")
    page = visitor.get(COMPARE, query)
    assert "No file gone&lt;b&gt;.txt differs from the baseline." in page.text
    assert "These runs have no media none." in page.text
    assert shown(page)
    page = visitor.get(COMPARE, asked("a", "b", diff="source:train.py"))
    assert "were ignored" not in page.text
    page = visitor.get(COMPARE, asked("a", "b", diff="files:train.py"))
    assert "No file train.py differs" in page.text


def test_binary_content_is_reported_as_not_text(visitor: Client, keep: Any) -> None:
    keep("a", zipped(a__py="1\n"), out__bin=b"\x00one")
    keep("b", zipped(a__py="1\n"), out__bin=b"\x00two")
    page = visitor.get(COMPARE, asked("a", "b"))
    assert one(page, "#diff p.card-body").text == "These are not text files."


def test_images_are_shown_side_by_side_by_step(visitor: Client, keep: Any) -> None:
    logged = "images__d__curve%step%{}%timestamp%1%ab__png"
    pictures = {n: logged.format(n).replace("__d__", "/") for n in (0, 10, 20)}
    keep("a", zipped(a__py=""), **{pictures[0]: PNG, pictures[20]: PNG})
    keep("b", zipped(a__py=""), **{pictures[10]: PNG})
    page = visitor.get(COMPARE, asked("a", "b", step="15")).text
    shown = re.findall(r'<img src="([^"]*)"', page)
    assert ["step%250%" in shown[0], "step%2510%" in shown[1]] == [True, True]
    assert 'data-steps="0,10,20"' in page
    first = visitor.get(COMPARE, asked("a", "b", step="0", image="curve")).text
    assert "No media" in first


def test_packages_are_rows_in_the_environment_section(
    visitor: Client, keep: Any
) -> None:
    keep("a", zipped(requirements__txt="torch==2.1\nnumpy==2.0  # why\n"))
    keep("b", zipped(requirements__txt="torch==2.2\nnumpy==2.0\ntimm>=1\n"))
    conda = b"name: x\nchannels:\n- forge\ndependencies:\n- python=3.11\n- pip:\n"
    keep("c", zipped(a__py=""), conda__yaml=conda + b"  - torch==2.1\n")
    found = rows(visitor.get(COMPARE, asked("a", "b", "c")))
    assert found["torch"] == ["2.1", "2.2", "2.1"]
    assert found["timm"] == ["not set", "&gt;=1", "not set"]
    assert found["python"] == ["not set", "not set", "3.11"]
    assert "forge" not in found


def test_a_cut_file_shows_how_much_is_missing(visitor: Client, keep: Any) -> None:
    keep("a", zipped(a__py=""), log__txt=b"a\nb\n" * 60_000)
    keep("b", zipped(a__py=""), log__txt=b"a\nc\n" * 60_000)
    page = visitor.get(COMPARE, asked("a", "b"))
    assert "Only the first 10,000 lines of each file are compared." in page.text
    assert "14,000 more lines are not shown." in page.text
    assert {kind for kind, _text in shown(page)} == {"same", "del", "ins"}
    assert len(shown(page)) == 1000
    for name in "ab":
        assert f'/runs/{name}/files/raw/log.txt?inline=1"' in page.text


def test_a_difference_beyond_the_limit_is_not_reported_as_line_ends(
    visitor: Client, keep: Any
) -> None:
    keep("a", zipped(a__py=""), log__txt=b"abc\n" * 140_000 + b"a\n")
    keep("b", zipped(a__py=""), log__txt=b"abc\n" * 140_000 + b"b\n")
    page = visitor.get(COMPARE, asked("a", "b"))
    assert "The compared files are the same." in page.text
    assert "Only the first 524 KB of each file are compared." in page.text
    raw = "/w/default/runs/b/files/raw/log.txt?inline=1"
    assert raw in hrefs(page, "#diff p a")


def test_a_long_line_is_shown_where_it_differs(visitor: Client, keep: Any) -> None:
    keep("a", zipped(a__py="x" * 100_000 + "old" + "y" * 100_000))
    keep("b", zipped(a__py="x" * 100_000 + "new" + "y" * 100_000))
    page = visitor.get(COMPARE, asked("a", "b"))
    (gone, old), (come, new) = shown(page)
    assert (gone, come) == ("del", "ins")
    assert "xoldy" in old
    assert "xnewy" in new
    assert len(page.text) < 50_000


def test_a_long_change_shows_both_of_its_sides(visitor: Client, keep: Any) -> None:
    old = "".join(f"old {n}\n" for n in range(3_000))
    keep("a", zipped(a__py=old))
    keep("b", zipped(a__py=old.replace("old", "a wholly other line")))
    kinds = [kind for kind, _text in shown(visitor.get(COMPARE, asked("a", "b")))]
    assert kinds.count("del") == kinds.count("ins") == 500


def test_long_values_are_shown_where_they_differ(visitor: Client, log: Any) -> None:
    start = "same words " * 5_000
    log("a", params={"cmd": f"{start}--lr 0.1"})
    log("b", params={"cmd": f"{start}--lr 0.2"})
    page = visitor.get(COMPARE, asked("a", "b"))
    [other] = re.findall(r"<span>([^<]*--lr 0.*?)</span></td>", page.text)
    assert other.endswith("--lr 0.<mark>2</mark>")
    assert "Long values are shortened" in page.text
    assert len(page.text) < 50_000
