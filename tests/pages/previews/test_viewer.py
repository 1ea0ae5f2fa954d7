"""The registry of previews: which kind shows a file, within which budget."""

from __future__ import annotations

import io
from contextlib import closing
from functools import partial

import pytest

from runs.pages.previews import BudgetExceeded, FileContent, PreviewReader
from runs.pages.previews.registry import KINDS
from runs.pages.previews.viewer import preview_file


def file_of(name: str, data: bytes) -> FileContent:
    return FileContent(name, len(data), lambda: closing(io.BytesIO(data)))


def test_views_have_words_of_their_own() -> None:
    views = [kind.view_name for kind in KINDS]
    assert len(views) == len(set(views))


@pytest.mark.parametrize(
    ("name", "data", "view", "kind", "others"),
    [
        ("a.txt", b"text", "", "text", []),
        ("a.csv", b"a,b\n1,2\n", "", "table", ["source"]),
        ("a.csv", b"a,b\n1,2\n", "source", "text", [""]),
        ("a.csv", b"a,b\n1,2\n", "unknown", "table", ["source"]),
        ("a.html", b"<p>", "", "text", ["html"]),
        ("a.html", b"<p>", "html", "html", [""]),
        ("a.bin", b"\0\1", "", "bytes", []),
        ("a.json", b"{}", "", "json", ["source"]),
    ],
)
def test_a_file_has_a_first_view_and_links_to_the_others(
    name: str, data: bytes, view: str, kind: str, others: list[str]
) -> None:
    preview = preview_file(file_of(name, data), view=view, href="?path=x")
    assert preview.kind == kind
    links = [link.href.partition("&view=")[2] for link in preview.views]
    assert links == others


def test_a_reader_stops_at_its_budget() -> None:
    reader = PreviewReader(file_of("a", b""), io.BytesIO(b"x" * 100), 10, 5)
    reader.size = 100
    assert reader.read(8) == b"x" * 8
    with pytest.raises(BudgetExceeded):
        reader.read(3)


def test_a_seek_in_a_packed_file_costs_what_it_unpacks() -> None:
    file = FileContent("a", 100, partial(closing, io.BytesIO()), is_packed=True)
    reader = PreviewReader(file, io.BytesIO(b"x" * 100), 50, 5)
    with pytest.raises(BudgetExceeded):
        reader.read_at(90, 1)


def test_bytes_after_the_recorded_size_are_not_shown() -> None:
    reader = PreviewReader(file_of("a.log", b"one"), io.BytesIO(b"one, two"), 100, 5)
    assert reader.read() == b"one"
