"""Writing files that hold secrets, for their owner only."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file of mode 600 in one step: old or new, never half.

    Folders that are missing are made with mode 700. Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # `mkstemp` creates the file with mode 600, so others can never read the secret.
    handle, name = tempfile.mkstemp(dir=str(path.parent), prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            # Without it, a power failure after the rename could leave an empty file.
            os.fsync(file.fileno())
        Path(name).replace(path)
    # Ctrl-C must not leave half a secret in the folder.
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the folder's entries (new, renamed, removed) are on the disk."""
    handle = os.open(str(folder), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
