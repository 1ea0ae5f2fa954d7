"""The client's wheel, which the server offers to machines that log to it.

`pip install <server>/dist/run_studio-VERSION-py3-none-any.whl` takes it from there. It
is built from this checkout after each change, so client and server match.
"""

from __future__ import annotations

import hashlib
import html
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings

from studio import __version__

#: What the build reads in addition to the package.
PROJECT_FILES = ("pyproject.toml", "README.md", "LICENSE")
#: The hook that every build front end calls; no network, and nothing else installed.
BUILD_SCRIPT = (
    "import sys; from setuptools import build_meta as b; b.build_wheel(sys.argv[1])"
)

PrintLine = Callable[[str], object]


def build_if_changed(folder: Path, print_line: PrintLine) -> bool:
    """Build the wheel and a page of links in `folder`, unless they are up to date.

    Returns whether it was built. A failed build is reported and stops nothing.
    """
    mark = folder / ".sources"
    sources = sources_fingerprint()
    if mark.is_file() and mark.read_text() == sources:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        build_wheel(folder)
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip().rpartition("\n")[2]
        print_line(f"The client wheel could not be built, so /dist/ is empty: {reason}")
        return False
    write_find_links_page(folder)
    # Written last, so that an interrupted build is repeated.
    mark.write_text(sources)
    return True


def sources_fingerprint() -> str:
    digest = hashlib.sha256(__version__.encode())
    for path in source_files():
        stat = path.stat()
        # Sizes and times are enough: reading every file would delay each start.
        digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def source_files() -> Iterator[Path]:
    """What the wheel is made from, in a fixed order."""
    root: Path = settings.BASE_DIR
    yield from (root / name for name in PROJECT_FILES)
    # They mark the packages as typed.
    yield root / "studio/py.typed"
    yield root / "studio/compat/azureml/py.typed"
    yield from sorted((root / "studio").rglob("*.py"))


def build_wheel(folder: Path) -> None:
    """Build in a copy: a build leaves files next to its sources."""
    with tempfile.TemporaryDirectory(prefix="studio-wheel-") as copy:
        for path in source_files():
            target = Path(copy, path.relative_to(settings.BASE_DIR))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        subprocess.run(
            [sys.executable, "-c", BUILD_SCRIPT, str(folder)],
            cwd=copy,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )


def write_find_links_page(folder: Path) -> None:
    """A page of links, as pip's `--find-links` reads it."""
    names = [html.escape(path.name) for path in sorted(folder.glob("*.whl"))]
    links = "\n".join(f'<li><a href="{name}">{name}</a></li>' for name in names)
    page = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>Run Studio: client</title>\n<ul>\n{links}\n</ul>\n</html>\n"
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
