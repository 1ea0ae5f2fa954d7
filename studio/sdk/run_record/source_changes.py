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
    found = _run_git(folder, ["rev-parse", "--show-toplevel"])
    root = Path(os.fsdecode(found or b"").rstrip("\n"))
    words = ["diff", "HEAD", "--name-only", "-z", "--no-renames"]
    changed = _names(_run_git(root, words)) if found else None
    ignored = _ignored(root, changed) if changed else None
    if not changed or ignored is None:
        return ""
    left_out = {
        name for name in changed if name in ignored or is_excluded(os.fsdecode(name))
    }
    # A link where a folder was: its name would also select what was in the folder.
    left_out.update(*(_folders(name) for name in left_out))
    kept = [name for name in changed if name not in left_out]
    if not kept:
        return ""
    paths = _pathspecs(kept, sorted(left_out.intersection(changed)))
    words = ["diff", "HEAD", *_PLAIN, "--dst-prefix=b/", "--", *paths]
    data = _run_git(root, words) or b""
    is_cut = len(data) > MAX_DIFF_BYTES
    if is_cut:
        data = data[: data.rfind(b"\n", 0, MAX_DIFF_BYTES) + 1]
    text = without_passwords(data.decode("utf-8", "replace"))
    return text + _CUT_LINE if is_cut else text


def _names(data: bytes | None) -> list[bytes] | None:
    """The names that git printed; None if these may not be all."""
    if data is None or len(data) > MAX_DIFF_BYTES:
        return None
    return [name for name in data.split(b"\0") if name]


def _ignored(root: Path, changed: Sequence[bytes]) -> set[bytes] | None:
    """The files that git ignores; None if that is unknown.

    Git answers for none if one was in a folder that is a link now. Such files count as
    ignored: nothing tells whether they were.
    """
    links = {
        folder
        for folder in {each for name in changed for each in _folders(name)}
        if (root / os.fsdecode(folder)).is_symlink()
    }
    moved = {name for name in changed if not links.isdisjoint(_folders(name))}
    # A colon at the start would have a meaning.
    asked = b"\0".join(b"./" + name for name in changed if name not in moved)
    check = ["check-ignore", "--no-index", "--stdin", "-z"]
    # It exits with 1 if it ignores none.
    found = _names(_run_git(root, check, asked, codes=(0, 1)))
    return None if found is None else moved.union(name[2:] for name in found)


def _folders(name: bytes) -> list[bytes]:
    parts = name.split(b"/")
    return [b"/".join(parts[:end]) for end in range(1, len(parts))]


def _pathspecs(kept: Sequence[bytes], left_out: Sequence[bytes]) -> list[str]:
    """The files of the diff: by name, or of very many those that are left out."""
    if len(kept) <= MAX_NAMES:
        return [f":(top,literal){os.fsdecode(name)}" for name in kept]
    others = [f":(top,exclude,literal){os.fsdecode(name)}" for name in left_out]
    return [":(top)", *others]


def _run_git(
    folder: Path,
    words: Sequence[str],
    given: bytes = b"",
    codes: Sequence[int] = (0,),
) -> bytes | None:
    """What git prints, up to a little more than a diff can have.

    None if it takes too long or its exit code is none of `codes`. `given` is its input.
    """
    with tempfile.TemporaryFile() as source:
        source.write(given)
        source.seek(0)
        code, data = _read_git(folder, words, source)
    return data if code in codes or len(data) > MAX_DIFF_BYTES else None


def _read_git(
    folder: Path, words: Sequence[str], source: BinaryIO
) -> tuple[int | None, bytes]:
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
        return None, b""
    timer = threading.Timer(GIT_SECONDS, process.kill)
    timer.daemon = True
    timer.start()
    assert process.stdout is not None
    with process, process.stdout:
        data = process.stdout.read(MAX_DIFF_BYTES + 1)
        if len(data) > MAX_DIFF_BYTES:
            process.kill()
        code = process.wait()
        timer.cancel()
    return code, data
