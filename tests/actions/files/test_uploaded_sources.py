"""Sources from the browser: what is left out of a zip, and what is refused."""

from __future__ import annotations

import io
import zipfile

import pytest

from runs.actions.files import (
    delete_unused_snapshots,
    save_uploaded_sources,
    uploaded_sources,
)
from runs.models import Snapshot, Workspace, now_ms
from runs.storage.files import files, list_members
from studio.core import snapshots as rules
from studio.core.errors import StudioError
from tests.access.people import space

pytestmark = pytest.mark.django_db
DAY_MS = 86_400_000


@pytest.fixture
def workspace() -> Workspace:
    return space()


def zipped(contents: dict[str, str], *, mode: int = 0o100644) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in contents.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, text)
    target.seek(0)
    return target


def saved(workspace: Workspace, contents: dict[str, str]) -> list[str]:
    found = save_uploaded_sources(workspace, zipped(contents), now=now_ms())
    return [member.path for member in list_members(found.blob)]


def test_a_single_outer_folder_is_removed(workspace):
    contents = {"project/": "", "project/train.py": "1", "project/lib/a.py": "2"}
    assert saved(workspace, contents) == ["lib/a.py", "train.py"]


def test_what_no_snapshot_contains_is_left_out(workspace):
    contents = dict.fromkeys(
        [
            *("p/train.py", "p/.git/config", "p/.env", "p/key.pem"),
            *("p/venv/x.py", "p/my/pyvenv.cfg", "p/my/lib/x.py"),
            *("p/conda/conda-meta/history", "p/conda/bin/python"),
        ],
        "x",
    )
    assert saved(workspace, contents) == ["train.py"]


def test_what_the_ignore_file_names_is_left_out(workspace):
    contents = {
        "train.py": "1",
        ".gitignore": "*.csv\ndata/\n!keep.csv\n",
        "big.csv": "1",
        "keep.csv": "1",
        "data/keep.csv": "1",
    }
    assert saved(workspace, contents) == [".gitignore", "keep.csv", "train.py"]


def test_the_same_sources_are_stored_once(workspace):
    for folder in ("one", "two"):
        saved(workspace, {f"{folder}/train.py": "1"})
    assert Snapshot.objects.count() == 1


def test_sources_without_a_run_are_deleted_after_a_day(workspace):
    now = now_ms()
    save_uploaded_sources(workspace, zipped({"train.py": "1"}), now=now)
    assert delete_unused_snapshots(before=now - DAY_MS) == 0
    assert delete_unused_snapshots(before=now + 1) == 1


@pytest.mark.parametrize(
    "upload",
    [
        zipped({"../train.py": "1"}),
        zipped({"link.py": "target"}, mode=0o120777),
        zipped({".git/config": "1"}),
        zipped({}),
        io.BytesIO(b"no archive"),
    ],
    ids=["outside", "link", "only excluded", "empty", "no zip"],
)
def test_what_no_snapshot_can_be_is_refused(workspace, upload):
    with pytest.raises(StudioError):
        save_uploaded_sources(workspace, upload, now=now_ms())
    assert list(files.names()) == []


def test_an_ignore_file_cannot_stop_the_server(workspace, monkeypatch):
    contents = {".gitignore": "*a" * 40 + "b\n", "train.py": "1"}
    contents |= {f"{'a' * 200}{n}": "1" for n in range(200)}
    monkeypatch.setattr(uploaded_sources, "CHECK_SECONDS", 60.0)
    assert len(saved(workspace, contents)) == 202
    monkeypatch.setattr(uploaded_sources, "CHECK_SECONDS", -1.0)
    with pytest.raises(StudioError, match="too many files"):
        saved(workspace, contents)


def test_a_very_long_path_is_refused(workspace):
    with pytest.raises(StudioError, match="too long"):
        saved(workspace, {"a/" * 300 + "b.py": "1"})


def test_too_many_files_are_refused(workspace, monkeypatch):
    monkeypatch.setattr(rules, "MAX_FILES", 2)
    with pytest.raises(StudioError):
        saved(workspace, dict.fromkeys("abc", "1"))


def test_a_zip_bomb_is_refused(workspace, monkeypatch):
    monkeypatch.setattr(rules, "MAX_BYTES", 1000)
    with pytest.raises(StudioError):
        saved(workspace, {"a.py": "0" * 2000})
