"""Compiled message files: what Django reads, made from the texts in `runs/locale/`."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings


def compile_translations() -> None:
    """Compile each message file that changed since it was compiled.

    The compiled file is next to its source. If that folder is read-only, as in an image
    or below systemd's `ProtectSystem`, it is in the home folder instead.
    """
    own_folder = Path(settings.STUDIO_HOME) / "locale"
    for folder in [Path(each) for each in settings.LOCALE_PATHS]:
        for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
            own = own_folder / source.relative_to(folder).with_suffix(".mo")
            if compile_file(source, source.with_suffix(".mo")):
                continue
            if compile_file(source, own) and own_folder not in settings.LOCALE_PATHS:
                settings.LOCALE_PATHS.insert(0, own_folder)


def compile_file(source: Path, target: Path) -> bool:
    """Return whether `target` is the compiled form of `source` afterwards."""
    written = source.stat().st_mtime_ns
    if target.exists() and target.stat().st_mtime_ns == written:
        return True
    import polib

    # Several processes can start at once: each writes its own file, the last one stays.
    partial = target.with_suffix(f".{os.getpid()}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        polib.pofile(str(source)).save_as_mofile(str(partial))
        # Equal times tell the compiled form of exactly this source.
        os.utime(partial, ns=(written, written))
        partial.replace(target)
    except OSError:
        return False
    return True
