"""Compiled message files: what Django reads, made from the texts in `runs/locale/`."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings


def compile_translations() -> None:
    """Compile each message file that is newer than its compiled form.

    A folder that cannot be written keeps what it has: an image with read-only files
    compiles them when it is built, by any command of `manage.py`.
    """
    for folder in settings.LOCALE_PATHS:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if not _is_current(source, target):
                _compile(source, target)


def _is_current(source: Path, target: Path) -> bool:
    try:
        return target.stat().st_mtime_ns >= source.stat().st_mtime_ns
    except FileNotFoundError:
        return False


def _compile(source: Path, target: Path) -> None:
    import polib

    # Several processes can start at once: each writes its own file, the last one stays.
    partial = target.with_suffix(f".{os.getpid()}.partial")
    try:
        polib.pofile(str(source)).save_as_mofile(str(partial))
        partial.replace(target)
    except PermissionError:
        partial.unlink(missing_ok=True)
    except OSError:
        # A read-only file system: nothing was written.
        return
