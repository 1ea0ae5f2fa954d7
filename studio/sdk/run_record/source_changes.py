"""What differs from the commit: the uncommitted changes, as a file of the run."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from studio.core.snapshots import is_excluded
from studio.sdk.run_record.redaction import without_passwords

DIFF_PATH = "system_logs/uncommitted.diff"
#: Set to 0, no diff is kept.
DIFF_VARIABLE = "STUDIO_RECORD_DIFF"
MAX_DIFF_BYTES = 1024 * 1024
#: A large repository can take longer; then no diff is kept.
GIT_SECONDS = 20.0
#: How many files are named to git: the words of a command are limited.
MAX_NAMES = 1000
_CUT_LINE = "# The diff is cut here: it is longer than 1 MiB.\n"
#: Programs of the user that git would start, and what they would add.
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/")


def upload_diff(folder: Path, add_file: Callable[[Path, str], None]) -> None:
    """Keep the uncommitted changes of tracked files, if there are any.

    Raises OSError if there is no room.
    """
    text = read_diff(folder)
    if text:
        with tempfile.TemporaryDirectory(prefix="studio-diff-") as temporary:
            local = Path(temporary) / Path(DIFF_PATH).name
            local.write_bytes(text.encode("utf-8", "replace"))
            add_file(local, DIFF_PATH)


def read_diff(folder: Path) -> str:
    """The diff of the repository to its last commit; empty outside of git.

    Files that a snapshot leaves out as secrets are left out here, too, and those that
    git ignores: they can be tracked, or were until the last commit.
    """
    if os.environ.get(DIFF_VARIABLE, "").strip().lower() in ("0", "off", "false", "no"):
        return ""
    # Paths are those of the whole repository, wherever the script is.
    root = os.fsdecode(_run_git(folder, ["rev-parse", "--show-toplevel"])).rstrip("\n")
    if not root:
        return ""
    changed = _run_git(
        Path(root), ["diff", "HEAD", "--name-only", "-z", "--no-renames"]
    )
    check = ["check-ignore", "--no-index", "--stdin", "-z"]
    ignored = set(_run_git(Path(root), check, changed).split(b"\0"))
    names = [name for name in changed.split(b"\0") if name]
    kept = [
        name
        for name in names
        if name not in ignored and not is_excluded(os.fsdecode(name))
    ]
    if not kept:
        return ""
    paths = _pathspecs(kept, left_out=sorted({*names} - {*kept}))
    words = ["diff", "HEAD", *_PLAIN, "--dst-prefix=b/", "--", *paths]
    data = _run_git(Path(root), words)
    is_cut = len(data) > MAX_DIFF_BYTES
    if is_cut:
        data = data[: data.rfind(b"\n", 0, MAX_DIFF_BYTES) + 1]
    text = without_passwords(data.decode("utf-8", "replace"))
    return text + _CUT_LINE if is_cut else text


def _pathspecs(kept: Sequence[bytes], left_out: Sequence[bytes]) -> list[str]:
    """The files of the diff: by name, or of very many those that are left out."""
    if len(kept) <= MAX_NAMES:
        return [f":(top,literal){os.fsdecode(name)}" for name in kept]
    others = [f":(top,exclude,literal){os.fsdecode(name)}" for name in left_out]
    return [":(top)", *others]


def _run_git(folder: Path, words: Sequence[str], given: bytes = b"") -> bytes:
    """What git prints, up to a little more than a diff can have; empty if it fails.

    `given` is its input.
    """
    with tempfile.TemporaryFile() as source:
        source.write(given)
        source.seek(0)
        return _read_git(folder, words, source)


def _read_git(folder: Path, words: Sequence[str], source: BinaryIO) -> bytes:
    # Imported here, since it would slow down the import of the package.
    import subprocess

    command = ["git", "--no-optional-locks", *words]
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, ValueError):
        return b""
    timer = threading.Timer(GIT_SECONDS, process.kill)
    timer.daemon = True
    timer.start()
    assert process.stdout is not None
    with process, process.stdout:
        data = process.stdout.read(MAX_DIFF_BYTES + 1)
        is_whole = len(data) <= MAX_DIFF_BYTES
        if not is_whole:
            process.kill()
        code = process.wait()
        timer.cancel()
    return data if code == 0 or not is_whole else b""
