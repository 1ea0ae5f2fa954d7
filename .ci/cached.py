"""Keep an environment between runs: `cached.py NAME --pins FILE … -- COMMAND …`.

Prints the folder of the environment. Where there is none for these pins, the command
builds it first, with the folder as its last argument. A folder is complete only once it
holds the file `complete`: a build that was killed is removed by the next run, and two
runs at once wait for each other. An environment cannot be built elsewhere and moved,
because its scripts name their folder.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
FOLDER = CACHE / "run-studio-ci"
STAMP = "complete"
#: What no run has used for so long is removed.
MAX_UNUSED_SECONDS = 3 * 24 * 3600


def pinned_text(path: Path) -> str:
    """Return what a file pins: of pyproject.toml only the dependencies."""
    text = path.read_text(encoding="utf-8")
    if path.name != "pyproject.toml":
        return text
    project = tomllib.loads(text)["project"]
    return repr((project["dependencies"], project["optional-dependencies"]))


def key_of(pins: list[Path], command: list[str]) -> str:
    parts = [sys.version, os.path.realpath(sys.executable), *command]
    parts += [f"{path.name}\n{pinned_text(path)}" for path in sorted(pins)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@contextmanager
def locked(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the lock of the folder; return whether it was free if nothing waits."""
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def build(folder: Path, command: list[str]) -> int:
    """Build the environment unless it is complete; return the command's status."""
    with locked(folder, wait=True):
        stamp = folder / STAMP
        if stamp.exists():
            stamp.touch()
            return 0
        shutil.rmtree(folder, ignore_errors=True)
        # What the command prints must not mix with the folder's name.
        done = subprocess.run([*command, folder], check=False, stdout=sys.stderr)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            stamp.touch()
        return done.returncode


def prune(name: str, *, keep: Path) -> None:
    """Remove what was not used for long, and what a killed build has left."""
    for folder in FOLDER.glob(f"{name}-*"):
        if folder == keep or not folder.is_dir():
            continue
        with locked(folder, wait=False) as is_free:
            stamp = folder / STAMP
            used = stamp.stat().st_mtime if stamp.exists() else 0.0
            if is_free and time.time() - used > MAX_UNUSED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--pins", type=Path, nargs="+", required=True)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(words)
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = FOLDER / f"{options.name}-{key_of(options.pins, options.command)}"
    status = build(folder, options.command)
    prune(options.name, keep=folder)
    if status == 0:
        print(folder)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
