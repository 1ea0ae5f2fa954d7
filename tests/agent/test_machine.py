"""What an agent reads of its machine, and the working copy that it unpacks."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest

from studio.agent.host import (
    CpuUsage,
    Gpu,
    devices_of_slots,
    find_gpus,
    read_facts,
)
from studio.agent.working_copy import fetch_working_copy
from studio.core.errors import InvalidValue
from studio.sdk.client import Client

SMI = """#!/bin/sh
echo "0, GPU-aa, NVIDIA A100, 81920, 93, 40000"
echo "1, GPU-bb, NVIDIA A100, 81920, [N/A], 10"
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI)
    program.chmod(0o755)
    return str(tmp_path)


def test_gpus_are_found_with_their_memory_and_use(path: str) -> None:
    first, second = find_gpus({"PATH": path})
    assert (first.device, first.name, first.percent) == ("0", "NVIDIA A100", 93.0)
    assert first.memory_bytes == 80 * 2**30
    assert second.percent == 0.0


@pytest.mark.parametrize(
    ("visible", "devices"), [("1", ["1"]), ("GPU-bb,0", ["GPU-bb", "0"]), ("", [])]
)
def test_only_visible_gpus_count(path: str, visible: str, devices: list[str]) -> None:
    found = find_gpus({"PATH": path, "CUDA_VISIBLE_DEVICES": visible})
    assert [gpu.device for gpu in found] == devices


@pytest.mark.parametrize(
    ("slots", "devices"),
    [(1, ["0,1,2,3"]), (2, ["0,1", "2,3"]), (4, ["0", "1", "2", "3"]), (3, [])],
)
def test_each_slot_has_gpus_of_its_own(slots: int, devices: list[str]) -> None:
    gpus = [Gpu(str(number), "A100", 2**30) for number in range(4)]
    assert devices_of_slots(gpus, slots) == devices
    assert devices_of_slots([], slots) == []


def test_a_machine_without_gpus_has_facts(tmp_path: Path) -> None:
    assert find_gpus({"PATH": str(tmp_path)}) == []
    facts = read_facts([])
    assert facts["cpus"] >= 1
    assert facts["memory_bytes"] > 2**20
    percent = CpuUsage().read()
    assert percent is None or 0 <= percent <= 100


class Archive(Client):
    """The border: a client whose download is a given file."""

    def __init__(self, content: bytes) -> None:
        super().__init__("http://127.0.0.1:9", "rs_t", "default")
        self.content = content

    def download(self, path: str, target: BinaryIO, *, offset: int = 0) -> int:
        assert path == "runs/r/snapshot"
        return target.write(self.content[offset:])


def archive(tmp_path: Path, *names: str) -> Archive:
    path = tmp_path / "snapshot.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for name in names:
            opened.writestr(name, "print()")
    return Archive(path.read_bytes())


def test_a_working_copy_has_the_files_of_the_snapshot(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    client = archive(tmp_path, "train.py", "pack/__init__.py")
    fetch_working_copy(client, "r", tmp_path / "code")
    assert (tmp_path / "code/pack/__init__.py").read_text() == "print()"


@pytest.mark.parametrize("name", ["../outside.py", "/etc/cron.d/x", "a/../../b"])
def test_no_file_outside_the_working_copy_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "code").mkdir()
    with pytest.raises(InvalidValue, match="cannot be unpacked"):
        fetch_working_copy(archive(tmp_path, name), "r", tmp_path / "code")
    assert list((tmp_path / "code").iterdir()) == []


def test_a_damaged_archive_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    with pytest.raises(InvalidValue, match="not a zip file"):
        fetch_working_copy(Archive(b"PK"), "r", tmp_path / "code")
