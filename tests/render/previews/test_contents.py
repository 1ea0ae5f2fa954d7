"""Previews: unknown bytes as lines and tables."""

from __future__ import annotations

import pytest

from runs.render.files.file_kinds import (
    FileKind,
    file_icon,
    file_kind,
    inline_content_type,
)
from runs.render.files.file_tree import TreeFile, build_tree
from runs.render.files.text_lines import (
    MAX_LINE_CHARS,
    decode_text,
    lines_of_both_ends,
    numbered_lines,
)
from runs.render.run.error_headline import headline_of_error, split_traceback


def texts(data: bytes) -> list[str]:
    return [line for _number, line in numbered_lines(decode_text(data))]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\r\nb", ["a", "b"]),
        (b"", []),
        (b"\n\nx", ["", "", "x"]),
        (b"\x1b[32mok\x1b[0m", ["ok"]),
        (b"\x1b]8;;http://x\x07link\x1b]8;;\x07", ["link"]),
        (b"10%\r50%\r100%\ndone", ["100%", "done"]),
        (b"\xff\xfea\x00b\x00", ["ab"]),
        (b"\xef\xbb\xbfx", ["x"]),
        ("中文".encode(), ["中文"]),
        (b"\xff\xfe\xfd", ["\ufffd"]),
    ],
)
def test_carriage_returns_overwrite_as_in_a_terminal(
    data: bytes, shown: list[str]
) -> None:
    got = texts(data)
    assert len(got) == len(shown)
    if "\ufffd" not in "".join(shown):
        assert got == shown


def test_an_endless_line_is_cut() -> None:
    assert len(texts(b"x" * 1_000_000)[0]) == MAX_LINE_CHARS + 1


def test_the_last_lines_of_a_long_file_keep_their_numbers() -> None:
    cut = lines_of_both_ends(b"a\nb\n", b"y\nz\n", 100, between=6)
    assert cut.first == [(1, "a"), (2, "b")]
    assert cut.last == [(9, "y"), (10, "z")]
    uncounted = lines_of_both_ends(b"a\n", b"z\n", 10**10, between=None)
    assert uncounted.last == [(None, "z")]


@pytest.mark.parametrize(
    ("name", "kind", "icon"),
    [
        ("a.PNG", FileKind.IMAGE, "image"),
        ("a.json", FileKind.JSON, "json"),
        ("a.html", FileKind.HTML, "code"),
        ("train.py", FileKind.TEXT, "code"),
        ("Makefile", FileKind.TEXT, "file"),
        ("MLmodel", FileKind.TEXT, "file"),
        ("x.csv", FileKind.TABLE, "file"),
    ],
)
def test_the_file_name_decides_the_kind_of_preview(
    name: str, kind: FileKind, icon: str
) -> None:
    assert (file_kind(name), file_icon(name)) == (kind, icon)


@pytest.mark.parametrize("name", ["a.js", "a.xhtml", "a.xml", "a.txt", "html", "pdf"])
def test_only_pictures_and_sandboxed_pages_are_shown_inline(name: str) -> None:
    assert inline_content_type(name) is None


def test_the_tree_has_folders_first_and_opens_those_of_the_chosen_file() -> None:
    names = ["z.txt", "a/b/c.txt", *(f"a/x/{n}.txt" for n in range(60))]
    root = build_tree(
        TreeFile(n.split("/")[-1], n, 1, "#", n == "a/b/c.txt") for n in names
    )
    [a] = root.sorted_folders
    assert [(folder.name, folder.open) for folder in a.sorted_folders] == [
        ("b", True),
        ("x", False),
    ]
    assert [leaf.name for leaf in root.leaves] == ["z.txt"]


TRACEBACK = """Traceback (most recent call last):
  File "a.py", line 1, in <module>
    main()
torch.OutOfMemoryError: CUDA out of memory.
GPU 0 has 23 GiB"""


def test_a_traceback_is_named_by_its_exception() -> None:
    assert headline_of_error(TRACEBACK) == "torch.OutOfMemoryError: CUDA out of memory."
    frames, message = split_traceback(TRACEBACK)
    assert frames.endswith("main()\n")
    assert message.startswith("torch.OutOfMemoryError")


@pytest.mark.parametrize(("text", "line"), [("", ""), ("Disk full\nx", "Disk full")])
def test_another_error_is_named_by_its_first_line(text: str, line: str) -> None:
    assert headline_of_error(text) == line
