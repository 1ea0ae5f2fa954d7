"""What `start_logging` makes of its words, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.sdk.run.starting import _create_outputs_folder


@pytest.mark.parametrize(
    ("outputs", "folder"),
    [
        (None, "outputs"),
        (True, "outputs"),
        ("mine", "mine"),
        (Path("deep/mine"), "deep/mine"),
        (False, None),
    ],
)
def test_outputs_are_uploaded_from_the_given_folder(
    outputs: Any, folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _create_outputs_folder(outputs) == folder
    made = [] if folder is None else [tmp_path / Path(folder).parts[0]]
    assert list(tmp_path.iterdir()) == made
