"""Downloads a run's snapshot and unpacks it: the job's own working copy."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import quote

from studio.sdk.client import Client
from studio.sdk.snapshot_tree import unpack_archive


def fetch_working_copy(client: Client, run: str, folder: Path) -> None:
    """Fill the folder with the sources of the run.

    Raises StudioError, InvalidValue for a damaged archive, and OSError.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        path = Path(place) / "snapshot.zip"
        with path.open("wb") as archive:
            client.download(f"runs/{quote(run, safe='')}/snapshot", archive)
        unpack_archive(path, folder)
