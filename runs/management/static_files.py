"""Static files: hashed and compressed once, again only when something changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from runs import bundles
from studio import __version__

#: Extensions of htmx that no page loads.
UNUSED_FILES = "django_htmx/ext/*"


def collect_if_changed(root: Path) -> bool:
    """Collect into `root` unless it is up to date; returns whether it was done."""
    mark = root / ".sources"
    sources = static_sources_fingerprint()
    if mark.is_file() and mark.read_text() == sources:
        return False
    # The mark is written last: a start that was cut off is done again.
    mark.unlink(missing_ok=True)
    call_command(
        "collectstatic",
        interactive=False,
        verbosity=0,
        clear=True,
        ignore_patterns=[UNUSED_FILES],
    )
    mark.write_text(sources)
    return True


def static_sources_fingerprint() -> str:
    """Changes with every file that could change what is served."""
    digest = hashlib.sha256(__version__.encode())
    for source in sorted(Path(bundles.__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda item: item[0]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
