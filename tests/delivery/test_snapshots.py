"""Snapshots: what is kept, shared, refused, and packed by the client."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from runs.actions.files.snapshots import delete_unused_snapshots
from runs.models import Run, Snapshot
from runs.storage.files import files, incoming_blobs_before
from studio.core import snapshots as rules
from studio.core.errors import TooLarge
from studio.core.ignore_rules import IgnoreRules
from studio.sdk.snapshot_archive import list_sources, write_archive
from tests.api.rest import Rest, rest_client

ZIP = "application/zip"


def archive(*names: str, content: bytes = b"x", mode: int = 0o100644) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in names:
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            opened.writestr(member, content)
    return target.getvalue()


def keep(rest: Rest, content: bytes, run: str = "r1") -> Any:
    return rest.send("PUT", f"runs/{run}/snapshot", content, ZIP)


@pytest.fixture(autouse=True)
def run(rest: Rest) -> None:
    rest.new_run()


def test_a_snapshot_is_stored_and_its_id_is_a_run_property(rest: Rest) -> None:
    sources = archive("train.py", "lib/model.py")
    snapshot = keep(rest, sources).json()
    assert snapshot["files"] == 2
    properties = rest.get("runs/r1/properties")["properties"]
    assert properties["ContentSnapshotId"] == snapshot["id"]
    answer = rest.client.get(rest.url("runs/r1/snapshot"))
    assert answer.getvalue() == sources


def test_setting_the_same_snapshot_again_is_allowed(rest: Rest) -> None:
    first = keep(rest, archive("train.py")).json()
    assert keep(rest, archive("train.py")).json() == first
    answer = keep(rest, archive("other.py"))
    assert answer.status_code == 409
    assert first["id"] in answer.json()["error"]["message"]


def test_runs_with_the_same_sources_share_a_snapshot(rest: Rest) -> None:
    rest.new_run("r2")
    keep(rest, archive("train.py"))
    keep(rest, archive("train.py"), "r2")
    assert Snapshot.objects.count() == 1
    assert len(list(incoming_blobs_before(2**62))) == 1


def test_a_snapshot_is_deleted_with_its_last_run(rest: Rest) -> None:
    keep(rest, archive("train.py"))
    assert delete_unused_snapshots() == 0
    Run.objects.update(purging=True)
    Run.objects.all().delete()
    assert delete_unused_snapshots() == 1


@pytest.mark.parametrize(
    "content",
    [
        archive("../escape.py"),
        archive("/etc/passwd"),
        archive("a\\..\\b.py"),
        archive("link.py", mode=0o120777),
        archive(".git/config"),
        archive("app/.env"),
        archive(".env.production"),
        archive("deploy/id_rsa"),
        archive("server.pem"),
        archive("venv/lib/site.py"),
        archive("folder/"),
        b"no archive at all",
        b"",
    ],
)
def test_files_that_are_not_plain_text_are_refused(rest: Rest, content: bytes) -> None:
    assert keep(rest, content).status_code == 400
    assert Snapshot.objects.count() == 0
    assert list(incoming_blobs_before(2**62)) == []
    assert list(files.names()) == []


def test_a_zip_bomb_is_refused(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MAX_BYTES", 100_000)
    answer = keep(rest, archive("a.py", "b.py", content=b"\0" * 60_000))
    assert answer.status_code == 400
    assert "100000 bytes" in answer.json()["error"]["message"]


def packed(folder: Path) -> list[str]:
    target = io.BytesIO()
    write_archive(list_sources(folder), target)
    with zipfile.ZipFile(target) as opened:
        return opened.namelist()


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_the_client_packs_sources_and_no_secrets(rest: Rest, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    fill(folder, "train.py", "lib/a.py", ".git/config", ".env", ".env.local")
    fill(folder, "my_env/pyvenv.cfg", "my_env/lib/x.py", "key.pem", "out/big.bin")
    (folder / "link.py").symlink_to(folder / "train.py")
    (folder / ".amlignore").write_text("/out\n")
    (folder / ".gitignore").write_text("train.py\n")
    assert packed(folder) == [".amlignore", ".gitignore", "lib/a.py", "train.py"]
    target = io.BytesIO()
    write_archive(list_sources(folder), target)
    assert keep(rest, target.getvalue()).status_code == 200


def test_too_many_files_are_refused_with_a_solution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_FILES", 2)
    fill(tmp_path / "p", "a", "b", "c")
    with pytest.raises(TooLarge, match="amlignore"):
        list_sources(tmp_path / "p")


@pytest.mark.parametrize(
    ("patterns", "path", "out"),
    [
        ("/outputs", "outputs", True),
        ("/outputs", "a/outputs", False),
        ("*.log", "deep/x.log", True),
        ("*.log\n!keep.log", "keep.log", False),
        ("build/", "build", True),
        ("docs/*.txt", "docs/a.txt", True),
        ("docs/*.txt", "docs/sub/a.txt", False),
        ("**/cache", "a/b/cache", True),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("data[0-9]", "data7", True),
        ("data[!0-9]", "data7", False),
        ("# comment", "# comment", False),
        (r"\#file", "#file", True),
        ("[z-a]", "z", False),
        ("file?", "file1", True),
    ],
)
def test_ignore_files_follow_the_gitignore_syntax(
    patterns: str, path: str, out: bool
) -> None:
    ignore = IgnoreRules(patterns.splitlines())
    assert ignore.excludes(path, is_folder=True) is out


def test_a_tree_that_the_workspace_has_is_not_uploaded_again(rest: Rest) -> None:
    first = keep(rest, archive("b.py", "a.py", "lib/ä.py")).json()
    content = hashlib.sha256(b"x").hexdigest()
    tree = rules.tree_hash((path, content) for path in ("lib/ä.py", "a.py", "b.py"))
    rest.new_run("r2")
    assert rest.post("runs/r2/snapshot/known", tree=tree) == first
    answer = rest.client.get(rest.url("runs/r2/snapshot"))
    assert answer.getvalue() == rest.client.get(rest.url("runs/r1/snapshot")).getvalue()


def test_an_unknown_tree_asks_for_the_archive(rest: Rest) -> None:
    keep(rest, archive("a.py"))
    tree = rules.tree_hash([("a.py", hashlib.sha256(b"y").hexdigest())])
    status, error = rest.refused("POST", "runs/r1/snapshot/known", {"tree": tree})
    assert (status, error["code"]) == (404, "NotFound")


def test_a_tree_is_unknown_once_its_bytes_are_lost(rest: Rest) -> None:
    keep(rest, archive("a.py"))
    files.discard(Snapshot.objects.get().blob)
    tree = rules.tree_hash([("a.py", hashlib.sha256(b"x").hexdigest())])
    rest.new_run("r2")
    answer = rest.refused("POST", "runs/r2/snapshot/known", {"tree": tree})
    assert answer[0] == 404


def test_a_tree_of_another_workspace_is_unknown(rest: Rest) -> None:
    keep(rest, archive("a.py"))
    tree = rules.tree_hash([("a.py", hashlib.sha256(b"x").hexdigest())])
    other = rest_client("other")
    other.new_run("r1")
    answer = other.refused("POST", "runs/r1/snapshot/known", {"tree": tree})
    assert answer[0] == 404
