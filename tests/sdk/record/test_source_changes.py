"""The uncommitted changes of a repository, without secrets and with a limit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from studio.sdk.run_record import source_changes
from studio.sdk.run_record.source_changes import (
    DIFF_VARIABLE,
    MAX_DIFF_BYTES,
    read_diff,
)


def git(folder: Path, *words: str) -> None:
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository of two committed files."""
    git(tmp_path, "init", "-q")
    (tmp_path / "sub").mkdir()
    for name in ("train.py", ".env", "sub/other.py"):
        (tmp_path / name).write_text("one\n")
    git(tmp_path, "add", "-f", ".")
    git(tmp_path, "commit", "-qm", "x")
    return tmp_path


def test_the_diff_has_all_changed_files_of_the_repository(folder: Path) -> None:
    (folder / "train.py").write_text("two\n")
    (folder / "sub/other.py").unlink()
    git(folder, "config", "color.diff", "always")
    git(folder, "config", "diff.noprefix", "true")
    diff = read_diff(folder / "sub")
    assert "--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-one\n+two\n" in diff
    assert "deleted file" in diff
    assert "\x1b" not in diff


def test_secrets_stay_out(folder: Path) -> None:
    (folder / ".env").write_text("TOKEN=1\n")
    assert read_diff(folder) == ""
    (folder / "train.py").write_text("connect('https://me:secret@host/')\n")
    diff = read_diff(folder)
    assert "https://***@host/" in diff
    assert "TOKEN" not in diff


def test_files_that_git_ignores_stay_out(folder: Path) -> None:
    """Also tracked ones, and one that is removed from the index."""
    (folder / "local.yaml").write_text("password\n")
    git(folder, "add", "local.yaml")
    git(folder, "commit", "-qm", "y")
    git(folder, "rm", "-q", "--cached", "local.yaml")
    (folder / ".gitignore").write_text("local.yaml\nsub/\n")
    (folder / "sub/other.py").write_text("password\n")
    assert read_diff(folder) == ""
    (folder / "train.py").write_text("two\n")
    assert "password" not in read_diff(folder)


def test_a_link_in_place_of_a_folder_hides_no_ignored_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sub/other.py").write_text("password\n")
    git(folder, "commit", "-qam", "y")
    (folder / "sub").rename(folder / "moved")
    (folder / "sub").symlink_to("moved")
    (folder / ".gitignore").write_text("other.py\ntrain.py\n")
    git(folder, "add", "-f", "sub", ".gitignore")
    (folder / "train.py").write_text("password\n")
    diff = read_diff(folder)
    assert "+other.py" in diff
    assert "password" not in diff
    # What git could not tell or tells in part is not guessed.
    monkeypatch.setattr(source_changes, "MAX_DIFF_BYTES", 5)
    assert read_diff(folder) == ""


def test_very_many_files_are_in_the_diff(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_changes, "MAX_NAMES", 1)
    for name in ("train.py", ".env", "sub/other.py"):
        (folder / name).write_text(f"new {name}\n")
    diff = read_diff(folder)
    assert "+new train.py" in diff
    assert "+new sub/other.py" in diff
    assert "+new .env" not in diff


def test_a_long_diff_is_cut_at_a_line(folder: Path) -> None:
    (folder / "train.py").write_text("a line\n" * 400_000)
    diff = read_diff(folder)
    assert len(diff) < MAX_DIFF_BYTES + 100
    assert diff.splitlines()[-2:] == [
        "+a line",
        "# The diff is cut here: it is longer than 1 MiB.",
    ]


def test_the_variable_switches_it_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "train.py").write_text("two\n")
    monkeypatch.setenv(DIFF_VARIABLE, "0")
    assert read_diff(folder) == ""


def test_there_is_none_outside_of_a_repository_or_before_a_commit(
    tmp_path: Path,
) -> None:
    assert read_diff(tmp_path) == ""
    assert read_diff(tmp_path / "missing") == ""
    git(tmp_path, "init", "-q")
    assert read_diff(tmp_path) == ""
