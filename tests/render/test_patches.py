"""Unified diffs of git, as files with numbered and marked lines."""

from __future__ import annotations

import pytest

from runs.render.compare import read_patch

PATCH = """\
diff --git a/train.py b/train.py
index 1..2 100644
--- a/train.py
+++ b/train.py
@@ -1,3 +1,3 @@
 import os
-rate = sum(values) / 10
+rate = sum(values) / 20
 done
@@ -40,2 +40,3 @@ def main():
 x
+<b>
 y
"""


def lines(text: str) -> list[tuple[str, int | None, int | None, str]]:
    [file] = read_patch(text).files
    return [(line.kind, line.old, line.new, str(line.html)) for line in file.lines]


def test_lines_have_their_numbers_and_marked_words() -> None:
    assert lines(PATCH) == [
        ("same", 1, 1, "import os"),
        ("del", 2, None, "rate = sum(values) / <mark>10</mark>"),
        ("ins", None, 2, "rate = sum(values) / <mark>20</mark>"),
        ("same", 3, 3, "done"),
        ("fold", None, None, ""),
        ("same", 40, 40, "x"),
        ("ins", None, 41, "&lt;b&gt;"),
        ("same", 41, 42, "y"),
    ]


def test_a_fold_counts_the_lines_between_two_parts() -> None:
    [file] = read_patch(PATCH).files
    assert [line.count for line in file.lines if line.kind == "fold"] == [36]
    assert (file.added, file.removed) == (2, 1)


@pytest.mark.parametrize(
    ("head", "path", "change"),
    [
        ("new file mode 100644\n--- /dev/null\n+++ b/a b.py", "a b.py", "added"),
        ("deleted file mode 100644\n--- a/x.py\n+++ /dev/null", "x.py", "deleted"),
        ("rename from x.py\nrename to y.py", "y.py", "renamed"),
        ("Binary files a/x.py and b/x.py differ", "x.py", "changed"),
        ("", "x.py", "changed"),
    ],
)
def test_a_file_has_its_path_and_change(head: str, path: str, change: str) -> None:
    text = f"diff --git a/x.py b/x.py\n{head}\n"
    [file] = read_patch(text).files
    assert (file.path, file.change) == (path, change)
    assert file.is_binary == head.startswith("Binary")


@pytest.mark.parametrize(
    "text", ["", "no patch", "@@ -1 +1 @@\n-x", "\x00\n+++ b/x", "diff --git"]
)
def test_other_texts_are_no_patch(text: str) -> None:
    assert read_patch(text).files == []


def test_hostile_heads_fail_nothing() -> None:
    text = "diff --git \n@@ -99999999999 +1 @@\n@@ x\n-a\n+b\n\\ No newline\n"
    assert len(read_patch(text).files) == 1


def test_a_long_patch_is_cut_and_counted() -> None:
    text = PATCH + "+line\n" * 100_000
    found = read_patch(text)
    assert sum(len(file.lines) for file in found.files) < 3_100
    assert found.more > 97_000
