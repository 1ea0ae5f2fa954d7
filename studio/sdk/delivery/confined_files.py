"""Files that a container's script can replace, read by a process outside of it.

A link in them can lead to any file of the machine, which the script could not read
itself. So a file counts only if it is where its path says.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_below(root: Path, file: Path) -> BinaryIO:
    """Open a regular file that really is below `root`. Raises OSError.

    It is checked after it was opened: a link that replaces it later changes nothing.
    """
    # Opening a pipe would wait for its other end.
    handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise PermissionError(1, "it is no file", str(file))
        real = Path(f"/proc/self/fd/{handle}").readlink()
        if not real.is_relative_to(root.resolve()):
            raise PermissionError(1, "it is outside of the run's folders", str(file))
        return os.fdopen(handle, "rb")
    except OSError:
        os.close(handle)
        raise


def has_only_files(folder: Path) -> bool:
    """Whether a folder and all below it are folders and regular files, without links.

    Nothing must be able to change it at the same time.
    """
    if folder.is_symlink():
        return False
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            mode = Path(here, name).lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                return False
    return True
