"""The home folder: for its owner only, and for one server at a time."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError

from runs.management import home


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    home.prepare_folder(tmp_path)
    (tmp_path / "new").touch()
    assert (mode(tmp_path), mode(tmp_path / "new")) == (0o700, 0o600)


def test_the_lock_is_exclusive_and_released_with_its_process(tmp_path: Path) -> None:
    handle = home.lock_folder(tmp_path)
    with pytest.raises(CommandError, match=rf"Another .*process {os.getpid()}\)"):
        home.lock_folder(tmp_path)
    with pytest.raises(CommandError, match=r"The server .* Stop it first\.$"):
        home.lock_folder(tmp_path, as_server=False)
    os.close(handle)
    os.close(home.lock_folder(tmp_path))


def test_the_client_file_is_private_and_replaced_atomically(tmp_path: Path) -> None:
    for token in ("first", "second"):
        home.write_client(tmp_path, url="http://x", token=token, workspace="default")
    assert home.read_client(tmp_path)["token"] == "second"
    assert mode(home.client_file(tmp_path)) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["client.json"]


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_a_damaged_client_file_is_ignored(tmp_path: Path, text: str) -> None:
    home.client_file(tmp_path).write_text(text)
    assert home.read_client(tmp_path) == {}
