"""`studio model`: register, list, show, change, download and delete versions."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.cli.command import CommandLine, command_line, new_run
from tests.cli.test_run_commands import put_file
from tests.parts.server import Server


@pytest.fixture
def studio(server: Server, tmp_path: Path) -> CommandLine:
    return command_line(server, tmp_path)


@pytest.fixture
def name() -> str:
    return f"net {uuid.uuid4().hex[:8]} 名"


def test_files_are_registered_and_downloaded(studio: CommandLine, name: str) -> None:
    folder = studio.folder / "trained"
    folder.mkdir()
    (folder / "w.txt").write_text("1")
    words = ("--tag", "a=b", "--model-framework", "Onnx", "-d", "first")
    made = studio.json("ml", "model", "register", "-n", name, "-p", "trained", *words)
    assert (made["id"], made["framework"]) == (f"{name}:1", "Onnx")
    assert (made["tags"], made["description"]) == ({"a": "b"}, "first")
    got = studio.json("ml", "model", "download", "-i", made["id"], "-t", "got")
    assert (studio.folder / got["path"] / "w.txt").read_text() == "1"
    code, sentence = studio.refused("model", "download", name, "-d", "got")
    assert (code, "exists already" in sentence) == (1, True)
    studio.json("model", "download", name, "-d", "got", "--overwrite")


def test_versions_of_a_run_are_changed_and_deleted(
    studio: CommandLine, server: Server, name: str
) -> None:
    run_id = f"run-{uuid.uuid4().hex[:8]}"
    new_run(server, run_id, "models")
    put_file(server, run_id, "out/w.bin", b"weights")
    files = ("--run-id", run_id, "--asset-path", "out")
    for version in (1, 2):
        made = studio.json("model", "create", name, *files)
        assert (made["version"], made["run_id"]) == (version, run_id)
    listed = studio.json("model", "list", "--run-id", run_id, "[].version")
    assert listed == [2, 1]
    assert studio.json("model", "list", "-l", "-n", name, "[].version") == [2]
    moved = studio.json("model", "alias", f"{name}:1", "champion", "--note", "best")
    assert (moved["version"], moved["note"]) == (1, "best")
    assert studio.json("model", "show", f"{name}@champion")["version"] == 1
    expected = ("--expected", "2")
    assert studio.refused("model", "alias", f"{name}:2", "champion", *expected)[0] > 0
    assert studio.json("model", "show", f"{name}@champion")["version"] == 1
    words = ("--add-tag", "x=1", "--stage", "production", "--add-property", "auc=1")
    changed = studio.json("model", "update", "-n", name, "-v", "1", *words)
    assert (changed["tags"], changed["stage"]) == ({"x": "1"}, "Production")
    stage = ("--stage", "production", "--archive-existing")
    studio.json("model", "update", f"{name}:2", *stage)
    stages = studio.json("model", "list", name, "[].stage")
    assert stages == ["Production", "Archived"]
    assert studio.json("model", "list", name, "--tag", "x", "[].version") == [1]
    assert studio.json("model", "list", name, "--tag", "x=2") == []
    code, sentence = studio.refused("model", "delete", f"{name}:1")
    assert (code, "@champion" in sentence) == (1, True)
    studio.json("model", "unalias", name, "champion")
    studio.json("model", "delete", f"{name}:1")
    studio.json("model", "delete", name, "--all")
    assert studio.refused("model", "show", name)[0] == 3


def test_mistakes_are_one_sentence(studio: CommandLine, name: str) -> None:
    assert studio.refused("model", "show", name)[0] == 3
    assert studio.refused("model", "register", name)[0] == 2
    assert studio.refused("model", "delete", name)[0] == 2
    assert studio.refused("model", "show", "x:y")[0] == 2
    code, sentence = studio.refused("model", "register", name, "-p", "runs:/none/x")
    assert (code, "doesn't exist" in sentence) == (2, True)


def test_a_command_is_about_one_version(studio: CommandLine) -> None:
    for words in (
        ("delete", "digits:2", "-v", "3"),
        ("update", "digits@champion", "-v", "3", "--description", "x"),
        ("show", "-n", "digits", "-i", "other:3"),
    ):
        code, sentence = studio.refused("model", *words)
        assert (code, "Give " in sentence) == (2, True), sentence


def test_a_name_can_contain_an_at_sign(studio: CommandLine, name: str) -> None:
    name = f"{name}@home"
    code, sentence = studio.refused("model", "delete", "-n", name, "--all")
    assert (code, f"no model {name!r}" in sentence) == (3, True), sentence
    (studio.folder / "w.txt").write_text("1")
    studio.json("model", "register", name, "-p", "w.txt")
    assert studio.json("model", "show", "-n", name, "-v", "1")["name"] == name
    assert studio.json("model", "show", f"{name}:1", "-v", "1")["version"] == 1
